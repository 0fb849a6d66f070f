"""Transcript and the three signatures of a session (10-transport)."""
from .. import crypto, session, wire
from ..gentools import Area, flip, rnd

DIALLER, LISTENER, MAILBOX = rnd("dialler"), rnd("listener"), rnd("mailbox")


def _hello(seed, label, **more):
    return wire.encode_hello(version=1, node_key=crypto.ed25519_public(seed), nonce=rnd(label), role=1,
                             time_ms=1_800_000_000_000, **more)


GIVEN = dict(client_key=rnd("client"), hello=_hello(DIALLER, "h"), welcome_body=_hello(LISTENER, "w"))


def areas():
    area = Area("session/handshake")
    digest = session.transcript(*GIVEN.values())
    area.accept("transcript", "SES-002", "transcript", **GIVEN)
    area.accept("transcript-unknown-fields", "PKT-003", "transcript", "hashed as sent",
                **{**GIVEN, "hello": GIVEN["hello"] + b"\x90\x03\x01"})
    area.accept("sign-welcome", "SES-005", "sign-welcome", node_seed=LISTENER, **GIVEN)
    area.accept("sign-auth", "SES-006", "sign-auth", node_seed=DIALLER, **GIVEN)
    area.accept("sign-collect", "MBX-005", "sign-collect", mailbox_seed=MAILBOX, **GIVEN)
    for kind, requirement, seed, sign, scope in (
            ("welcome", "SES-005", LISTENER, session.sign_welcome, "disconnect"),
            ("auth", "SES-007", DIALLER, session.sign_auth, "disconnect")):
        good = sign(seed, digest)
        area.accept(f"{kind}-valid", requirement, f"check-{kind}", signature=good, **GIVEN)

        def bad(slug, mutation, kind=kind, requirement=requirement, good=good, scope=scope, **changes):
            area.reject(f"{kind}-{slug}", requirement, f"check-{kind}", f"crypto/{kind}-signature", f"{kind}-valid",
                        mutation, scope=scope, **{**GIVEN, "signature": good, **changes})
        bad("flipped", "one bit", signature=flip(good, 3))
        bad("other-client-key", "another CURVE client: the man in the middle", client_key=rnd("middle"))
        bad("hello-changed", "an unknown field more", hello=GIVEN["hello"] + b"\x90\x03\x01")
        bad("wrong-tag", "the other side's tag", signature=(
            session.sign_auth if kind == "welcome" else session.sign_welcome)(seed, digest))
        bad("other-key", "another node signed", signature=sign(MAILBOX, digest))
    collect = session.sign_collect(MAILBOX, digest)
    area.accept("collect-valid", "MBX-005", "check-collect", **collect, **GIVEN)
    for slug, mutation, change in (
            ("flipped", "one bit", {"signature": flip(collect["signature"], 9)}),
            ("other-session", "another session's transcript", {"client_key": rnd("other session")}),
            ("other-mailbox", "another mailbox's key", {"mailbox_key": crypto.ed25519_public(DIALLER)})):
        area.reject(f"collect-{slug}", "MBX-004", "check-collect", "crypto/collect-signature", "collect-valid", mutation,
                    **{**collect, **GIVEN, **change})
    yield area
