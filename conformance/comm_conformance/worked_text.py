"""Writes spec/worked-example.md: `comm-conformance worked-example --write`. The prose and the structure stand here, every
byte is computed."""
import textwrap

from . import crypto, pb, wire, worked
from .base import WEEK
from .gentools import rnd
from .identity import Identity

NOW = 1_800_000_000_000
MINUTE = NOW // 60_000
LIFETIME = 10_080
WIDTH = 96


class Document:
    def __init__(self):
        self.lines, self.known = [], {}

    def say(self, *paragraphs):
        for text in paragraphs:
            self.lines += [*textwrap.wrap(text, 120), ""]

    def step(self, label, op, outputs, **inputs):
        """One block; values of `inputs` are expressions, `outputs` names of what is shown."""
        values = {name: worked.evaluate(text, self.known) for name, text in inputs.items()}
        found = worked._run(op, values)
        assert "rejected" not in found, (label, found)
        self.lines += ["```step", f"{label}: {op}"]
        for name, text in inputs.items():
            self._value(f"  {name} = ", text)
        for name in outputs.split():
            value = found[name]
            if name == "canonical":  # of a decoder: the bytes themselves
                assert value == values["bytes"], label
                self.lines.append(f"  > canonical = {label}.bytes")
                continue
            self._value(f"  > {name} = ", f"#{value}" if isinstance(value, int) else value if _is_hex(value) else f'"{value}"')
        self.lines += ["```", ""]
        self.known.update({f"{label}.{name}": value for name, value in {**values, **found}.items()})

    def _value(self, head, text):
        if len(head) + len(text) <= 120:
            self.lines.append(head + text)
            return
        pieces = text.split(" || ")
        if len(pieces) > 1:
            self.lines.append(head + pieces[0])
            for piece in pieces[1:]:
                self._long("    | || ", piece)
        else:
            self._long(head, text)

    def _long(self, head, text):
        self.lines.append(head + text[:WIDTH])
        for at in range(WIDTH, len(text), WIDTH):
            self.lines.append("    | " + text[at:at + WIDTH])

    def text(self):
        return "\n".join(self.lines).rstrip() + "\n"


def _is_hex(value):
    return all(c in "0123456789abcdef" for c in value) and len(value) % 2 == 0


def field(number, text, size):
    """A length-delimited field of protobuf around an expression of so many bytes."""
    return f"{pb.encode_varint(number << 3 | 2).hex()}{pb.encode_varint(size).hex()} || {text}"


def write():
    d = Document()
    week = NOW // WEEK
    alice, bob = Identity.from_secret(b"alice"), Identity.from_secret(b"bob")
    d.say("# Worked example: one message, every byte",
          "Alice (SECRET `alice`) writes `Hello, Bob!` to Bob (SECRET `bob`). What is random in life is given here: the "
          "ephemeral key, the\nuid, nonces, the keys of the nodes. All times are 1,800,000,000,000 ms, week 2976.",
          "The blocks `step` are executed by the test suites of both implementations; a changed digit makes them fail. A "
          "step names an\noperation, its inputs, and after `>` what comes out. Values are numbers (`#`), texts in quotes, or "
          "bytes: pieces joined by\n`||`, each of them hex digits, `zeros(N)`, or a value from above, of which `[a:b]` is a "
          "part. A line that begins with `|`\ncontinues the one before. `sha256` and `bytes` are what they are called; `aead` "
          "is ChaCha20-Poly1305 with the nonce of Noise;\nthe other operations are those of conformance/adapter/PROTOCOL.md.")
    _identities(d, week)
    _record(d, bob, week)
    _session(d)
    _finding(d, bob)
    _sealing(d, alice)
    _custody(d)
    _collecting(d)
    _ending(d)
    return d.text()


