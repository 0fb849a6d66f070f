"""The operations of vectors (adapter/PROTOCOL.md lists them): a dictionary in, a dictionary out, Reject otherwise.

Byte strings are lower-case hex in both directions.
"""
import hmac

from . import address, crypto, identity, keyrecord, message, noise, pairwise, reconcile, routing, sealing, session, wire
from .base import H, Reject, need

OPS = {}


def op(name):
    def register(function):
        OPS[name] = function
        return function
    return register


def b(text):
    need(isinstance(text, str), "decode/input", "ignore")
    return bytes.fromhex(text)


def answer(vector):
    """What an implementation under test answers for one vector: {id, expect, error, output}."""
    out = {"id": vector.get("id"), "expect": "reject", "error": "", "output": {}}
    function = OPS.get(vector.get("op"))
    if function is None:
        return {**out, "expect": "unsupported"}
    try:
        out.update(expect="accept", output=function(vector["input"]))
    except Reject as reject:
        out.update(error=reject.error)
    except Exception as error:  # noqa: BLE001 - a fault of this implementation is an answer that agrees with nothing
        out.update(expect="crashed", error=repr(error))
    return out


@op("hash")
def _hash(i):
    return {"hash": H(i["tag"], b(i["data"])).hex()}


@op("hmac")
def _hmac(i):
    return {"mac": hmac.digest(b(i["key"]), b(i["data"]), "sha256").hex()}


@op("body-hash")
def _body_hash(i):
    return {"hash": crypto.blake2b(b(i["data"])).hex()}


@op("kdf")
def _kdf(i):
    return {"key": crypto.kdf(b(i["key"]), i["context"], i["index"]).hex()}


@op("dhpair")
def _dhpair(i):
    secret, public = crypto.dhpair(b(i["seed"]))
    return {"secret": secret.hex(), "public": public.hex()}


@op("identity")
def _identity(i):
    who = identity.Identity(b(i["seed"])) if "seed" in i else identity.Identity.from_secret(b(i["secret"]))
    week = i["week"]
    return {"seed": who.seed.hex(), "sign_key": who.sign_key.hex(), "dh_key": who.dh_key.hex(),
            "address": who.address.hex(), "storage_key": who.storage_key.hex(),
            "mailbox_key": who.mailbox_key(week).hex(), "mailbox_id": who.mailbox_id(week).hex(),
            "prekey": who.prekey(week)[1].hex(), "record_region": keyrecord.record_region(who.address).hex()}


@op("node-id")
def _node_id(i):
    return {"node_id": identity.node_id(b(i["key"]), i["profile"]).hex()}


@op("network-key")
def _network_key(i):
    return {"public": identity.network_pair(i["name"])[1].hex()}


@op("parse-address")
def _parse_address(i):
    return {"address": address.parse(i["text"]).hex()}


@op("format-address")
def _format_address(i):
    return {"hex": i["address"], "bech32m": address.encode(b(i["address"]))}


@op("ed25519-verify")
def _verify(i):
    need(crypto.ed25519_verify(b(i["public"]), b(i["signature"]), b(i["message"])), "crypto/signature")
    return {}


@op("x25519")
def _x25519(i):
    return {"shared": crypto.x25519(b(i["secret"]), b(i["public"])).hex()}


@op("noise-seal")
def _noise_seal(i):
    out, chaining_key, digest = noise.seal(b(i["prologue"]), b(i["static"]), b(i["recipient"]), b(i["ephemeral"]),
                                           b(i["payload"]))
    return {"message": out.hex(), "handshake_hash": digest.hex(), "ack": sealing.ack_secret_of(chaining_key).hex()}


@op("noise-open")
def _noise_open(i):
    payload, static, chaining_key = noise.open_message(b(i["prologue"]), b(i["secret"]), b(i["message"]))
    return {"payload": payload.hex(), "static": static.hex(), "ack": sealing.ack_secret_of(chaining_key).hex()}


@op("decode-packet")
def _decode_packet(i):
    request_id, kind, body = wire.decode(b(i["bytes"]))
    return {"request_id": request_id, "kind": kind, "canonical": wire.encode(kind, body, request_id).hex()}


@op("decode-hello")
def _decode_hello(i):
    return {"canonical": wire.encode_hello(**wire.parse_hello(b(i["bytes"]))).hex()}


@op("error-text")
def _error_text(i):
    _, kind, body = wire.decode(b(i["bytes"]))
    need(kind == "error", "state/not-an-error", "ignore")
    return {"code": body.get("code", 0), "text": wire.error_text(body)}


@op("check-header")
def _check_header(i):
    header = message.parse_header(b(i["header"]))
    numerator, denominator = message.work(header)
    return {"id": header.id.hex(), "size_class": header.size_class, "expires_ms": header.expires_ms,
            "lifetime": header.lifetime, "effort": header.effort, "mailbox": header.mailbox.hex(),
            "ack_hash": header.ack_hash.hex(), "body_hash": header.body_hash.hex(),
            "work_numerator": str(numerator), "work_denominator": denominator}


@op("check-stamp")
def _check_stamp(i):
    need(message.stamp_valid(b(i["subject"]), b(i["nonce"]), i["effort"]), "crypto/stamp")
    return {}


@op("check-lifetime")
def _check_lifetime(i):
    message.check_lifetime(message.parse_header(b(i["header"])), i["now_ms"])
    return {}


@op("check-message")
def _check_message(i):
    header = message.parse_header(b(i["header"]))
    message.check_lifetime(header, i["now_ms"])
    message.check_message(header, b(i["nonce"]), b(i["body"]))
    return {"id": header.id.hex()}


