"""Pairwise mailboxes."""
from .. import message, pairwise
from ..node import agent
from ..node.pairwise import Pairwise
from .base import ignore, mutant, patch, tolerate

HOUR = 3_600_000

tolerate("expired-grant-kept", "MBX-026", pairwise, "policy/grant-expired")
tolerate("endless-grant-kept", "MBX-026", pairwise, "policy/grant-lifetime")
tolerate("any-grant-key-kept", "MBX-026", pairwise, "crypto/grant-key")


@mutant("older-grant-kept", "MBX-026")
def _():
    @patch(Pairwise, "take")
    def _(original, self, address, content):
        self.contact(address).held = None
        original(self, address, content)


@mutant("taken-mailbox-kept", "MBX-026")
def _():
    ignore(Pairwise, "taken", False)


@mutant("grant-ends-later", "MBX-017")
def _():
    patch(pairwise, "expires_ms")(lambda original, *arguments: original(*arguments) + 1)


@mutant("next-period-granted", "MBX-017")
def _():
    patch(pairwise, "period")(lambda original, *arguments: original(*arguments) + 1)


@mutant("strangers-are-granted", "MBX-018")
def _():
    Pairwise.may_grant = staticmethod(lambda contact: contact.heard)


@mutant("the-silent-are-granted", "MBX-018")
def _():
    Pairwise.may_grant = staticmethod(lambda contact: contact.accepted)


@mutant("granted-every-hour", "MBX-019")
def _():
    @patch(Pairwise, "minutely")
    def _(original, self):
        for address, contact in list(self.contacts.items()):
            if contact.periods and self.clock.wall() - contact.granted_at >= HOUR:
                self.grant(address)
        original(self)


@mutant("granted-not-collected", "MBX-021")
def _():
    patch(agent.Agent, "owned")(lambda original, self: {m: s for m, s in original(self).items() if m not in self.pairwise.seeds})


@mutant("period-before-not-collected", "MBX-021")
def _():
    @patch(Pairwise, "refresh")
    def _(original, self):
        original(self)
        before = {pairwise.mailbox_seed(self.identity, a, c.periods[0] - 1) for a, c in self.contacts.items() if c.periods}
        self.seeds = {mailbox: seed for mailbox, seed in self.seeds.items() if seed not in before}


@mutant("granted-in-memory-only", "MBX-021")
def _():
    ignore(Pairwise, "_changed")


@mutant("grant-held-unused", "MBX-023")
def _():
    Pairwise.mailbox = lambda self, out, record: record.mailbox_for(self.clock.wall())


@mutant("grant-used-after-its-end", "MBX-023")
def _():
    @patch(Pairwise, "mailbox")
    def _(original, self, out, record):
        held = self.contact(bytes.fromhex(out.to)).held
        return message.mailbox_id(bytes.fromhex(held[0])) if held and not out.copies else original(self, out, record)


@mutant("grant-of-anybody-used", "MBX-023")
def _():
    @patch(Pairwise, "mailbox")
    def _(original, self, out, record):
        held = [c.held for c in self.contacts.values() if c.held]
        return message.mailbox_id(bytes.fromhex(held[0][0])) if held else original(self, out, record)


@mutant("no-fallback", "MBX-024")
def _():
    patch(Pairwise, "mailbox")(lambda original, self, out, record: (original(self, out, record), setattr(out, "falls_back_ms", 0))[0])


@mutant("fallback-after-an-hour", "MBX-024")
def _():
    @patch(Pairwise, "mailbox")
    def _(original, self, out, record):
        mailbox = original(self, out, record)
        out.falls_back_ms = min(out.falls_back_ms, self.clock.wall() + HOUR)
        return mailbox


@mutant("third-copy-to-granted-mailbox", "MBX-025")
def _():
    @patch(Pairwise, "mailbox")
    def _(original, self, out, record):
        held = self.contact(bytes.fromhex(out.to)).held
        return message.mailbox_id(bytes.fromhex(held[0])) if held and len(out.copies) == 2 else original(self, out, record)


@mutant("grant-shown", "CRY-025")
def _():
    @patch(agent.Agent, "_receive")
    def _(original, self, opened):
        if opened.kind == "mailbox_grant":
            self.node.event(ev="received", uid=opened.uid.hex(), text="", **{"from": opened.sender.hex()})
        original(self, opened)


@mutant("granted-once-for-all", "MBX-028")
def _():
    @patch(Pairwise, "arrived")
    def _(original, self, opened, mailbox):
        self.contact(opened.sender).acknowledged = False
        original(self, opened, mailbox)


@mutant("no-successor", "MBX-020")
def _():
    patch(Pairwise, "consider")(lambda original, self, address: self.contact(address).periods or original(self, address))


@mutant("granted-collected-everywhere", "MBX-027")
def _():
    ignore(Pairwise, "collects_at", True)
