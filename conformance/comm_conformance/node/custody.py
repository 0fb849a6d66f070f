"""Custody: keeping, spreading, offering again, final records (40-custody, 50-ack)."""
import json

from .. import message, wire
from ..base import GRACE, HEADER, Reject, param
from . import disk
from .held import ACKED, LIVE, REFUSED_STATE, Held, Peering
from .room import Room, work_of


class Custody:
    def __init__(self, node):
        self.node, self.clock, self.store, self.scale = node, node.clock, node.store, node.scale
        self.read()
        node.timers.after(60_000, self._expire)

    def read(self):
        """What is held is what the disk says."""
        self.held = {}
        self.wanted = {}    # id -> {"asked": node id, "header": raw, "offers": [node ids]}
        for row in self.store.rows("SELECT header, nonce, body, state, final, rest FROM messages"):
            self._load(*row)

    def _load(self, header, nonce, body, state, final, rest):
        rest = json.loads(rest)
        held = Held(header, nonce, body, rest["own"], bytes.fromhex(rest["ingress"]), rest["received"])
        held.state, held.final = state, final
        for name, fields in rest["peers"].items():
            held.peers[bytes.fromhex(name)] = Peering(**fields)
        self.held[held.id] = held

    def resume(self):
        """After a start: go on offering, own messages at once."""
        now = self.clock.wall()
        for held in self.held.values():
            for node_id, peering in held.peers.items():
                if peering.due is not None:
                    self._arm(held, node_id, max(0, min(peering.due - now, param("backoff_cap"))) if not held.own else 0)
            if held.state == LIVE:
                self._every(held)

    def save(self, held):
        rest = {"own": held.own, "ingress": held.ingress.hex(), "received": held.received,
                "peers": {n.hex(): vars(p) for n, p in held.peers.items()}}
        self.store.write("INSERT OR REPLACE INTO messages VALUES(?,?,?,?,?,?,?)", held.id, held.state, held.header.raw,
                         held.nonce, held.body, held.final, json.dumps(rest))

    def live(self, identifier):
        held = self.held.get(identifier)
        return held if held is not None and held.state == LIVE else None

    def current(self, held):
        return held.state == LIVE and held.header.expires_ms > self.clock.wall()

    def exchanged(self, held, node_id, **changes):
        """Notes that a node dealt with a message (CUS-010)."""
        peering = held.peers.get(node_id)
        if peering is None:
            if sum(p.exchanged for p in held.peers.values()) >= param("max_exchanged_peers"):
                return Peering()
            peering = held.peers[node_id] = Peering()
        peering.exchanged = True
        for name, value in changes.items():
            setattr(peering, name, value)
        return peering

    # --- Message

    def on_message(self, link, request_id, body, fetched):
        statuses = []
        for item in body["items"]:
            try:
                status = self.take(link, item, fetched)
            except Reject as reject:
                self.node.sessions.fault(link, reject)
                continue
            if status is not None:
                statuses.append(status)
        if statuses and not link.closed:
            self.node.sessions.send(link, "stored", {"items": statuses}, 0 if fetched else request_id)

    def take(self, link, item, fetched):
        """One item; the StoredItem that answers it, or None."""
        header = message.parse_header(item["header"])
        message.check_lifetime(header, self.clock.wall())
        message.check_message(header, item["nonce"], item["body"])
        self.wanted.pop(header.id, None)
        held = self.held.get(header.id)
        if held is not None:
            return self.known(link, held)
        agent = self.node.agent
        if agent is not None and agent.owns(header.mailbox) and agent.open_mail(link, header, item["nonce"], item["body"]):
            return None
        refusal = self.refusal(header, link.node_id)
        if refusal is not None:
            return refusal
        if self.node.disk.is_behind():
            return {"id": header.id, "status": wire.ST_BUSY}
        self.node.disk.staged += len(item["body"]) + HEADER
        for gone in self.room(header, link.node_id)[1]:
            self._evict(gone)
        held = Held(item["header"], item["nonce"], item["body"], ingress=link.node_id, received=self.clock.wall())
        self.held[held.id] = held
        self.exchanged(held, link.node_id, holder=True, settled=True)
        self.save(held)
        self._spread(held, lazily=fetched or (agent is not None and agent.owns(header.mailbox)))
        self._every(held)
        return {"id": header.id, "status": wire.STORED}

    def known(self, link, held):
        if held.state != LIVE:
            if self.node.agent is not None:
                self.node.agent.met_again(link, held)
            return {"id": held.id, "status": wire.ACKNOWLEDGED, "ack": held.final}
        self.exchanged(held, link.node_id, holder=True, settled=True, due=None)
        return {"id": held.id, "status": wire.DUPLICATE}

    def room(self, header, ingress):
        """(the StoredItem that refuses a message for want of room or None, those that would give way)."""
        if self.node.agent is not None and self.node.agent.owns(header.mailbox):
            return None, []
        return Room(self.node, self.held).find(header, ingress)

    def refusal(self, header, ingress):
        if self.node.disk.is_full() and not (self.node.agent is not None and self.node.agent.owns(header.mailbox)):
            return disk.refused(header.id)
        refusal, _ = self.room(header, ingress)
        if refusal is not None:
            self.node.reconciliation.forget_room(header.id)
        return refusal

    def _evict(self, held):
        """CUS-053: told to all who dealt with it, once that is durable."""
        del self.held[held.id]
        self.store.write("DELETE FROM messages WHERE id=?", held.id)
        self.node.reconciliation.forget_room(held.id)
        for node_id, peering in held.peers.items():
            link = self.node.sessions.by_node.get(node_id)
            if peering.exchanged and link is not None:
                self.node.sessions.send(link, "stored", {"items": [{"id": held.id, "status": wire.EVICTED}]})

    # --- Offer, Want, Stored

    def on_offer(self, link, body):
        wants = []
        for item in body["items"]:
            try:
                header = message.parse_header(item["header"])
                message.check_lifetime(header, self.clock.wall())
            except Reject as reject:
                self.node.sessions.fault(link, reject)
                continue
            held = self.held.get(header.id)
            if held is not None and held.state != LIVE:
                self.exchanged(held, link.node_id)
                self.node.sessions.send(link, "ack", {"records": [held.final]})
            elif held is not None:
                status = self.known(link, held)
                self.save(held)
                self.node.sessions.send(link, "stored", {"items": [status]})
            elif (refusal := self.refusal(header, link.node_id)) is not None:
                self.node.sessions.send(link, "stored", {"items": [refusal]})
            elif header.id not in self.wanted and not self.may_ask(link):
                self.node.sessions.send(link, "stored", {"items": [{"id": header.id, "status": wire.ST_BUSY}]})
            elif self.offered(link, header.id):
                wants.append(header.id)
        self.ask_for(link, wants)

    def ask_for(self, link, ids):
        for start in range(0, len(ids), 64):
            self._want(link, ids[start:start + 64])

    def may_ask(self, link):
        """CUS-047."""
        asked_here = sum(e["asked"] == link.node_id for e in self.wanted.values())
        return len(self.wanted) < param("max_wanted") and asked_here < param("max_wanted_per_peer")

    def offered(self, link, identifier):
        """Whether the id is to be asked for here and now."""
        entry = self.wanted.get(identifier)
        if entry is None:
            if not self.may_ask(link):
                return False
            self.wanted[identifier] = {"asked": link.node_id, "offers": []}
            return True
        if link.node_id != entry["asked"] and link.node_id not in entry["offers"] and len(entry["offers"]) < 8:
            entry["offers"].append(link.node_id)
        return False

    def _want(self, link, ids):
        def answer(kind, body):
            if kind == "message" and not link.closed:
                self.on_message(link, 0, body, fetched=True)
            left = [one for one in ids if self.wanted.get(one, {}).get("asked") == link.node_id]
            if len(left) < len(ids) and not link.closed:
                self.ask_for(link, left)  # REQ-010
                return
            for one in left:
                self._want_failed(one, self.wanted[one])
        self.node.sessions.request(link, "want", {"ids": ids}, answer)

    def _want_failed(self, identifier, entry):
        while entry["offers"]:
            entry["asked"] = entry["offers"].pop(0)
            other = self.node.sessions.by_node.get(entry["asked"])
            if other is not None:
                self._want(other, [identifier])
                return
        del self.wanted[identifier]

    def on_want(self, link, request_id, body):
        items, finals, size = [], [], 0
        for identifier in body["ids"]:
            held = self.held.get(identifier)
            if held is None:
                continue
            if held.state != LIVE:
                finals.append(held.final)
            elif self.current(held) and len(items) < param("max_messages_per_packet"):
                size += len(held.body) + 200
                if items and size > param("max_packet_bytes") - 1000:
                    continue
                items.append(held.item())
                self.exchanged(held, link.node_id)
                self.save(held)
        if finals:
            self.node.sessions.send(link, "ack", {"records": finals[:param("max_acks_per_packet")]})
        if items:
            self.node.sessions.send(link, "message", {"items": items}, request_id)
        else:
            self.node.sessions.send(link, "error", {"code": wire.NOT_HELD}, request_id)

    def on_stored(self, link, body):
        for item in body["items"]:
            if item["status"] == wire.ACKNOWLEDGED:
                self._stored_final(link, item)
                continue
            held = self.live(item["id"])
            peering = held.peers.get(link.node_id) if held is not None else None
            if peering is None or not peering.exchanged:
                continue  # state/unsolicited-stored
            if item["status"] in (wire.STORED, wire.DUPLICATE):
                peering.holder, peering.settled, peering.due = True, True, None
                self.node.report(held)
            elif item["status"] == wire.ST_REFUSED and item["reason"] != wire.DISK:
                peering.settled, peering.due = True, None
                if held.own:
                    self.add_entries(held, 1)
                    if item["reason"] == wire.PRICE and self.node.agent is not None:
                        self.node.agent.price(held, item.get("price", 0))
            elif item["status"] == wire.EVICTED:
                self._evicted(held, link.node_id, peering)
            self.save(held)

    def _evicted(self, held, node_id, peering):
        """CUS-055."""
        was_holder, peering.holder = peering.holder, False
        if held.own and was_holder:
            peering.settled, peering.attempts = False, min(peering.attempts, 1)
            self._arm(held, node_id, self.scale.backoff(peering.attempts))
            self.add_entries(held, 1)

    def _stored_final(self, link, item):
        if message.message_id(item["ack"][:HEADER]) != item["id"]:
            return  # crypto/ack-of-other-id, statistics
        self.on_final(link, item["ack"])

    # --- final records

    def on_ack(self, link, body):
        for record in body["records"]:
            self.on_final(link, record)

    def on_final(self, link, record):
        identifier = message.message_id(record[:HEADER])
        held = self.held.get(identifier)
        if held is not None and held.state >= (ACKED if message.is_ack(record) else REFUSED_STATE):
            self.exchanged(held, link.node_id) if link is not None else None
            return
        if not message.is_ack(record) and link is not None and not link.costly.take():
            return
        try:
            header = message.check_final(record, self.clock.wall())
            if held is None:
                self._foreign(header, record, link)
                return
        except Reject as reject:
            if link is not None:
                self.node.sessions.fault(link, reject)
            return
        self.end(held, record, link)

    def end(self, held, record, link):
        """A final record becomes effective (ACK-012, ACK-014)."""
        held.final = record
        held.state = ACKED if message.is_ack(record) else REFUSED_STATE
        held.body = b""
        for peering in held.peers.values():
            peering.due = None
        self.save(held)
        self.spread_final(held, link)
        if self.node.agent is not None:
            self.node.agent.ended(held)

    def spread_final(self, held, bringer):
        for node_id, peering in held.peers.items():
            other = self.node.sessions.by_node.get(node_id)
            if peering.exchanged and other is None:
                self.node.overlay.reach(node_id, "ack", {"records": [held.final]})  # ACK-036
            elif peering.exchanged and other is not bringer:
                self.node.sessions.send(other, "ack", {"records": [held.final]})

    def _foreign(self, header, record, link):
        if header.expires_ms - header.lifetime * 60_000 > self.clock.wall() + 7_200_000:
            raise Reject("policy/from-the-future", "ignore")
        foreign = [h for h in self.held.values() if h.state != LIVE and not h.received]
        share = self.node.quotas["store_quota"] * param("foreign_ack_quota_percent") // 100
        if (len(foreign) + 1) * param("tombstone_cost_bytes") > share:
            least = min(foreign, key=lambda h: work_of(h.header), default=None)
            if least is None or work_of(least.header) >= work_of(header):
                raise Reject("policy/foreign-ack-quota", "ignore")
            del self.held[least.id]
            self.store.write("DELETE FROM messages WHERE id=?", least.id)
        held = Held(header.raw, record[HEADER:HEADER + 8], b"", ingress=link.node_id if link else b"")
        held.state, held.final = (ACKED if message.is_ack(record) else REFUSED_STATE), record
        self.held[held.id] = held
        self.save(held)

    # --- offering

    def _spread(self, held, lazily):
        for link in self.node.sessions.ready_links():  # CUS-030
            if held.header.mailbox in link.mailboxes:
                self.target(held, link.node_id)
        if lazily:
            pause = self.scale.ms(self.scale.random.randint(60_000, 120_000))
            self.node.timers.after(pause, self.spread_lazily, held.id)
        else:
            self.node.overlay.members(held.header.mailbox, lambda members: self._to_members(held, members))

    def _to_members(self, held, members):
        if not self.current(held):
            return
        for node_id in members:
            peering = held.peers.get(node_id)
            if node_id != self.node.node_id and (peering is None or not (peering.holder or peering.target)):
                self.target(held, node_id)
        if not members:
            self.node.timers.after(self.scale.jitter(self.scale.ms(60_000)), self._again, held.id)
        self.save(held)

    def _again(self, identifier):
        held = self.live(identifier)
        if held is not None:
            self.node.overlay.members(held.header.mailbox, lambda members: self._to_members(held, members))

    def spread_lazily(self, identifier):
        held = self.live(identifier)
        if held is None or not self.current(held):
            return

        def chosen(members):
            fresh = [n for n in members if n != self.node.node_id and n not in held.peers]
            self.scale.random.shuffle(fresh)
            for node_id in fresh[:2]:
                self.target(held, node_id)
        self.node.overlay.members(held.header.mailbox, chosen)

    def target(self, held, node_id, push=False):
        """Begins (or begins anew) to offer a message to a node."""
        peering = held.peers.setdefault(node_id, Peering())
        peering.target, peering.settled, peering.due = True, False, self.clock.wall()
        self._arm(held, node_id, 0, push)

    def _arm(self, held, node_id, pause, push=False):
        peering = held.peers[node_id]
        peering.due = self.clock.wall() + int(pause)
        self.node.timers.after(pause, self._due, held.id, node_id, peering.due, push)

    def _due(self, identifier, node_id, due, push):
        held = self.live(identifier)
        peering = held.peers.get(node_id) if held is not None else None
        if peering is None or peering.due != due or peering.settled:
            return
        if not self.current(held):
            self.look_again(self._due, identifier, node_id, due, push)
            return
        if self.node.disk.is_full():
            self._arm(held, node_id, self.node.disk.pause(), push)
            return
        link = self.node.sessions.by_node.get(node_id)
        if link is None:
            age = self.clock.wall() - held.received
            self._arm(held, node_id, min(max(age // 4, 2_000), 3_600_000), push)
            self.node.overlay.reach(node_id)
            return
        if peering.attempts >= param("max_offer_attempts"):
            peering.due, peering.settled = None, True
            return
        peering.attempts += 1
        peering.exchanged = True
        kind, item = ("message", held.item()) if push and peering.attempts == 1 else ("offer", held.offer())
        self.node.sessions.send(link, kind, {"items": [item]})
        self._arm(held, node_id, self.scale.backoff(peering.attempts))
        self.save(held)

    def look_again(self, function, *arguments):
        """CUS-046: what has expired by a clock that is suspect may turn out not to have."""
        if self.node.clock_suspect():
            self.node.timers.after(60_000, function, *arguments)

    def link_ready(self, link):
        """What waited for a session is due now."""
        for held in list(self.held.values()):
            if held.state != LIVE or not self.current(held):
                continue
            peering = held.peers.get(link.node_id)
            if peering is not None and peering.due is not None and not peering.settled:
                self._arm(held, link.node_id, 0)
            elif held.own:
                holders = sum(p.holder for p in held.peers.values())
                if holders < param("entry_peers") and len(held.peers) < 6:
                    self.target(held, link.node_id, push=True)

    def _every(self, held):
        wait = self.scale.param("settled_reoffer")
        if held.own:
            age = self.clock.wall() - held.received
            wait = min(max(age, self.scale.param("origin_refresh_first")), self.scale.param("origin_refresh"))
        self.node.timers.after(self.scale.jitter(wait), self._refresh, held.id)

    def _refresh(self, identifier):
        held = self.live(identifier)
        if held is None:
            return
        if not self.current(held):
            self.look_again(self._refresh, identifier)
            return
        self._every(held)
        if held.own:
            self.add_entries(held, 1)
        else:
            self.spread_lazily(identifier)
        settled = [n for n, p in held.peers.items() if p.settled and n in self.node.sessions.by_node]
        self.scale.random.shuffle(settled)
        for node_id in settled[:2]:
            mute = held.peers[node_id].attempts >= param("max_offer_attempts")
            held.peers[node_id].attempts = param("max_offer_attempts") - 1 if mute else 0
            self.target(held, node_id)

    # --- the origin and the owner

    def originate(self, header, nonce, body):
        held = Held(header, nonce, body, own=True, received=self.clock.wall())
        self.held[held.id] = held
        self.save(held)
        self.add_entries(held, param("entry_peers"))
        for link in self.node.sessions.ready_links():
            if held.header.mailbox in link.mailboxes and link.node_id not in held.peers:
                self.target(held, link.node_id, push=True)
        self._every(held)
        return held

    def add_entries(self, held, count):
        """CUS-014: random nodes with a ready session, relays first."""
        links = [link for link in self.node.sessions.ready_links() if link.node_id not in held.peers]
        self.scale.random.shuffle(links)
        links.sort(key=lambda link: link.role != wire.RELAY)
        for link in links[:count]:
            self.target(held, link.node_id, push=True)

    def collected(self, link, mailbox):
        """MBX-006, MBX-008."""
        waiting = 0
        for held in list(self.held.values()):
            if held.header.mailbox == mailbox and self.current(held):
                waiting += 1
                for node_id, peering in held.peers.items():
                    if not peering.settled and peering.due is not None:
                        peering.attempts = 0
                held.peers.setdefault(link.node_id, Peering()).attempts = 0
                self.target(held, link.node_id)
        return waiting

    # --- expiry

    def _expire(self):
        self.node.timers.after(60_000, self._expire)
        if self.node.clock_suspect():
            return
        now = self.clock.wall()
        for held in list(self.held.values()):
            if held.own and held.state == LIVE and held.header.expires_ms <= now and self.node.agent is not None:
                self.node.agent.expired(held)
            if held.header.expires_ms + GRACE <= now:
                del self.held[held.id]
                self.store.write("DELETE FROM messages WHERE id=?", held.id)
