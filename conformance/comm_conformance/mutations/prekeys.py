"""Prekeys of generated identities, and the key of the node beside them."""
from .. import crypto
from ..base import now_week, param
from ..node import agent, main, prekeys
from ..node.base import Store
from .base import ignore, mutant, patch


@mutant("generated-prekeys-derived", "CRY-007")
def _():
    agent.Agent.own_prekeys = lambda self: prekeys.Derived(self.identity)


@mutant("prekeys-follow-from-the-seed", "CRY-007")
def _():
    @patch(agent.Agent, "own_prekeys")
    def _(original, self):
        own = original(self)
        own.fresh = lambda: crypto.kdf(self.identity.seed, "commprek", now_week(self.clock.wall()))
        return own


@mutant("prekeys-in-memory-only", "REC-031")
def _():
    @patch(prekeys.Random, "__init__")
    def _(original, self, store):
        original(self, store)
        store.write("DELETE FROM prekeys")


@mutant("prekey-of-each-record", "REC-021")
def _():
    @patch(prekeys.Random, "current")
    def _(original, self, now):
        self.store.write("UPDATE prekeys SET week=0")
        return original(self, now)


@mutant("replaced-prekeys-kept", "REC-032")
def _():
    ignore(prekeys.Random, "delete_old")


@mutant("deleted-prekeys-come-back", "REC-032")
def _():
    def hide(self, now):
        self.hidden = now - param("prekey_kept")
    prekeys.Random.delete_old = hide
    prekeys.Random.secrets = lambda self, now: [
        secret for _, _, secret, replaced in self._rows() if not 0 < replaced < getattr(self, "hidden", 0)]


@mutant("prekeys-deleted-at-the-start", "REC-033")
def _():
    agent.Agent.may_delete_prekeys = lambda self: not self.node.clock_suspect()


@mutant("prekeys-deleted-by-a-suspect-clock", "REC-033")
def _():
    agent.Agent.may_delete_prekeys = lambda self: self.first_session is not None and (
        self.clock.mono() - self.first_session >= agent.HOUR)


@mutant("node-key-of-the-identity", "CRY-011")
def _():
    @patch(main.Node, "__init__")
    def _(original, self, directory, who, *arguments, **named):
        store = Store(directory)
        store.put("node seed", crypto.kdf(who.seed, "commiden", 6))
        store.commit()
        store.db.close()
        original(self, directory, who, *arguments, **named)
