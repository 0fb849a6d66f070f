"""Pairwise mailboxes (60-mailboxes-and-records): where they lie, and which grants have an effect."""
import hmac

from . import crypto, message
from .base import MAX_TIMESTAMP, need, param

LIFETIME = param("pairwise_lifetime")
PERIOD = LIFETIME - param("pairwise_ahead")
SKEW = 7_200_000


def root(identity, contact):
    return hmac.digest(crypto.kdf(identity.mailbox_root, "commpair", 0), contact, "sha256")


def phase(identity, contact):
    return int.from_bytes(crypto.kdf(root(identity, contact), "commphas", 0)[:8], "big") % PERIOD


def period(identity, contact, now_ms):
    return (now_ms + phase(identity, contact)) // PERIOD


def mailbox_seed(identity, contact, number):
    return crypto.kdf(root(identity, contact), "commpair", number)


def expires_ms(identity, contact, number):
    return number * PERIOD - phase(identity, contact) + LIFETIME


def describe(identity, contact, now_ms):
    """What is granted to a contact at a time."""
    number = period(identity, contact, now_ms)
    key = crypto.ed25519_public(mailbox_seed(identity, contact, number))
    return {"period": number, "mailbox_key": key.hex(), "mailbox": message.mailbox_id(key).hex(),
            "expires_ms": expires_ms(identity, contact, number)}


def check_grant(key, ends_ms, now_ms):
    """MBX-026, as far as it needs no memory of other grants."""
    need(ends_ms <= MAX_TIMESTAMP, "schema/grant-expires")
    need(crypto.in_prime_subgroup(key), "crypto/grant-key", "ignore")
    need(ends_ms > now_ms, "policy/grant-expired", "ignore")
    need(ends_ms <= now_ms + LIFETIME + SKEW, "policy/grant-lifetime", "ignore")
