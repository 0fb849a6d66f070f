"""Hello, Welcome, Auth with the suite as dialler."""
import os

from comm_conformance import session, wire
from comm_conformance.registry import case


def welcomed(t):
    """(a peer that has shown that all is well, one whose handshake has come to the Welcome)."""
    witness = t.dial()
    t.control(witness)
    peer = t.dial(connect=False)
    peer.say_hello()
    peer.await_welcome()
    return witness, peer


def no_session(t, peer, number, what):
    """The request so numbered is answered by Error{no_session}."""
    t.wait(lambda: number in peer.answers, f"an answer to {what}")
    kind, body = peer.answers[number]
    t.check(kind == "error" and body["code"] == wire.NO_SESSION, f"{what} was answered by {kind} {body}")


@case("welcome-is-valid", "SES-002 SES-005 PKT-003 CRY-001 LIM-003 SES-008")
def _(t):
    """Welcome carries version 1, a fresh nonce, a valid role, and a key whose id is the one that `ready` names."""
    from comm_conformance.identity import node_id
    a, b = t.dial(), t.dial()
    hello, welcome = (next(e for e in a.log if e[1] == kind) for kind in ("hello", "welcome"))
    t.check(welcome[3] == hello[3], f"Welcome carries the request id {welcome[3]}, Hello carried {hello[3]}")
    t.check(a.their["version"] == 1, "Welcome is not of version 1")
    t.check(a.their["nonce"] != b.their["nonce"], "two Welcomes have the same nonce")
    t.check(a.their["node_key"] == b.their["node_key"], "two Welcomes have different node keys")
    wanted = node_id(a.their["node_key"], "test").hex()
    t.check(t.subject.ready["node_id"] == wanted, f"ready names {t.subject.ready['node_id']}, the key gives {wanted}")


@case("hello-hashed-as-received", "PKT-003 PKT-002 SES-017")
def _(t):
    """Unknown fields and capability bits of Hello are ignored, and part of the transcript."""
    peer = t.dial(connect=False)
    peer.hello = peer.hello_body(capabilities=2**63 + 5) + b"\x90\x03\x07"
    peer.next_request += 1
    peer.send_raw(wire.encode("hello", peer.hello, peer.next_request))
    peer.await_welcome()
    peer.say_auth()
    peer.ready = True
    t.control(peer)


@case("auth-by-other-key-cut", "SES-007", negative=True)
def _(t):
    """Auth signed by another key than that of the Hello ends the link."""
    t.control(t.dial())
    peer = t.dial(connect=False)
    peer.say_hello()
    peer.await_welcome()
    peer.say_auth(seed=t.rnd("other key"))
    peer.expect_closed("the link to be cut by a false Auth")
    t.control(t.dial())


@case("auth-for-other-transcript-cut", "SES-007", negative=True)
def _(t):
    """Auth over the transcript of another link, or over the tag of Welcome, ends the link."""
    witness = t.dial()
    t.control(witness)
    for forge in (lambda p: session.sign_auth(p.seed, witness.transcript),
                  lambda p: session.sign_welcome(p.seed, p.transcript)):
        peer = t.dial(connect=False)
        peer.say_hello()
        peer.await_welcome()
        peer.send("auth", {"signature": forge(peer)})
        peer.expect_closed("the link to be cut by a replayed Auth")
    t.control(witness)


@case("own-key-refused", "SES-004", negative=True)
def _(t):
    """A Hello with the listener's own key gets Error{self_connect} and the link is closed."""
    witness = t.dial()
    t.control(witness)
    peer = t.dial(connect=False)
    peer.say_hello(node_key=witness.their["node_key"])
    peer.expect_closed("the link to be closed")
    codes = [body.get("code") for body in peer.received("error")]
    t.check(codes == [wire.SELF_CONNECT], f"errors {codes}, expected self_connect")
    t.control(witness)


@case("traffic-before-hello", "SES-012 SES-011", negative=True)
def _(t):
    """Before Hello every packet is answered by Error{no_session} with its request id and has no effect."""
    witness = t.dial()
    t.control(witness)
    peer = t.dial(connect=False)
    sealed = t.foreign_message("early")
    peer.send("message", {"items": [sealed.item()]})
    number = peer.request("ping")
    no_session(t, peer, number, "Ping before Hello")
    t.check(not t.is_held(witness, sealed), "a message that came before Hello was stored")
    peer.connect()
    t.control(peer)


@case("traffic-before-auth", "SES-011 SES-012", negative=True)
def _(t):
    """Between Welcome and Auth nothing takes effect either."""
    witness, peer = welcomed(t)
    sealed = t.foreign_message("early")
    peer.send("message", {"items": [sealed.item()]})
    number = peer.request("want", {"ids": [sealed.id]})
    no_session(t, peer, number, "Want before Auth")
    t.check(not t.is_held(witness, sealed), "a message that came before Auth was stored")
    peer.say_auth()
    peer.ready = True
    t.control(peer)


