"""Identities (30-crypto): what follows from a 32-byte seed, and the node's own keys."""
from . import crypto, keyrecord, message
from .base import H, now_week, param

IDENTITY_SALT = H("identity salt")[:16]
NODE_SALT = H("node id salt")[:16]


class Identity:
    """Derived keys of one seed: that of a typed SECRET, or (`generated`) one whose prekeys are random, and no part of it."""

    def __init__(self, seed, generated=False):
        self.seed, self.generated = seed, generated
        self.sign_seed = crypto.kdf(seed, "commiden", 1)
        self.sign_key = crypto.ed25519_public(self.sign_seed)
        self.dh_secret, self.dh_key = crypto.dhpair(crypto.kdf(seed, "commiden", 2))
        self.mailbox_root = crypto.kdf(seed, "commiden", 3)
        self.prekey_root = crypto.kdf(seed, "commiden", 4)
        self.storage_key = crypto.kdf(seed, "commiden", 5)
        self.address = keyrecord.address_of(self.sign_key, self.dh_key)

    @classmethod
    def from_secret(cls, secret):
        return cls(crypto.identity_argon(secret, IDENTITY_SALT))

    def mailbox_seed(self, week):
        return crypto.kdf(self.mailbox_root, "commmbox", week)

    def mailbox_key(self, week):
        return crypto.ed25519_public(self.mailbox_seed(week))

    def mailbox_id(self, week):
        return message.mailbox_id(self.mailbox_key(week))

    def prekey(self, week):
        """(secret, public)."""
        return crypto.dhpair(crypto.kdf(self.prekey_root, "commprek", week))

    def record(self, now_ms, seq=None, stamp=True, **changes):
        """The signed key record of this week; `changes` replace fields."""
        week = now_week(now_ms)
        fields = {"sign_key": self.sign_key, "dh_key": self.dh_key, "seq": now_ms if seq is None else seq,
                  "created_ms": now_ms, "expires_ms": now_ms + param("record_lifetime"),
                  "prekey": self.prekey(week)[1],
                  "mailboxes": [(w, self.mailbox_id(w)) for w in range(week, week + 1 + param("mailbox_weeks_ahead"))]}
        raw = keyrecord.encode(**{**fields, **changes})
        return self.sign_record(raw, stamp)

    def sign_record(self, raw, stamp=True):
        digest = H("record", raw)
        nonce = message.make_stamp(digest, param("record_stamp_effort")) if stamp else bytes(8)
        return {"record": raw, "signature": crypto.ed25519_sign(self.sign_seed, digest), "nonce": nonce}


def node_id(node_key, profile="default"):
    return crypto.node_id_argon(node_key, NODE_SALT, profile)


def network_pair(name="comm"):
    """CURVE (secret, public) of every listener of a network."""
    return crypto.dhpair(H("network", name.encode("utf-8")))
