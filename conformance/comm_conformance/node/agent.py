"""The user's side of a node: identity, own record, collecting, sending, receiving."""
import json
import os

from .. import keyrecord, message, sealing, session, wire
from ..base import H, HOUR, MINUTE, Reject, now_week, param
from . import prekeys
from .custody import ACKED
from .pairwise import Pairwise

STATES = ("needs_key", "sealed", "queued", "relayed", "delivered", "expired", "failed")


class Outgoing:
    """One message of the user, with all its sealed copies."""

    def __init__(self, uid, to, text, sent_ms, ref=None, copies=None, state=None, lookups=0, carried="", grant=None,
                 falls_back_ms=0, withdrawn=False):
        self.uid, self.to, self.text, self.sent_ms, self.ref = uid, to, text, sent_ms, ref
        self.copies = copies or {}      # id (hex) -> ack secret (hex)
        self.state, self.lookups, self.carried = state, lookups, carried
        self.grant = grant                  # [key (hex), end] in place of a text
        self.withdrawn = withdrawn
        self.falls_back_ms = falls_back_ms  # of what was sealed to a pairwise mailbox: when the public one gets it too

    def expires_ms(self):
        return (self.sent_ms // MINUTE + param("default_lifetime_minutes")) * MINUTE


class Agent:
    def __init__(self, node, who):
        self.node, self.store, self.clock, self.identity = node, node.store, node.clock, who
        self.prekeys, self.first_session = self.own_prekeys(), None
        self.record, self.highest_seq = None, 0
        self.lookups, self.known_hash = {}, {}
        self.republish_pause = node.scale.param("key_retry_min")
        self.published = set()
        self.superseded_at = None
        self.read()
        self.pairwise = Pairwise(self)
        self.refresh_record()
        node.timers.after(HOURLY, self._hourly)
        node.timers.after(MINUTE, self._minutely)
        node.timers.after(WHILE_FEW, self._while_few)

    def read(self):
        """What is on the disk."""
        own = self.store.get_json("own record", None)
        if own:
            self.record = keyrecord.parse(*(bytes.fromhex(x) for x in own))
            self.highest_seq = max(self.highest_seq, self.record.seq)
        self.replaced = self.store.get_json("replaced records", [])  # [last week, until when its mailbox is collected]
        outgoing = [Outgoing(**json.loads(rest)) for (rest,) in self.store.rows("SELECT rest FROM outbox")]
        self.outbox = {out.uid: out for out in outgoing}

    # --- own record and mailboxes

    def weeks(self):
        week = now_week(self.clock.wall())
        return range(week - param("mailbox_weeks_back"), week + 2)

    def owned(self):
        """Seeds of the own mailboxes by id: the public ones of these weeks, and what was granted."""
        public = {self.identity.mailbox_id(week): self.identity.mailbox_seed(week) for week in self.weeks()}
        return {**public, **{self.identity.mailbox_id(w): self.identity.mailbox_seed(w) for w in self.last_weeks()},
                **self.pairwise.seeds}

    def last_weeks(self):
        """MBX-003: of own records that were replaced or found."""
        now = self.clock.wall()
        return [week for week, until in self.replaced if now < until and week <= now_week(now)]

    def _replaced(self, record):
        self.replaced = [row for row in self.replaced if row[1] > self.clock.wall()]
        self.replaced.append([record.mailboxes[-1][0], self.clock.wall() + param("prekey_kept")])
        self.store.put("replaced records", json.dumps(self.replaced))

    def owns(self, mailbox):
        return mailbox in self.owned()

    def refresh_record(self, force=False):
        week = now_week(self.clock.wall())
        if not force and self.record is not None and self.record.mailboxes[0][0] == week:
            return
        if self.record is not None:
            self._replaced(self.record)
        now = self.clock.wall()
        fields = self.identity.record(now, seq=max(now, self.highest_seq + 1), prekey=self.prekeys.current(now))
        self.record = keyrecord.parse(fields["record"], fields["signature"], fields["nonce"])
        self.highest_seq = self.record.seq
        self.store.put("own record", json.dumps([f.hex() for f in (self.record.raw, self.record.signature, self.record.nonce)]))
        if self.node.overlay.joined:
            self.publish()

    def own_prekeys(self):
        return prekeys.Random(self.store) if self.identity.generated else prekeys.Derived(self.identity)

    def may_delete_prekeys(self):
        """REC-033."""
        met = self.first_session is not None and self.clock.mono() - self.first_session >= HOUR
        return met and not self.node.clock_suspect()

    def _hourly(self):
        self.node.timers.after(HOURLY, self._hourly)
        self.collect_everywhere()

    def _while_few(self):
        """MBX-012, as far as a network has it in which everyone is a member."""
        self.node.timers.after(WHILE_FEW, self._while_few)
        links, now = self.node.sessions.ready_links(), self.clock.mono()
        if sum(link.collect_answered for link in links) < param("custodians_subscribed"):
            for link in links:
                if link.collect_asked is not None and now - link.collect_asked >= ASKED_LATELY:
                    self.collect(link)

    def _minutely(self):
        self.node.timers.after(MINUTE, self._minutely)
        self.refresh_record()
        if self.may_delete_prekeys():
            self.prekeys.delete_old(self.clock.wall())
        self.pairwise.minutely()

    def joined(self):
        self.publish()
        self.collect_everywhere()
        self.node.timers.after(param("record_republish"), self._daily)

    def _daily(self):
        self.node.timers.after(param("record_republish"), self._daily)
        self.publish()

    def publish(self):
        self.published = set()
        self.node.overlay.members(keyrecord.record_region(self.identity.address), self._publish_to)

    def _publish_to(self, members):
        links = [self.node.sessions.by_node[n] for n in members if n in self.node.sessions.by_node][:64]
        outcome = {"open": len(links), "held": 0}
        for link in links:
            self._put(link, outcome)
        if not links:
            self._retry_publish()

    def _put(self, link, outcome):
        self.published.add(link.node_id)
        fields = {"record": self.record.raw, "signature": self.record.signature, "nonce": self.record.nonce}

        def answer(kind, body):
            outcome["open"] -= 1
            if kind == "record" and body.get("record"):
                outcome["held"] += 1
                self._see(body)
            if not outcome["open"] and not outcome["held"]:
                self._retry_publish()
            elif outcome["held"]:
                self.republish_pause = self.node.scale.param("key_retry_min")
        self.node.sessions.request(link, "put_record", fields, answer)

    def _retry_publish(self):
        if self.node.sessions.by_node:
            self.node.timers.after(self.republish_pause, self.publish)
            self.republish_pause = min(2 * self.republish_pause, self.node.scale.param("key_retry_max"))

    def _see(self, body):
        try:
            record = keyrecord.check(body["record"], body["signature"], body["nonce"], self.clock.wall())
        except Reject:
            return None
        self.saw_record(record)
        return record

    def saw_record(self, record):
        """REC-024: an own record that this node did not make."""
        if record.address != self.identity.address or record.raw == self.record.raw or record.seq < self.record.seq:
            return
        now = self.clock.mono()
        if self.superseded_at is None or now - self.superseded_at >= HOURLY:
            self.superseded_at = now
            self.highest_seq = max(self.highest_seq, record.seq)
            self._replaced(record)
            self.node.event(ev="error", what="another record of this identity was found: the secret may be in use elsewhere")
            self.refresh_record(force=True)

    def link_ready(self, link):
        if self.first_session is None:
            self.first_session = self.clock.mono()
        if self.node.overlay.joined:
            self.collect(link)
            if link.node_id not in self.published and len(self.published) < 64:
                self._put(link, {"open": 1, "held": 0})
        for out in self.outbox.values():
            if out.state == "needs_key":
                self.find_key(out)

    def collect_everywhere(self):
        for link in self.node.sessions.ready_links():
            self.collect(link)

    def collect(self, link):
        link.collect_asked = self.clock.mono()
        for mailbox, seed in self.owned().items():
            if mailbox not in self.pairwise.seeds or self.pairwise.collects_at(mailbox, link.node_id):
                self._collect(link, seed)

    def _collect(self, link, seed):
        def answer(kind, body):
            link.collect_answered |= kind == "collected"
            if kind != "collected" and not link.closed:
                self.node.timers.after(1000, self._collect, link, seed)
        if not link.closed:
            self.node.sessions.request(link, "collect", session.sign_collect(seed, link.transcript), answer)

    # --- receiving

    def open_mail(self, link, header, nonce, body):
        """Deals with own mail; False when no prekey opens it (then it is kept like any message)."""
        try:
            opened = sealing.open_message(header.raw, body, self.identity.address, self.prekeys.secrets(self.clock.wall()))
            final = message.encode_ack(header.raw, nonce, opened.ack_secret)
            self._receive(opened)
            self.pairwise.arrived(opened, header.mailbox)
        except Reject as reject:
            if reject.reason in ("not-openable", "small-order"):
                self.node.sessions.fault(link, Reject("crypto/" + reject.reason))
                return False
            final = message.encode_refusal(header.raw, nonce, self.owned()[header.mailbox])
        self._finish(link, header, nonce, final)
        return True

    def _finish(self, link, header, nonce, final):
        from .custody import Held
        held = Held(header.raw, nonce, b"", ingress=link.node_id, received=self.clock.wall())
        held.state, held.final = (ACKED if message.is_ack(final) else 1), final
        self.node.custody.held[held.id] = held
        self.node.custody.exchanged(held, link.node_id)
        self.node.custody.save(held)
        self.node.sessions.send(link, "ack", {"records": [final]})
        for other in self.node.sessions.ready_links():
            if other is not link:
                self.node.sessions.send(other, "ack", {"records": [final]})

    def met_again(self, link, held):
        """ACK-025: the answer Stored{acknowledged} carries the record; nothing more is needed."""

    def _receive(self, opened):
        if opened.record is not None:
            try:
                record = keyrecord.check(opened.record.raw, opened.record.signature, bytes(8), self.clock.wall())
                self.node.records.keep(record)
            except Reject:
                pass
        if self.store.rows("SELECT 1 FROM seen WHERE sender=? AND uid=?", opened.sender, opened.uid):
            return
        self.store.write("INSERT INTO seen VALUES(?,?)", opened.sender, opened.uid)
        if opened.kind != "mailbox_grant" and self.shows(opened.sender):
            text = opened.content if opened.kind == "text" else None
            self.store.write("INSERT INTO inbox(sender, uid, text) VALUES(?,?,?)", opened.sender, opened.uid, text)
            fields = {} if text is None else {"text": text}
            self.node.event(ev="received", uid=opened.uid.hex(), **{"from": opened.sender.hex()}, **fields)

    def shows(self, sender):
        """ACK-029."""
        return not self.pairwise.contact(sender).blocked

    # --- sending

    def send(self, to, text, ref):
        sealing.check_text(text.encode("utf-8"))
        self.pairwise.accept(to)
        self.dispatch(Outgoing(os.urandom(16).hex(), to.hex(), text, self.clock.wall(), ref))

    def dispatch(self, out):
        to = bytes.fromhex(out.to)
        self.outbox[out.uid] = out
        record = self.node.records.records.get(to)
        if record is not None and self.clock.wall() - record.created_ms <= param("record_refresh_age"):
            self.seal(out, record)
        else:
            self.find_key(out)
        self._save(out)

    def _save(self, out):
        self.store.write("INSERT OR REPLACE INTO outbox VALUES(?,?)", out.uid, json.dumps(vars(out)))

    def state(self, out, state, **more):
        """States never go backwards, but for needs_key, which comes first."""
        if out.state is not None and STATES.index(state) < STATES.index(out.state):
            return
        if state == out.state and state != "relayed":
            return
        out.state = state
        self._save(out)
        if not out.grant:
            self.node.event(ev="state", uid=out.uid, ref=out.ref, state=state, **more)

    def find_key(self, out, again=False):
        """Asks the region for the recipient's record; seals to the best (REC-025)."""
        if out.uid in self.lookups:
            return
        self.lookups[out.uid] = True
        address = bytes.fromhex(out.to)
        self.node.overlay.members(keyrecord.record_region(address), lambda members: self._ask(out, address, members, again))

    def _ask(self, out, address, members, again):
        links = [self.node.sessions.by_node[n] for n in members if n in self.node.sessions.by_node][:16]
        progress = {"open": len(links)}

        def answer(kind, body):
            progress["open"] -= 1
            if kind == "record" and body["address"] == address and body.get("record"):
                self._found(address, body)
            if not progress["open"]:
                self._asked(out, address, again)
        for link in links:
            self.node.sessions.request(link, "get_record", {"address": address}, answer)
        if not links:
            self._asked(out, address, again)

    def _found(self, address, body):
        try:
            record = keyrecord.check(body["record"], body["signature"], body["nonce"], self.clock.wall())
            if record.address == address:
                self._compare(record)
                self.node.records.keep(record)
        except Reject:
            pass

    def _compare(self, record):
        """REC-015."""
        held = self.node.records.records.get(record.address)
        if held is not None and held.seq == record.seq and held.raw != record.raw:
            self.node.event(ev="error", address=record.address.hex(),
                            what="two different key records of one number exist: the secret may be in use elsewhere")

    def _asked(self, out, address, again):
        self.lookups.pop(out.uid, None)
        if out.state in ("delivered", "expired", "failed") or (out.copies and not again):
            return
        record = self.node.records.records.get(address)
        if record is not None:
            out.lookups = 0
            self.seal(out, record)
            return
        self.state(out, "needs_key")
        out.lookups += 1
        pause = min(self.node.scale.param("key_retry_min") * 2**min(out.lookups, 20), self.node.scale.param("key_retry_max"))
        self.node.timers.after(pause, self.find_key, out)

    def price(self, held, effort):
        """CUS-020: a relay named the effort it would accept."""
        out, record = self.of_copy(held.id), None
        if out is not None:
            record = self.node.records.records.get(bytes.fromhex(out.to))
        if record is None or effort > param("max_paid_effort") or len(out.copies) > 3:
            return
        efforts = [self.node.custody.held[bytes.fromhex(i)].header.effort for i in out.copies
                   if bytes.fromhex(i) in self.node.custody.held]
        if max(efforts) < effort:
            self.seal(out, record, effort)

    def seal(self, out, record, effort=0):
        address = bytes.fromhex(out.to)
        sent = out.sent_ms
        own = {"record": self.record.raw, "signature": self.record.signature}
        known = self.known_hash.get(out.to)
        known = known if known == self.record.hash else None
        plain_fields = ({"record_hash": known} if known else {"record": own["record"], "record_signature": own["signature"]})
        content = {"text": out.text} if not out.grant else {
            "mailbox_grant": {"mailbox_key": bytes.fromhex(out.grant[0]), "expires_ms": out.grant[1]}}
        plain = sealing.encode_sealed(sign_key=self.identity.sign_key, uid=bytes.fromhex(out.uid), sent_at_ms=sent,
                                      **content, **plain_fields)
        lifetime = param("default_lifetime_minutes")
        sealed = sealing.seal_bytes(plain, self.identity.dh_secret, address, record.prekey,
                                    self.pairwise.mailbox(out, record), sent // MINUTE + lifetime, lifetime,
                                    os.urandom(32), effort=max(effort, record.min_effort))
        out.copies[sealed.id.hex()] = sealed.ack_secret.hex()
        out.carried = "" if known else self.record.hash.hex()
        held = self.node.custody.originate(sealed.header, sealed.nonce, sealed.body)
        self.state(out, "sealed")
        self._save(out)
        return held

    def of_copy(self, identifier):
        return next((out for out in self.outbox.values() if identifier.hex() in out.copies), None)

    def report(self, held):
        out = self.of_copy(held.id)
        if out is not None:
            self.state(out, "relayed", relays=sum(p.holder for p in held.peers.values()))

    def ended(self, held):
        """A final record for one of the own copies became effective."""
        out = self.of_copy(held.id)
        if out is None or self.forgotten(out):
            return
        if held.state == ACKED:
            if out.state == "expired":
                out.state = "queued"
                self.state(out, "delivered", late=True)
            self.state(out, "delivered")
            if out.carried:
                self.known_hash[out.to] = bytes.fromhex(out.carried)
            self.pairwise.acknowledged(out)
            self._withdraw(out, held)
        elif out.state != "delivered":
            if len(out.copies) > param("max_reseals"):
                self.state(out, "failed", reason="the recipient cannot open it")
            else:
                self.find_key(out, again=True)

    @staticmethod
    def forgotten(out):
        """ACK-034."""
        return out.withdrawn

    def withdraw(self, uid):
        """The user's wish (ACK-033)."""
        out = self.outbox.get(uid)
        if out is not None and out.state not in ("delivered", "failed"):
            out.withdrawn = True
            self._save(out)
            self._withdraw(out, None)
            self.state(out, "failed", reason="withdrawn")

    def _withdraw(self, out, acknowledged):
        """CUS-044: the other copies by their own acknowledgements."""
        for identifier, secret in out.copies.items():
            other = self.node.custody.live(bytes.fromhex(identifier))
            if other is not None and other is not acknowledged:
                self.node.custody.end(other, message.encode_ack(other.header.raw, other.nonce, bytes.fromhex(secret)), None)

    def expired(self, held):
        out = self.of_copy(held.id)
        if out is not None and out.state != "delivered":
            self.state(out, "expired")


HOURLY = param("collect_poll")
WHILE_FEW, ASKED_LATELY = 30_000, 1_800_000
assert H and wire