def _identities(d, week):
    d.say("## 1. From SECRETs to keys (30-crypto)",
          "Argon2id of the word gives a seed, kdf the rest; the address is the hash of both public keys. The mailbox and the "
          "prekey are those\nof the week.")
    for name in ("alice", "bob"):
        d.step(name, "identity", "seed sign_key dh_key address mailbox_key mailbox_id prekey record_region",
               secret=name.encode().hex(), week=f"#{week}")
    d.step("bob_typed", "format-address", "hex bech32m", address="bob.address")
    d.step("bob_root", "kdf", "key", key="bob.seed", context='"commiden"', index="#3")
    d.step("bob_mailbox", "kdf", "key", key="bob_root.key", context='"commmbox"', index=f"#{week}")
    d.step("bob_mailbox_id", "hash", "hash", tag='"mailbox"', data="bob.mailbox_key")
    d.step("bob_prekeys", "kdf", "key", key="bob.seed", context='"commiden"', index="#4")
    d.step("bob_prekey_seed", "kdf", "key", key="bob_prekeys.key", context='"commprek"', index=f"#{week}")
    d.step("bob_prekey", "dhpair", "secret public", seed="bob_prekey_seed.key")
    d.step("alice_dh_seed", "kdf", "key", key="alice.seed", context='"commiden"', index="#2")
    d.step("alice_dh", "dhpair", "secret public", seed="alice_dh_seed.key")


def _record(d, bob, week):
    made = bob.record(NOW)
    boxes = [f"3a1908{pb.encode_varint(w).hex()}1214 || {bob.mailbox_id(w).hex()}" for w in range(week, week + 9)]
    times = [pb.encode_varint(t).hex() for t in (NOW, NOW, NOW + 3_888_000_000)]
    d.say("## 2. Bob's key record (60-mailboxes-and-records)",
          "Fields 1 to 7: keys, seq, created, expires, prekey, nine mailboxes from this week on. It is signed over its hash; "
          "the nonce is the\nfirst with 8 zero bits. It goes, as PutRecord with request id 7, to the nodes near "
          "`bob.record_region`.")
    d.step("record", "bytes", "is", of=" || ".join([field(1, "bob.sign_key", 32), field(2, "bob.dh_key", 32),
           f"18{times[0]}", f"20{times[1]}", f"28{times[2]}", field(6, "bob.prekey", 32), *boxes]))
    assert worked.evaluate("record.is", d.known) == made["record"].hex()
    d.step("record_hash", "hash", "hash", tag='"record"', data="record.is")
    d.step("record_checked", "check-record", "address hash seq min_effort", record="record.is",
           signature=made["signature"].hex(), nonce=made["nonce"].hex(), now_ms=f"#{NOW}")
    d.step("record_stamp", "hash", "hash", tag='"stamp"', data="record_hash.hash || record_checked.nonce")
    d.step("put_record", "bytes", "is", of="0d07000000 || 8201" + pb.encode_varint(
        len(made["record"]) + 3 + 66 + 10).hex() + " || " + " || ".join(
        [field(1, "record.is", len(made["record"])), field(2, "record_checked.signature", 64),
         field(3, "record_checked.nonce", 8)]))
    d.step("put_record_read", "decode-packet", "request_id kind canonical", bytes="put_record.is")


