"""libsodium by ctypes: what an independent reader of the protocol needs to derive addresses, and to speak CURVE as a
stranger who does not keep to its rules."""
import ctypes
import ctypes.util
import hashlib

_lib = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
assert _lib.sodium_init() >= 0


def tagged_hash(tag, *parts):
    return hashlib.sha256(b"comm/1 " + tag.encode() + b"\x00" + b"".join(parts)).digest()


def box_keypair(seed=None):
    public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(32)
    if seed is None:
        _lib.crypto_box_keypair(public, secret)
    else:
        _lib.crypto_box_seed_keypair(public, secret, seed)
    return public.raw, secret.raw


def box(plain, nonce, public, secret):
    out = ctypes.create_string_buffer(len(plain) + 16)
    assert _lib.crypto_box_easy(out, plain, ctypes.c_ulonglong(len(plain)), nonce, public, secret) == 0
    return out.raw


def box_open(sealed, nonce, public, secret):
    out = ctypes.create_string_buffer(len(sealed) - 16)
    assert _lib.crypto_box_open_easy(out, sealed, ctypes.c_ulonglong(len(sealed)), nonce, public, secret) == 0
    return out.raw


def network_key(name="comm"):
    """The CURVE public key that every listener of this network has."""
    return box_keypair(tagged_hash("network", name.encode()))[0]


def argon2id(secret, salt, passes, memory):
    out = ctypes.create_string_buffer(32)
    failed = _lib.crypto_pwhash(out, ctypes.c_ulonglong(32), secret, ctypes.c_ulonglong(len(secret)), salt,
                                ctypes.c_ulonglong(passes), ctypes.c_size_t(memory), 2)
    assert failed == 0
    return out.raw


def subkey(parent, context, index):
    out = ctypes.create_string_buffer(32)
    _lib.crypto_kdf_derive_from_key(out, ctypes.c_size_t(32), ctypes.c_uint64(index), context, parent)
    return out.raw


def sign_public(seed):
    public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
    _lib.crypto_sign_seed_keypair(public, secret, seed)
    return public.raw


def address(secret):
    """The address of a typed SECRET, derived from the protocol's text alone."""
    seed = argon2id(secret, tagged_hash("identity salt")[:16], 3, 64 << 20)
    sign = sign_public(subkey(seed, b"commiden", 1))
    dh = box_keypair(subkey(seed, b"commiden", 2))[0]
    return tagged_hash("address", sign, dh)[:20]


_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def _polymod(values):
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1ffffff) << 5 ^ value
        for bit, generator in enumerate((0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3)):
            check ^= generator if top >> bit & 1 else 0
    return check


def bech32m(data, prefix="comm"):
    """BIP-350."""
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    values = [int(bits[i:i + 5], 2) for i in range(0, len(bits), 5)]
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = _polymod(expanded + values + [0] * 6) ^ 0x2bc830a3
    return prefix + "1" + "".join(_CHARSET[v] for v in values + [check >> 5 * (5 - i) & 31 for i in range(6)])
