"""Noise_X_25519_ChaChaPoly_SHA256 (revision 34), one message: -> e, es, s, ss."""
import hashlib
import hmac

from . import crypto
from .base import Reject

PROTOCOL = b"Noise_X_25519_ChaChaPoly_SHA256".ljust(32, b"\0")


def _hkdf(chaining_key, material):
    temp = hmac.digest(chaining_key, material, "sha256")
    first = hmac.digest(temp, b"\x01", "sha256")
    return first, hmac.digest(temp, first + b"\x02", "sha256")


class _State:
    def __init__(self, prologue, recipient):
        self.h = self.ck = PROTOCOL
        self.key, self.counter = None, 0
        self.mix_hash(prologue)
        self.mix_hash(recipient)

    def mix_hash(self, data):
        self.h = hashlib.sha256(self.h + data).digest()

    def mix_key(self, shared):
        self.ck, self.key = _hkdf(self.ck, shared)
        self.counter = 0

    def seal(self, plaintext):
        out = crypto.aead_seal(self.key, self.counter, plaintext, self.h)
        self.counter += 1
        self.mix_hash(out)
        return out

    def open(self, ciphertext):
        out = crypto.aead_open(self.key, self.counter, ciphertext, self.h)
        if out is None:
            raise Reject("crypto/not-openable")
        self.counter += 1
        self.mix_hash(ciphertext)
        return out


def seal(prologue, static_secret, recipient, ephemeral_secret, payload):
    """(message, chaining key after the last token, handshake hash)."""
    state = _State(prologue, recipient)
    ephemeral = crypto.x25519_public(ephemeral_secret)
    state.mix_hash(ephemeral)
    state.mix_key(crypto.x25519(ephemeral_secret, recipient))
    static = state.seal(crypto.x25519_public(static_secret))
    state.mix_key(crypto.x25519(static_secret, recipient))
    return ephemeral + static + state.seal(payload), state.ck, state.h


def open_message(prologue, recipient_secret, message, check_zero=True):
    """(payload, sender's static key, chaining key); Reject when it does not open."""
    if len(message) < 96:
        raise Reject("crypto/noise-size")
    state = _State(prologue, crypto.x25519_public(recipient_secret))
    ephemeral = message[:32]
    state.mix_hash(ephemeral)
    state.mix_key(crypto.x25519(recipient_secret, ephemeral, check_zero))
    static = state.open(message[32:80])
    state.mix_key(crypto.x25519(recipient_secret, static, check_zero))
    return state.open(message[80:]), static, state.ck