def _session(d):
    node, relay, client = rnd("node of alice"), rnd("node of the relay"), rnd("curve key of a dial")
    keys = {"hello": crypto.ed25519_public(node), "welcome": crypto.ed25519_public(relay)}
    d.say("## 3. A session (10-transport)",
          "Alice's node dials a relay. The client key is the CURVE key of this dial, the network's key that of every listener "
          "of `comm`. Node ids\nare Argon2id of the node keys. Both sides hash what they sent and received into T, and sign it.")
    d.step("network", "network-key", "public", name='"comm"')
    d.step("relay_id", "node-id", "node_id", key=keys["welcome"].hex(), profile='"default"')
    hello = dict(version=1, node_key=keys["hello"], nonce=rnd("hello nonce"), role=2, time_ms=NOW)
    welcome = dict(version=1, node_key=keys["welcome"], nonce=rnd("welcome nonce"), role=1, time_ms=NOW,
                   endpoints=[wire.endpoint_bytes("192.0.2.7", 6667)])
    for name, fields in (("hello", hello), ("welcome", welcome)):
        d.step(name, "decode-hello", "canonical", bytes=wire.encode_hello(**fields).hex())
    h, w = (len(wire.encode_hello(**f)) for f in (hello, welcome))
    d.step("hello_hash", "hash", "hash", tag='"hello"', data="hello.bytes")
    d.step("t", "hash", "hash", tag='"session"',
           data=f"{crypto.x25519_public(client).hex()} || hello_hash.hash || welcome.bytes")
    d.step("transcript", "transcript", "transcript", client_key="t.data[0:32]", hello="hello.bytes",
           welcome_body="welcome.bytes")
    for name, seed in (("welcome", relay), ("auth", node)):
        d.step(f"{name}_signed", f"sign-{name}", "signature", node_seed=seed.hex(), client_key="t.data[0:32]",
               hello="hello.bytes", welcome_body="welcome.bytes")
        d.step(f"{name}_hash", "hash", "hash", tag=f'"{name}"', data="t.hash")
        d.step(f"{name}_verified", "ed25519-verify", "", public=keys["hello" if name == "auth" else name].hex(),
               message=f"{name}_hash.hash", signature=f"{name}_signed.signature")
    d.say("The three packets: Hello as request 1, Welcome as its answer, Auth as a push.")
    size = pb.encode_varint(len(field(1, "", w).replace(" || ", "")) // 2 + w + 66).hex()
    d.step("packet_hello", "decode-packet", "request_id kind canonical", bytes="0d01000000 || " + field(2, "hello.bytes", h))
    d.step("packet_welcome", "decode-packet", "request_id kind canonical", bytes=f"0d01000000 || 1a{size} || " + " || ".join(
        [field(1, "welcome.bytes", w), field(2, "welcome_signed.signature", 64)]))
    d.step("packet_auth", "decode-packet", "request_id kind canonical", bytes="2242 || " + field(1, "auth_signed.signature", 64))


def _finding(d, bob):
    size = len(bob.record(NOW)["record"])
    d.say("## 4. Finding the record (60-mailboxes-and-records)",
          "GetRecord as request 2, and Record, its answer. Alice checks it as in step 2 and learns prekey and mailboxes.")
    d.step("get_record", "decode-packet", "request_id kind canonical", bytes="0d02000000 || 8a0116 || " + field(1, "bob.address", 20))
    d.step("record_found", "decode-packet", "request_id kind canonical", bytes="0d02000000 || 9201" + pb.encode_varint(
        22 + size + 3 + 66 + 10).hex() + " || " + " || ".join(
        [field(1, "bob.address", 20), field(2, "record.is", size), field(3, "record_checked.signature", 64),
         field(4, "record_checked.nonce", 8)]))
    d.step("mailbox", "select-mailbox", "mailbox", record="record.is", now_ms=f"#{NOW}")


def _sealing(d, alice):
    own = alice.record(NOW)
    e = rnd("ephemeral of the example")
    d.say("## 5. Sealing (20-message, 30-crypto)",
          "The plaintext is a Sealed with Alice's own record (she has never written to Bob before), framed by its length and "
          "zeros to the\nroom of class 0: 1,024 - 96 = 928 bytes.")
    d.step("own_record", "check-record", "address", record=own["record"].hex(), signature=own["signature"].hex(),
           nonce="zeros(8)", now_ms=f"#{NOW}")
    text = b"Hello, Bob!"
    size = 34 + len(field(2, "", len(own["record"])).replace(" || ", "")) // 2 + len(own["record"]) + 66 + 18 + 7 + 2 + len(text)
    d.step("sealed", "bytes", "is", of=" || ".join([
        field(1, "alice.sign_key", 32), field(2, "own_record.record", len(own["record"])),
        field(3, "own_record.signature", 64), field(5, rnd("uid of the example", 16).hex(), 16),
        "30" + pb.encode_varint(NOW).hex(), field(7, text.hex(), len(text))]))
    assert len(d.known["sealed.is"]) == 2 * size, (len(d.known["sealed.is"]) // 2, size)
    d.step("payload", "bytes", "is", of=f"{size:08x} || sealed.is || zeros({928 - 4 - size})")
    d.say("The first 32 bytes of the header: version, suite, kind, class; expires; lifetime 10,080 minutes; effort 4; reserved; "
          "mailbox. They\nand Bob's address are the prologue.")
    d.step("prefix", "bytes", "is", of=f"01010000 || {MINUTE + LIFETIME:08x} || {LIFETIME:04x} || 04 || 00 || mailbox.mailbox")
    d.step("prologue", "bytes", "is", of="prefix.is || bob.address")
    _noise(d, e)
    d.say("The whole of it, as one operation:")
    d.step("noise", "noise-seal", "message handshake_hash ack", prologue="prologue.is", static="alice_dh.secret",
           recipient="bob.prekey", ephemeral=e.hex(), payload="payload.is")
    d.step("body_joined", "bytes", "is", of="e.public || s_sealed.ciphertext || payload_sealed.ciphertext")
    d.step("body_hash", "body-hash", "hash", data="body_joined.is")
    d.step("ack_hash", "hash", "hash", tag='"ack"', data="noise.ack")
    d.step("header", "bytes", "is", of="prefix.is || ack_hash.hash || body_hash.hash")
    d.step("id", "hash", "hash", tag='"id"', data="header.is")
    d.say("The stamp: the first nonce, counted from 0, whose hash begins with 4 zero bits. Last, sealing in one operation from "
          "what Alice has.")
    d.step("seal", "seal", "header nonce body ack_secret id", sender_seed="alice.seed", recipient_record="record.is",
           sender_record="own_record.record", sender_record_signature="own_record.signature", now_ms=f"#{NOW}",
           lifetime=f"#{LIFETIME}", uid="sealed.is[%d:%d]" % _at(d, rnd("uid of the example", 16)), ephemeral=e.hex(),
           effort="#4", text=text.hex())
    d.step("stamp", "hash", "hash", tag='"stamp"', data="id.hash || seal.nonce")
    d.step("stamp_checked", "check-stamp", "", subject="id.hash", nonce="seal.nonce", effort="#4")
    d.step("header_read", "check-header", "id size_class expires_ms lifetime effort mailbox ack_hash body_hash work_numerator "
           "work_denominator", header="header.is")


def _at(d, piece):
    at = d.known["sealed.is"].index(piece.hex()) // 2
    return at, at + len(piece)


def _noise(d, e):
    """Noise_X_25519_ChaChaPoly_SHA256, token by token."""
    name = b"Noise_X_25519_ChaChaPoly_SHA256".ljust(32, b"\0").hex()
    d.say("### Noise, token by token",
          "`h` is the running hash, `ck` the chaining key, `k` the key of the cipher. The premessage is Bob's prekey.")
    d.step("h0", "sha256", "hash", data=f"{name} || prologue.is")
    d.step("h1", "sha256", "hash", data="h0.hash || bob.prekey")
    d.say("`e`: the ephemeral public key is sent and hashed. `es`: its agreement with the prekey gives ck and k.")
    _tokens(d, e, name)


def _tokens(d, e, name):
    d.step("e", "x25519-public", "public", secret=e.hex())
    d.step("h2", "sha256", "hash", data="h1.hash || e.public")
    d.step("es", "x25519", "shared", secret="e.secret", public="bob.prekey")
    _mix(d, "es", name)
    d.say("`s`: Alice's identity dh key, encrypted with k and h. `ss`: its agreement with the prekey.")
    d.step("s_sealed", "aead", "ciphertext", key="es_k.mac", counter="#0", plaintext="alice.dh_key", ad="h2.hash")
    d.step("h3", "sha256", "hash", data="h2.hash || s_sealed.ciphertext")
    d.step("ss", "x25519", "shared", secret="alice_dh.secret", public="bob.prekey")
    _mix(d, "ss", "es_ck.mac")
    d.say("The payload, and the secret of the acknowledgement: HMAC of the last chaining key.")
    d.step("payload_sealed", "aead", "ciphertext", key="ss_k.mac", counter="#0", plaintext="payload.is", ad="h3.hash")
    d.step("h4", "sha256", "hash", data="h3.hash || payload_sealed.ciphertext")
    d.step("ack_secret", "hmac", "mac", key="ss_ck.mac", data=b"comm/1 ack".hex())


def _mix(d, token, chaining_key):
    """HKDF with two outputs: the new chaining key and the key of the cipher."""
    d.step(f"{token}_temp", "hmac", "mac", key=chaining_key, data=f"{token}.shared")
    d.step(f"{token}_ck", "hmac", "mac", key=f"{token}_temp.mac", data="01")
    d.step(f"{token}_k", "hmac", "mac", key=f"{token}_temp.mac", data=f"{token}_ck.mac || 02")


def _custody(d):
    d.say("## 6. Into custody (40-custody)",
          "Message as a push: one item of header, nonce and body. The relay checks header, lifetime, body and stamp, writes, "
          "and then answers\nStored. Alice may switch off.")
    d.step("accepted", "check-message", "id", header="header.is", nonce="seal.nonce", body="seal.body", now_ms=f"#{NOW + 1000}")
    item = " || ".join([field(1, "header.is", 96), field(2, "seal.nonce", 8), field(3, "seal.body", 1024)])
    d.step("message", "bytes", "is", of=f"5af208 || 0aef08 || {item}")
    d.step("message_read", "decode-packet", "request_id kind canonical", bytes="message.is")
    d.step("stored", "decode-packet", "request_id kind canonical", bytes="6226 || 0a24 || " + field(1, "id.hash", 32) + " || 1001")
    d.say("The relay offers it to the members of the mailbox's region: header and nonce. Who lacks it asks by Want (request 9) "
          "and is\nanswered by the same item as above under that id.")
    d.step("offer", "decode-packet", "request_id kind canonical", bytes="4a6e || 0a6c || " + " || ".join(
        [field(1, "header.is", 96), field(2, "seal.nonce", 8)]))
    d.step("want", "decode-packet", "request_id kind canonical", bytes="0d09000000 || 5222 || " + field(1, "id.hash", 32))
    d.step("given", "decode-packet", "request_id kind canonical", bytes="0d09000000 || message.is")


def _collecting(d):
    client = rnd("curve key of bob's dial")
    d.say("## 7. Bob collects and opens (60-mailboxes-and-records, 30-crypto)",
          "In a session of his own (here with the same bodies of Hello and Welcome, but another client key) Bob proves the "
          "mailbox over its\ntranscript. He is offered the message, asks for it, and opens it with the prekey's secret.")
    d.step("bob_t", "transcript", "transcript", client_key=crypto.x25519_public(client).hex(), hello="hello.bytes",
           welcome_body="welcome.bytes")
    d.step("collect_hash", "hash", "hash", tag='"collect"', data="bob_t.transcript || bob.mailbox_key")
    d.step("collect_signed", "sign-collect", "mailbox_key signature", mailbox_seed="bob_mailbox.key",
           client_key="bob_t.client_key", hello="hello.bytes", welcome_body="welcome.bytes")
    d.step("collect_verified", "ed25519-verify", "", public="bob.mailbox_key", message="collect_hash.hash",
           signature="collect_signed.signature")
    d.step("collect", "decode-packet", "request_id kind canonical", bytes="0d03000000 || 7264 || " + " || ".join(
        [field(1, "collect_signed.mailbox_key", 32), field(2, "collect_signed.signature", 64)]))
    d.step("collected", "decode-packet", "request_id kind canonical", bytes="0d03000000 || 7a0408011001")
    d.step("opened", "noise-open", "payload static ack", prologue="prologue.is", secret="bob_prekey.secret", message="seal.body")
    d.step("sender", "hash", "hash", tag='"address"', data="alice.sign_key || opened.static")


def _ending(d):
    d.say("`sender.hash[0:20]` is Alice's address: she cannot claim another. The hash of `opened.ack` is the header's ack hash.",
          "## 8. The acknowledgement (50-ack)",
          "Header, nonce, secret: everybody can check it, nobody else can make it. Bob writes plaintext and tombstone in one "
          "transaction and\nthen sends Ack to all who dealt with the message; each puts it in the message's place.")
    d.step("ack", "check-final", "id kind", record="header.is || seal.nonce || opened.ack", now_ms=f"#{NOW + 2000}")
    d.step("ack_packet", "decode-packet", "request_id kind canonical", bytes="6a8b01 || " + field(1, "ack.record", 136))
    d.say("Who offers or gives the message again is told so; `stored_again` is the answer to a Message.")
    d.step("stored_again", "decode-packet", "request_id kind canonical", bytes="62b201 || 0aaf01 || " + " || ".join(
        [field(1, "id.hash", 32), "1003", field(5, "ack.record", 136)]))
    d.say("Alice's node gets the Ack: *delivered*. The tombstone goes at `header_read.expires_ms` + 7,200,000. Until four hours "
          "before the\nexpiry it is part of what custodians compare (80-sync): element and fingerprint in a session of these "
          "two nonces.")
    d.step("element", "sync-fingerprint", "key fingerprint", requester=rnd("requester's nonce").hex(),
           responder=rnd("responder's nonce").hex(), elements="header.is[4:8] || id.hash || 02")

