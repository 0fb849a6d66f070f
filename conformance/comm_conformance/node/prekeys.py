"""The user's prekeys (60-mailboxes-and-records, Prekeys): derived from a SECRET's seed, or random, kept and deleted with time."""
import os

from .. import crypto
from ..base import WEEK, now_week, param

WEEKS = -(-param("prekey_kept") // WEEK)  # for which what was derived is still tried


class Derived:
    """CRY-006: of any week, at any time."""

    def __init__(self, identity):
        self.identity = identity

    def current(self, now):
        return self.identity.prekey(now_week(now))[1]

    def secrets(self, now):
        """Newest first; next week's is used by a writer whose clock is ahead."""
        week = now_week(now)
        return [self.identity.prekey(w)[0] for w in range(week + 1, week - WEEKS - 1, -1)]

    def delete_old(self, now):
        """What can be derived again cannot be deleted."""


class Random:
    """CRY-007: one of each week in which a record was made, as a row (number, week, secret, when it was replaced or 0)."""

    def __init__(self, store):
        self.store = store

    def _rows(self):
        return self.store.rows("SELECT number, week, secret, replaced FROM prekeys ORDER BY number DESC")

    def current(self, now):
        rows = self._rows()
        if not rows or rows[0][1] != now_week(now):
            self.store.write("UPDATE prekeys SET replaced=? WHERE replaced=0", now)
            self.store.write("INSERT INTO prekeys(week, secret, replaced) VALUES(?,?,0)", now_week(now), self.fresh())
            rows = self._rows()
        return crypto.x25519_public(rows[0][2])

    @staticmethod
    def fresh():
        return os.urandom(32)

    def secrets(self, now):
        return [secret for _, _, secret, _ in self._rows()]

    def delete_old(self, now):
        """REC-032."""
        self.store.write("DELETE FROM prekeys WHERE replaced>0 AND replaced<?", now - param("prekey_kept"))
