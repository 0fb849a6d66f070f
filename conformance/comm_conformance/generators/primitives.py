"""Hashes, key derivation, signatures, key agreement, addresses. Values of the specification and of published test
vectors are written out here, as anchors from outside."""
import json

from .. import address, crypto, identity
from ..base import CONFORMANCE, H
from ..gentools import ALICE, NOW, Area, flip, rnd

f = bytes.fromhex

TAGS = ["id", "stamp", "ack", "owner-ack", "mailbox", "address", "record", "record region", "hello", "session",
        "welcome", "auth", "collect", "network"]


def areas():
    yield hashes()
    yield derivation()
    yield signatures()
    yield agreement()
    yield noise()
    yield addresses()


def hashes():
    area = Area("crypto/hash")
    area.accept("hash-ack-of-zeros", "CRY-001", "hash", "check value of 30-crypto", tag="ack", data=bytes(32),
                output={"hash": "bd133ca4890577a0b329c9a3687aa861353cbeff92c8e159ee4628ae71157c4a"})
    area.accept("hash-id-of-zeros", "CRY-001", "hash", "check value of 30-crypto", tag="id", data=bytes(96),
                output={"hash": "6cd1247eef0f56f68c2696317c8ac8cef7f963ab5ec68be30ed68f7da4257a0e"})
    area.accept("hash-identity-salt", "CRY-001", "hash", "no parts; its first 16 bytes are the Argon2id salt",
                tag="identity salt", data=b"")
    area.accept("hash-node-id-salt", "CRY-001", "hash", tag="node id salt", data=b"")
    for tag in TAGS:
        area.accept("hash-tag-" + tag.replace(" ", "-"), "CRY-001", "hash", tag=tag, data=rnd(tag, 40))
    return area


def derivation():
    area = Area("crypto/derivation")
    for context, index in (("commiden", 1), ("commiden", 5), ("commmbox", 2976), ("commprek", 2976),
                           ("commmbox", 2**32 - 1), ("commprek", 0)):
        area.accept(f"kdf-{context}-{index}", "CRY-005", "kdf", key=rnd("kdf"), context=context, index=index)
    area.accept("dhpair-1", "NET-001", "dhpair", seed=rnd("dhpair"))
    area.accept("dhpair-zeros", "NET-001", "dhpair", seed=bytes(32))
    for secret in (b"alice", b"bob", "Größe 7".encode(), b"", b"\xff\xfe not UTF-8", b"x" * 1000):
        area.accept("identity-secret-" + (secret[:8].hex() or "empty"), "CRY-005 CRY-006", "identity",
                    "SECRET is raw bytes", secret=secret, week=2976)
    area.accept("identity-seed", "CRY-005", "identity", seed=rnd("seed"), week=2977)
    area.accept("identity-seed-week-0", "CRY-005", "identity", seed=rnd("seed"), week=0)
    known = area.vectors[8]["output"]
    assert known["seed"] == "1724f12b9c2ea161c855bdc7c771fe39127450418b746c3bc2a5cb4b9b331d19"
    area.accept("node-id-zeros", "SES-008 LIM-001", "node-id", "check value of 30-crypto", key=bytes(32),
                profile="default", output={"node_id": "156e0ea2120d8122bf5013daa4d2978095508844"})
    area.accept("node-id-zeros-test", "SES-008 LIM-003", "node-id", "check value of 30-crypto", key=bytes(32),
                profile="test", output={"node_id": "b5113debdea8a5a30f9cb035a344c9e0addfdeb8"})
    area.accept("node-id-random", "SES-008", "node-id", key=rnd("node"), profile="test")
    area.accept("network-comm", "NET-001", "network-key", "check value of 30-crypto", name="comm",
                output={"public": "0a4ad9102e20b6c99e8a8e227a5201659819c813b8033a8769db0feccb97f919"})
    area.accept("network-other", "NET-001", "network-key", name="größer")
    area.accept("network-empty", "NET-001", "network-key", name="")
    return area



