"""The user's pairwise mailboxes: what is granted to contacts, and what they have granted (60-mailboxes-and-records)."""
import json
import os

from .. import crypto, message, pairwise
from ..base import MINUTE, Reject, now_week, param

KEPT_AFTER = param("max_lifetime_minutes") * MINUTE + pairwise.SKEW


class Contact:
    """What is known of one address. Times are wall time in ms."""

    def __init__(self, accepted=False, heard=False, active=0, periods=(), uid="", acknowledged=False, granted_at=0, held=None,
                 blocked=False):
        self.accepted, self.heard, self.active = accepted, heard, active
        self.periods = list(periods)        # granted ones, oldest first; the last with the uid of its message
        self.uid, self.acknowledged, self.granted_at = uid, acknowledged, granted_at
        self.held = held                    # [key (hex), end] of what it has granted
        self.blocked = blocked


class Pairwise:
    def __init__(self, agent):
        self.agent, self.identity, self.clock = agent, agent.identity, agent.clock
        self.custodians = {}    # mailbox -> the nodes at which it is collected
        self.read()

    def read(self):
        kept = self.agent.store.get_json("pairwise", {})
        self.contacts = {bytes.fromhex(address): Contact(**fields) for address, fields in kept.items()}
        self.refresh()

    def contact(self, address):
        return self.contacts.setdefault(address, Contact())

    def _changed(self):
        self.agent.store.put("pairwise", json.dumps({a.hex(): vars(c) for a, c in self.contacts.items()}))

    # --- collecting

    def collects_at(self, mailbox, node_id):
        """MBX-027: few nodes, as long as they are there. Where everyone is a member any are spread over the region."""
        there = self.agent.node.sessions.by_node
        chosen = self.custodians[mailbox] = [n for n in self.custodians.get(mailbox, []) if n in there]
        if node_id not in chosen and len(chosen) < param("pairwise_subscribed") + param("pairwise_polled"):
            chosen.append(node_id)
        return node_id in chosen

    # --- granting

    def refresh(self):
        """The seeds of what was granted and is still collected (MBX-021), by mailbox."""
        now, self.seeds = self.clock.wall(), {}
        for address, contact in self.contacts.items():
            for granted in contact.periods if self.collected(contact) else ():
                if now <= pairwise.expires_ms(self.identity, address, granted) + KEPT_AFTER:
                    for number in (granted - 1, granted):
                        seed = pairwise.mailbox_seed(self.identity, address, number)
                        self.seeds[message.mailbox_id(crypto.ed25519_public(seed))] = seed

    @staticmethod
    def collected(contact):
        """MBX-022."""
        return not contact.blocked

    def block(self, address, blocked):
        self.contact(address).blocked = blocked
        self._changed()
        self.refresh()

    def accept(self, address):
        """The user writes to it."""
        contact = self.contact(address)
        contact.accepted, contact.active = True, self.clock.wall()
        self._changed()

    def heard(self, address):
        """A message or an acknowledgement came."""
        self.contact(address).heard = True
        self._changed()
        self.consider(address)

    def consider(self, address):
        """MBX-018 to MBX-020: grants the current period's mailbox if it is due."""
        contact, now = self.contact(address), self.clock.wall()
        number = pairwise.period(self.identity, address, now)
        if not self.may_grant(contact) or contact.periods and contact.periods[-1] >= number:
            return
        if contact.periods:
            began = contact.periods[-1] * pairwise.PERIOD - pairwise.phase(self.identity, address)
            if contact.active < began:
                return
        elif sum(bool(c.periods) for c in self.contacts.values()) >= param("max_pairwise"):
            return
        contact.periods.append(number)
        self.grant(address)

    @staticmethod
    def may_grant(contact):
        return contact.accepted and contact.heard and not contact.blocked

    def grant(self, address):
        contact, now = self.contact(address), self.clock.wall()
        told = pairwise.describe(self.identity, address, now)
        contact.uid, contact.acknowledged, contact.granted_at = os.urandom(16).hex(), False, now
        self._changed()
        self.refresh()
        self.agent.collect_everywhere()
        from .agent import Outgoing
        self.agent.dispatch(Outgoing(contact.uid, address.hex(), "", now, grant=[told["mailbox_key"], told["expires_ms"]]))

    def acknowledged(self, out):
        address = bytes.fromhex(out.to)
        if out.uid == self.contact(address).uid:
            self.contact(address).acknowledged = True
        self.heard(address)

    # --- mail

    def arrived(self, opened, mailbox):
        contact = self.contact(opened.sender)
        if opened.kind == "mailbox_grant":
            self.take(opened.sender, opened.content)
        else:
            contact.active = self.clock.wall()
            lost = contact.periods and contact.acknowledged and mailbox not in self.seeds
            if lost and self.clock.wall() - contact.granted_at >= param("pairwise_regrant"):
                self.grant(opened.sender)
        self.heard(opened.sender)

    def take(self, address, content):
        """MBX-026: keeps a grant, or not."""
        contact, key, ends = self.contact(address), content["mailbox_key"], content.get("expires_ms", 0)
        try:
            self.check(address, key, ends)
        except Reject:
            return
        contact.held = [key.hex(), ends]
        self._changed()

    def check(self, address, key, ends):
        held = self.contact(address).held
        pairwise.check_grant(key, ends, self.clock.wall())
        if held and ends <= held[1]:
            raise Reject("policy/grant-older", "ignore")
        if self.taken(address, key):
            raise Reject("policy/grant-taken", "ignore")

    def taken(self, address, key):
        """Whether a key is that of an own mailbox or another contact's."""
        weeks = range(self.agent.weeks()[0], now_week(self.clock.wall()) + 1 + param("mailbox_weeks_ahead"))
        own = {self.identity.mailbox_key(week) for week in weeks}
        return key in own or message.mailbox_id(key) in self.seeds or any(
            other.held and other.held[0] == key.hex() for a, other in self.contacts.items() if a != address)

    # --- writing

    def mailbox(self, out, record):
        """Where a copy goes: the first to what the contact has granted (MBX-023), further ones to the public mailbox."""
        now, held = self.clock.wall(), self.contact(bytes.fromhex(out.to)).held
        if out.copies or not held or held[1] <= now:
            return record.mailbox_for(now)
        left = max(0, out.expires_ms() - now)
        out.falls_back_ms = now + min(param("pairwise_fallback"), left // 2)
        return message.mailbox_id(bytes.fromhex(held[0]))

    def minutely(self):
        """MBX-024, and new periods."""
        now = self.clock.wall()
        for out in list(self.agent.outbox.values()):
            if out.falls_back_ms and now >= out.falls_back_ms:
                out.falls_back_ms = 0
                if len(out.copies) == 1 and out.state not in ("delivered", "expired", "failed"):
                    self.agent.find_key(out, again=True)
        for address in list(self.contacts):
            self.consider(address)
        self.refresh()