@case("packets-after-auth-wait", "SES-011 SES-008")
def _(t):
    """What is sent right behind Auth, while the id is computed, is dealt with."""
    peer = t.dial(connect=False)
    peer.say_hello()
    peer.await_welcome()
    peer.say_auth()
    numbers = [peer.request("ping") for _ in range(20)]
    peer.ready = True
    t.wait(lambda: all(n in peer.answers for n in numbers), "Pongs to Pings sent right behind Auth")
    t.check(all(peer.answers[n][0] == "pong" for n in numbers), "one of them was answered otherwise")


@case("seventeen-out-of-order-close", "SES-012", negative=True)
def _(t):
    """16 packets before the session are answered; the 17th closes the link."""
    t.control(t.dial())
    peer = t.dial(connect=False)
    numbers = [peer.request("ping") for _ in range(16)]
    t.wait(lambda: all(n in peer.answers for n in numbers), "16 errors")
    t.check(not peer.closed, "closed by 16 packets")
    peer.request("ping")
    peer.expect_closed("the link to be closed by the 17th")
    t.control(t.dial())


@case("handshake-on-ready-session", "SES-012", negative=True)
def _(t):
    """Hello, Welcome and Auth on a ready session get Error{no_session}; the session goes on."""
    peer = t.dial()
    t.control(peer)
    transcript = peer.transcript
    body = peer.hello_body()
    peer.next_request += 1
    number = peer.next_request
    peer.send_raw(wire.encode("hello", body, number))
    no_session(t, peer, number, "a second Hello")
    since = peer.mark()
    peer.send("auth", {"signature": session.sign_auth(peer.seed, transcript)})
    peer.send("welcome", {"body": body, "signature": os.urandom(64)}, 9999)
    t.wait(lambda: len(peer.received("error", since=since)) == 2, "two errors")
    t.control(peer)


@case("handshake-timeout-closes", "SES-015", negative=True)
def _(t):
    """Without Auth a link is closed 5 s after its first packet, not before."""
    witness, peer = welcomed(t)
    t.tick(4_000)
    t.settle(seconds=0.3)
    t.check(not peer.closed, "closed after 4 s")
    t.tick_until(lambda: peer.closed, "a link without Auth to be closed", step=1000, limit=10)
    t.control(witness)


@case("invalid-hello-unanswered", "PKT-013 PKT-014 PKT-018", negative=True)
def _(t):
    """A HelloBody that breaks the schema gets no Welcome; a valid one on the same link does."""
    t.control(t.dial())
    peer = t.dial(connect=False)
    for changes in ({"version": 0}, {"node_key": bytes(31)}, {"nonce": bytes(33)}, {"role": 0}, {"role": 3},
                    {"time_ms": 257698037700001}, {"endpoints": [bytes(17)]}, {"endpoints": [bytes(16) + b"\1\1"] * 5}):
        peer.next_request += 1
        peer.send_raw(wire.encode("hello", peer.hello_body(**changes), peer.next_request))
    peer.next_request += 1
    peer.send_raw(wire.encode("hello", peer.hello_body() + b"\xff", peer.next_request))
    peer.connect()
    t.check(len(peer.received("welcome")) == 1, "an invalid Hello was answered by Welcome")
    t.control(peer)


@case("odd-endpoints-valid", "PKT-019")
def _(t):
    """Endpoints with port 0 or an unspecified address are valid in Hello."""
    peer = t.dial(connect=False, endpoints=[bytes(18), bytes(16) + b"\1\1", wire.endpoint_bytes("127.0.0.1", 9)[:16] + b"\0\0"])
    peer.connect()


@case("newer-session-stays", "SES-016")
def _(t):
    """Of two sessions dialled by the same node the newer stays; the older gets Error{duplicate_link} and is closed."""
    first = t.dial("a", seed=t.rnd("one node"))
    second = t.dial("b", seed=t.rnd("one node"))
    first.expect_closed("the older of two sessions to be closed")
    codes = [body.get("code") for body in first.received("error")]
    t.check(wire.DUPLICATE_LINK in codes, f"errors {codes}, expected duplicate_link")
    t.control(second)


@case("error-no-session-closes", "SES-013", negative=True)
def _(t):
    """A node told Error{no_session} on a ready session closes the link; told another error it does not."""
    witness, peer = t.dial(), t.dial()
    peer.send("error", {"code": wire.BUSY})
    t.control(peer)
    peer.send("error", {"code": wire.NO_SESSION})
    peer.expect_closed("the link to be closed by Error{no_session}")
    t.control(witness)