def _ordinary_signature_with_small_r():
    """R is the identity, made by a normal key: S = k*a. OpenSSL alone accepts it."""
    import hashlib
    seed, text = rnd("small R"), H("ack", b"x")
    digest = bytearray(hashlib.sha512(seed).digest()[:32])
    digest[0] &= 248
    digest[31] = digest[31] & 63 | 64
    secret = int.from_bytes(digest, "little")
    public, r = crypto.ed25519_public(seed), b"\1" + bytes(31)
    k = int.from_bytes(hashlib.sha512(r + public + text).digest(), "little")
    return public, r + (k * secret % crypto.L).to_bytes(32, "little"), text


def signatures():
    area = Area("crypto/ed25519")
    # RFC 8032, 7.1, tests 1 to 3
    rfc = [("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0"
            "595bbe24655141438e7a100b"),
           ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eae"
            "b4302aeeb00d291612bb0c00")]
    for number, (public, text, signature) in enumerate(rfc, 1):
        area.accept(f"ed25519-rfc8032-{number}", "CRY-002", "ed25519-verify", "RFC 8032, 7.1", public=f(public),
                    message=f(text), signature=f(signature))
    public, text, signature = (f(x) for x in rfc[1])
    no = "crypto/signature"

    def bad(slug, mutation, public=public, message=text, signature=signature, comment=""):
        area.reject(slug, "CRY-002 CRY-003", "ed25519-verify", no, "ed25519-rfc8032-2", mutation, comment,
                    public=public, message=message, signature=signature)
    bad("ed25519-other-message", "another message", message=b"s")
    bad("ed25519-other-key", "another key", public=f(rfc[0][0]))
    for position in (0, 31, 32, 40, 62):
        bad(f"ed25519-flip-{position}", "one bit of the signature", signature=flip(signature, position))
    s = int.from_bytes(signature[32:], "little") + crypto.L
    bad("ed25519-s-plus-l", "S + L instead of S", signature=signature[:32] + s.to_bytes(32, "little"),
        comment="malleable: the equation holds")
    for y in sorted(crypto.SMALL_ORDER_YS):
        for sign in (0, 0x80):
            raw = bytearray(y.to_bytes(32, "little"))
            raw[31] |= sign
            bad(f"ed25519-small-key-{raw[:2].hex()}-{sign:02x}", "A is of small order, R = identity, S = 0",
                public=bytes(raw), signature=b"\1" + bytes(63))
    for y in (crypto.P, crypto.P + 1, crypto.P + 3):
        bad(f"ed25519-noncanonical-key-{y - crypto.P}", "A's y is p or more", public=y.to_bytes(32, "little"))
    public, signature, text = _ordinary_signature_with_small_r()
    bad("ed25519-small-r", "R is the identity, made by the key's owner", public, text, signature,
        "the cofactorless equation holds: only the check of R rejects it")
    bad("ed25519-no-point", "A is no point", public=(2).to_bytes(32, "little"))
    return area


