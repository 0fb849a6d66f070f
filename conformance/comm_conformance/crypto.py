"""The primitives of 30-crypto, over OpenSSL, hashlib and the Argon2 reference library."""
import functools
import hashlib

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from .base import Reject, param

_RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def _small_order_ys():
    """The y coordinates of the eight points whose order divides 8: doubling their y three times ends at 1."""
    ys = {0, 1, P - 1}
    # order 8: y^2 = (-1 +- sqrt(1 + d)) / d is a root of the doubling formula for a point of order 4
    root = pow((1 + D) % P, (P + 3) // 8, P)
    if root * root % P != (1 + D) % P:
        root = root * pow(2, (P - 1) // 4, P) % P
    for sign in (root, P - root):
        square = (sign - 1) * pow(D, P - 2, P) % P
        y = pow(square, (P + 3) // 8, P)
        if y * y % P != square:
            y = y * pow(2, (P - 1) // 4, P) % P
        if y * y % P == square:
            ys |= {y, P - y}
    assert len(ys) == 5
    return frozenset(ys)


SMALL_ORDER_YS = _small_order_ys()


def _y(encoded):
    return int.from_bytes(encoded, "little") & (2**255 - 1)


def _decompress(encoded):
    """(x, y) of a canonical encoding, or None."""
    y, sign = _y(encoded), encoded[31] >> 7
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square or (x == 0 and sign):
        return None
    return (P - x if x & 1 != sign else x), y


def _add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    return ((x1 * y2 + y1 * x2) * pow(1 + t, P - 2, P) % P, (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P)


def in_prime_subgroup(encoded):
    """Whether bytes are a canonical point of prime order (MBX-026)."""
    point, total = _decompress(encoded), (0, 1)
    if point is None or point == total:
        return False
    for bit in bin(L)[2:]:
        total = _add(total, total)
        total = _add(total, point) if bit == "1" else total
    return total == (0, 1)


@functools.lru_cache(4096)
def ed25519_public(seed):
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(*_RAW)


def ed25519_sign(seed, message):
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def ed25519_verify(public, signature, message):
    """CRY-002: OpenSSL's cofactorless equation with the checks it does not make."""
    if len(public) != 32 or len(signature) != 64:
        return False
    if int.from_bytes(signature[32:], "little") >= L:
        return False
    if _y(public) >= P or _y(public) in SMALL_ORDER_YS or _y(signature[:32]) % P in SMALL_ORDER_YS:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


@functools.lru_cache(256)
def _x25519_private(secret):
    """OpenSSL takes it by way of PKCS #8, which costs more than the agreement."""
    return X25519PrivateKey.from_private_bytes(secret)


@functools.lru_cache(4096)
def x25519_public(secret):
    return _x25519_private(secret).public_key().public_bytes(*_RAW)


def x25519(secret, public, check_zero=True):
    """Key agreement; an all-zero result fails (CRY-004)."""
    try:
        return _x25519_private(secret).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        if check_zero:
            raise Reject("crypto/small-order") from None
        return bytes(32)


def kdf(key, context, index):
    """libsodium's crypto_kdf_derive_from_key with 32 bytes of output."""
    assert len(context) == 8
    return hashlib.blake2b(b"", digest_size=32, key=key, salt=index.to_bytes(8, "little") + bytes(8),
                           person=context.encode("ascii") + bytes(8)).digest()


def dhpair(seed):
    """libsodium's crypto_box_seed_keypair: (secret, public)."""
    secret = hashlib.sha512(seed).digest()[:32]
    return secret, x25519_public(secret)


def blake2b(data):
    return hashlib.blake2b(data, digest_size=32).digest()


def argon2id(password, salt, passes, memory_bytes):
    return hash_secret_raw(password, salt, time_cost=passes, memory_cost=memory_bytes // 1024, parallelism=1,
                           hash_len=32, type=Type.ID, version=0x13)


def aead_seal(key, counter, plaintext, associated):
    return ChaCha20Poly1305(key).encrypt(bytes(4) + counter.to_bytes(8, "little"), plaintext, associated)


def aead_open(key, counter, ciphertext, associated):
    """The plaintext, or None."""
    try:
        return ChaCha20Poly1305(key).decrypt(bytes(4) + counter.to_bytes(8, "little"), ciphertext, associated)
    except InvalidTag:
        return None


def identity_argon(secret, salt):
    return argon2id(secret, salt, param("identity_passes"), param("identity_memory_bytes"))


def node_id_argon(public, salt, profile):
    return argon2id(public, salt, param("node_id_passes"), param("node_id_memory_bytes", profile))[:20]