@op("check-final")
def _check_final(i):
    record = b(i["record"])
    header = message.check_final(record, i["now_ms"])
    return {"id": header.id.hex(), "kind": "acknowledgement" if message.is_ack(record) else "refusal"}


def _record(i):
    return keyrecord.check(b(i["record"]), b(i["signature"]), b(i["nonce"]), i["now_ms"])


@op("check-record")
def _check_record(i):
    record = _record(i)
    return {"address": record.address.hex(), "hash": record.hash.hex(), "seq": record.seq,
            "min_effort": record.min_effort}


@op("select-mailbox")
def _select_mailbox(i):
    return {"mailbox": keyrecord.parse(b(i["record"])).mailbox_for(i["now_ms"]).hex()}


@op("supersedes")
def _supersedes(i):
    return {"supersedes": keyrecord.parse(b(i["a"])).supersedes(keyrecord.parse(b(i["b"])))}


def _transcript(i):
    return session.transcript(b(i["client_key"]), b(i["hello"]), b(i["welcome_body"]))


@op("transcript")
def _transcript_op(i):
    return {"transcript": _transcript(i).hex()}


@op("sign-welcome")
def _sign_welcome(i):
    return {"signature": session.sign_welcome(b(i["node_seed"]), _transcript(i)).hex()}


@op("sign-auth")
def _sign_auth(i):
    return {"signature": session.sign_auth(b(i["node_seed"]), _transcript(i)).hex()}


@op("sign-collect")
def _sign_collect(i):
    return {k: v.hex() for k, v in session.sign_collect(b(i["mailbox_seed"]), _transcript(i)).items()}


@op("check-welcome")
def _check_welcome(i):
    node_key = wire.parse_hello(b(i["welcome_body"]))["node_key"]
    need(session.welcome_valid(node_key, b(i["signature"]), _transcript(i)), "crypto/welcome-signature", "disconnect")
    return {}


@op("check-auth")
def _check_auth(i):
    node_key = wire.parse_hello(b(i["hello"]))["node_key"]
    need(session.auth_valid(node_key, b(i["signature"]), _transcript(i)), "crypto/auth-signature", "disconnect")
    return {}


@op("check-collect")
def _check_collect(i):
    need(session.collect_valid(b(i["mailbox_key"]), b(i["signature"]), _transcript(i)), "crypto/collect-signature")
    return {"mailbox": message.mailbox_id(b(i["mailbox_key"])).hex()}


@op("seal")
def _seal(i):
    sender = identity.Identity(b(i["sender_seed"]))
    record = keyrecord.parse(b(i["recipient_record"]))
    own = {"record": b(i["sender_record"]), "signature": b(i["sender_record_signature"])}
    known = b(i["record_hash"]) if i.get("record_hash") else None
    sealing.check_text(b(i["text"]))
    sealed = sealing.seal_text(sender, record.address, record, b(i["text"]).decode("utf-8"), i["now_ms"],
                               i["lifetime"], b(i["uid"]), b(i["ephemeral"]), own, known, i["effort"])
    return {"header": sealed.header.hex(), "nonce": sealed.nonce.hex(), "body": sealed.body.hex(),
            "ack_secret": sealed.ack_secret.hex(), "id": sealed.id.hex()}


@op("open")
def _open(i):
    who = identity.Identity(b(i["recipient_seed"]))
    secrets = [who.prekey(week)[0] for week in i["weeks"]]
    opened = sealing.open_message(b(i["header"]), b(i["body"]), who.address, secrets)
    out = {"sender": opened.sender.hex(), "uid": opened.uid.hex(), "sent_at_ms": opened.sent_at_ms,
           "kind": opened.kind, "text": opened.content.encode().hex() if opened.kind == "text" else "",
           "ack_secret": opened.ack_secret.hex()}
    if opened.kind == "mailbox_grant":
        out |= {"mailbox_key": opened.content["mailbox_key"].hex(), "expires_ms": opened.content.get("expires_ms", 0)}
    return out


@op("size-sample")
def _size_sample(i):
    return {"sample": routing.size_sample([int(d, 16) for d in i["distances"]])}


@op("n-hat")
def _n_hat(i):
    return {"n_hat": routing.n_hat(i["samples"], i["table"])}


@op("region-radius")
def _region_radius(i):
    return {"radius": "%040x" % routing.region_radius(i["n_hat"])}


def _session_of(i):
    return reconcile.session_key(b(i["requester"]), b(i["responder"]))


@op("sync-fingerprint")
def _sync_fingerprint(i):
    key = _session_of(i)
    return {"key": key.hex(), "fingerprint": reconcile.fingerprint(key, reconcile.elements_of(b(i["elements"]))).hex()}


@op("sync-answer")
def _sync_answer(i):
    request_id, kind, body = wire.decode(b(i["packet"]))
    need(kind == "sync", "decode/input", "ignore")
    key, ours = _session_of(i), reconcile.elements_of(b(i["elements"]))
    said = [one for theirs in body.get("ranges", []) for one in reconcile.answer_range(key, theirs, ours)]
    return {"packet": wire.encode("sync", {"ranges": said, "answer": True}, request_id).hex()}


@op("pairwise-mailbox")
def _pairwise(i):
    return pairwise.describe(identity.Identity(b(i["seed"])), b(i["contact"]), i["now_ms"])


@op("check-grant")
def _check_grant(i):
    pairwise.check_grant(b(i["mailbox_key"]), i["expires_ms"], i["now_ms"])
    return {"mailbox": message.mailbox_id(b(i["mailbox_key"])).hex()}