def agreement():
    area = Area("crypto/x25519")
    area.accept("x25519-rfc7748", "CRY-004", "x25519", "RFC 7748, 5.2",
                secret=f("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                public=f("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
                output={"shared": "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"})
    low = ["00" * 32, "01" + "00" * 31, "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
           "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157", "ec" + "ff" * 30 + "7f",
           "ed" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "7f"]
    area.accept("x25519-any-order", "CRY-004", "x25519", secret=f("a5" * 32),
                public=f("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"))
    for number, public in enumerate(low, 1):
        area.reject(f"x25519-low-order-{number}", "CRY-004", "x25519", "crypto/small-order", "x25519-any-order",
                    "the public key is of small order", secret=f("a5" * 32), public=f(public))
    return area


def noise():
    area = Area("crypto/noise")
    data = json.loads((CONFORMANCE / "vectors" / "noise_x.json").read_text())["vectors"]
    for number, vector in enumerate(data, 1):
        first = vector["messages"][0]
        area.accept(f"noise-x-cacophony-{number}", "CRY-012", "noise-seal", "cacophony, see ../noise_x.json",
                    prologue=f(vector["init_prologue"]), static=f(vector["init_static"]),
                    recipient=f(vector["init_remote_static"]), ephemeral=f(vector["init_ephemeral"]),
                    payload=f(first["payload"]))
        assert area.vectors[-1]["output"]["message"] == first["ciphertext"]
        given = dict(prologue=f(vector["resp_prologue"]), secret=f(vector["resp_static"]))
        text, twin = f(first["ciphertext"]), f"noise-x-open-{number}"
        area.accept(twin, "CRY-017", "noise-open", message=text, **given)
        for position in (0, 31, 32, 79, 80, len(text) - 1):
            area.reject(f"noise-x-open-{number}-flip-{position}", "CRY-018", "noise-open", "crypto/not-openable",
                        twin, f"one bit of byte {position}", message=flip(text, position), **given)
        area.reject(f"noise-x-open-{number}-prologue", "CRY-018", "noise-open", "crypto/not-openable", twin,
                    "another prologue", message=text, secret=given["secret"], prologue=b"other")
        area.reject(f"noise-x-open-{number}-low-order-e", "CRY-004", "noise-open", "crypto/small-order", twin,
                    "e is of small order", message=bytes(32) + text[32:], **given)
        area.reject(f"noise-x-open-{number}-short", "CRY-018", "noise-open", "crypto/noise-size", twin,
                    "95 bytes", message=text[:95], **given)
    return area


def addresses():
    area = Area("crypto/address")
    raw = bytes(range(20))
    text = address.encode(raw)
    area.accept("address-example", "CRY-008", "format-address", "the example of 30-crypto", address=raw,
                output={"hex": raw, "bech32m": "comm1qqqsyqcyq5rqwzqfpg9scrgwpugpzysn37q56a"})
    area.accept("address-hex", "CRY-008", "parse-address", text=raw.hex())
    area.accept("address-hex-upper", "CRY-008", "parse-address", text=ALICE.address.hex().upper())
    area.accept("address-hex-mixed", "CRY-008", "parse-address", text="Ab" * 20)
    area.accept("address-bech32m", "CRY-008", "parse-address", text=text)
    area.accept("address-bech32m-upper", "CRY-008", "parse-address", text=text.upper())
    values = [address.CHARSET.index(c) for c in text[5:-6]]

    def bad(slug, reason, mutation, text):
        area.reject(slug, "CRY-009", "parse-address", "schema/" + reason, "address-bech32m", mutation, scope="ignore",
                    text=text)
    bad("address-mixed-case", "bech32m-case", "one capital", text[:-1] + text[-1].upper())
    bad("address-checksum", "bech32m-checksum", "last character", text[:-1] + ("q" if text[-1] != "q" else "p"))
    bad("address-swapped", "bech32m-checksum", "two neighbours exchanged", text[:20] + text[21] + text[20] + text[22:])
    bad("address-foreign-character", "bech32m-character", "b is not of the alphabet", text[:20] + "b" + text[21:])
    bad("address-bech32", "bech32m-checksum", "the constant of BIP-173", address.encode_values(values, constant=1))
    bad("address-extra-group", "bech32m-padding", "five padding bits more", address.encode_values(values + [0]))
    bad("address-19-bytes", "address-length", "19 bytes", address.encode_values(
        [address.CHARSET.index(c) for c in address.encode(raw[:19])[5:-6]]))
    bad("address-21-bytes", "address-length", "21 bytes", address.encode_values(
        [address.CHARSET.index(c) for c in address.encode(raw + b"x")[5:-6]]))
    bad("address-hex-39", "address-form", "39 digits", raw.hex()[:-1])
    bad("address-hex-41", "address-form", "41 digits", raw.hex() + "0")
    bad("address-hex-g", "address-form", "a g", raw.hex()[:-1] + "g")
    bad("address-empty", "address-form", "nothing", "")
    odd = list(identity.Identity(rnd("padding")).address) + [0]
    groups = [address.CHARSET.index(c) for c in address.encode(bytes(odd[:19]))[5:-6]]
    bad("address-padding-bits", "bech32m-padding", "a padding bit of 19 bytes is set",
        address.encode_values(groups[:-1] + [groups[-1] | 1]))
    assert NOW
    return area
