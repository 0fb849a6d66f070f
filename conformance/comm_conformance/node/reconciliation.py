"""Reconciliation between custodians (80-sync): sessions of both sides, and what is asked for afterwards."""
import os

from .. import keyrecord, reconcile, routing, wire
from ..base import HOUR, MINUTE, Reject, param

FORGOTTEN, REOPEN, SOON, MEET, BETWEEN = MINUTE, 5_000, 20_000, 10_000, 15 * MINUTE
EDGE_TOLERANCE = 2 * HOUR // MINUTE


class Exchange:
    """One session: with whom, and on which side."""

    def __init__(self, node, requester):
        self.requester = requester
        self.nonce, self.used = os.urandom(32), node.clock.mono()
        self.after, self.key, self.view = None, None, None
        self.queue, self.learnt, self.opened = [], 0, self.used
        self.more = False

    def agree(self, node, theirs):
        nonces = (self.nonce, theirs["nonce"]) if self.requester else (theirs["nonce"], self.nonce)
        self.key = reconcile.session_key(*nonces)
        own = (node.node_id, radius_of(node))
        self.view = reconcile.View(self.after, (own, (theirs["centre"], theirs["radius"])))


def radius_of(node):
    estimate = node.overlay.size()
    radius = reconcile.MODULUS**2 if estimate <= param("everyone_custodian_up_to") else routing.region_radius(estimate)
    return min(radius, (1 << 160) - 1).to_bytes(20, "big")


class Reconciliation:
    def __init__(self, node):
        self.node, self.clock, self.scale = node, node.clock, node.scale
        self.exchanges = {}     # (node id, this node asks) -> Exchange
        self.last = {}          # when one with a node ended well
        self.refused = {}       # ids refused or evicted for want of room, and when
        self.soon = set()
        self.round_at = self.last_round = None

    # --- what this node holds

    def elements(self, view):
        out = [(reconcile.key_of(held.header.expires, held.id), held.state) for held in self.node.custody.held.values()
               if view.counts(held.header.expires, held.header.mailbox)]
        out += [(reconcile.record_key(record.address, record.hash), 0) for record in self.node.records.records.values()
                if view.counts(record.expires_ms // MINUTE, keyrecord.record_region(record.address))]
        return sorted(out)

    # --- when, and with whom (SYN-011 to SYN-014)

    def takes_part(self, link):
        return self.node.role == wire.RELAY and link.role == wire.RELAY and self._near(link.node_id)

    def _near(self, node_id):
        return routing.distance(node_id, self.node.node_id) <= int.from_bytes(radius_of(self.node), "big")

    def joined(self):
        if self.node.role == wire.RELAY:
            self._next_round(self.scale.ms(self.scale.random.randint(MEET, 4 * MEET)))

    def _next_round(self, pause):
        """The sooner one counts."""
        at = self.clock.mono() + pause
        if self.round_at is None or at < self.round_at:
            self.round_at = at
            self.node.timers.after(pause, self._round, at)

    def _round(self, at):
        if at != self.round_at:
            return
        self.round_at, self.last_round = None, self.clock.mono()
        self._next_round(self.scale.jitter(self.scale.param("sync_interval")))
        links = [link for link in self.node.sessions.ready_links() if self.takes_part(link)]
        self.scale.random.shuffle(links)
        for link in links[:param("sync_partners")]:
            self._begin(link)

    def link_ready(self, link):
        last = self.last.get(link.node_id)
        recently = last is not None and self.clock.mono() - last < self.scale.param("sync_interval") // 2
        if self.takes_part(link) and self.node.node_id < link.node_id and not recently:
            self._later(link.node_id, self.scale.ms(self.scale.random.randint(MEET, 3 * MEET)))

    def link_ended(self, link):
        for asks in (True, False):
            self.exchanges.pop((link.node_id, asks), None)
        if link.node_id is not None and self.last_round is not None and self.takes_part(link):
            earliest = self.last_round + self.scale.ms(BETWEEN) - self.clock.mono()
            self._next_round(max(earliest, self.scale.ms(self.scale.random.randint(MINUTE, 5 * MINUTE))))

    def _later(self, node_id, pause):
        if node_id not in self.soon:
            self.soon.add(node_id)
            self.node.timers.after(pause, self._meet, node_id)

    def _meet(self, node_id):
        self.soon.discard(node_id)
        link = self.node.sessions.by_node.get(node_id)
        if link is not None:
            self._begin(link)

    # --- the requester

    def _begin(self, link):
        if (link.node_id, True) in self.exchanges or len(self.exchanges) >= param("max_sync_sessions"):
            return
        exchange = self.exchanges[link.node_id, True] = Exchange(self.node, True)
        exchange.after = (self.clock.wall() + param("sync_edge")) // MINUTE
        self._ask(link, exchange, self._opening(exchange))

    def _opening(self, exchange):
        return {"nonce": exchange.nonce, "centre": self.node.node_id, "radius": radius_of(self.node),
                "after": exchange.after}

    def _ask(self, link, exchange, body):
        def answer(kind, answered):
            if self.exchanges.get((link.node_id, True)) is not exchange:
                return
            good = kind == "sync" and answered.get("answer") and (exchange.key or answered.get("nonce"))
            if good and not exchange.key:
                good = answered["after"] == exchange.after
            if good:
                self._answered(link, exchange, answered)
            else:
                del self.exchanges[link.node_id, True]
        self.node.sessions.request(link, "sync", body, answer)

    def _answered(self, link, exchange, body):
        if not exchange.key:
            exchange.agree(self.node, body)
        ours = self.elements(exchange.view)
        theirs_only = []
        for one in body.get("ranges", []):
            theirs_only += reconcile.elements_of(one.get("elements", b""))
            exchange.queue += reconcile.answer_range(exchange.key, one, ours)
        exchange.learnt += self._learn(link, theirs_only)
        if not exchange.queue or exchange.learnt >= param("max_sync_elements_per_packet"):
            del self.exchanges[link.node_id, True]
            self.last[link.node_id] = self.clock.mono()
            if exchange.queue:
                self._later(link.node_id, self.scale.ms(SOON))
            return
        exchange.queue.sort(key=lambda one: one["lower"])
        ranges, exchange.queue = self._fitting(exchange.queue)
        self._ask(link, exchange, {"ranges": ranges})

    def _fitting(self, queue):
        """What fits into one packet, and the rest."""
        elements = asked = 0
        for index, one in enumerate(queue):
            elements += len(one.get("elements", b"")) // reconcile.ELEMENT
            asked += one["mode"] != reconcile.EXTRA
            if elements > param("max_sync_elements_per_packet") or asked > param("sync_asked"):
                return queue[:index], queue[index:]
        return queue, []

    # --- the responder

    def on_sync(self, link, request_id, body):
        if not request_id or body.get("answer"):
            return  # SYN-006; an answer that nobody waits for
        if body.get("nonce"):
            exchange = self._opened(link, request_id, body)
            ranges = [{"lower": reconcile.FIRST, "upper": reconcile.LAST, "mode": reconcile.AGAIN}]
        else:
            exchange, ranges = self.exchanges.get((link.node_id, False)), []
            if exchange is None or self.clock.mono() - exchange.used > FORGOTTEN:
                self._refuse(link, request_id, wire.REFUSED)
                return
        if exchange is None:
            return
        exchange.used = self.clock.mono()
        ranges += body.get("ranges", [])
        said, theirs_only = self._judge(exchange, ranges)
        self._learn(link, theirs_only)
        greeting = self._opening(exchange) if body.get("nonce") else {}
        said.sort(key=lambda one: one["lower"])
        self.node.sessions.send(link, "sync", {**greeting, "ranges": said, "answer": True}, request_id)

    def _opened(self, link, request_id, body):
        """A new session, or None and an Error (SYN-003)."""
        edge = (self.clock.wall() + param("sync_edge")) // MINUTE
        old = self.exchanges.get((link.node_id, False))
        if abs(edge - body.get("after", 0)) > EDGE_TOLERANCE:
            self._refuse(link, request_id, wire.REFUSED)
        elif old is not None and self.clock.mono() - old.opened < REOPEN:
            self._refuse(link, request_id, wire.BUSY)
        elif old is None and len(self.exchanges) >= param("max_sync_sessions"):
            self._refuse(link, request_id, wire.BUSY)
        else:
            exchange = self.exchanges[link.node_id, False] = Exchange(self.node, False)
            exchange.after = body["after"]
            exchange.agree(self.node, body)
            return exchange
        return None

    def _refuse(self, link, request_id, code):
        self.node.sessions.send(link, "error", {"code": code}, request_id)

    def _judge(self, exchange, ranges):
        ours, said, theirs_only, size = self.elements(exchange.view), [], [], 0
        for number, one in enumerate(ranges):
            theirs_only += reconcile.elements_of(one.get("elements", b""))
            if one["mode"] == reconcile.EXTRA:
                continue
            answer = reconcile.answer_range(exchange.key, one, ours)
            added = sum(len(part.get("elements", b"")) // reconcile.ELEMENT for part in answer)
            full = (number > param("sync_asked") or len(said) + len(answer) > param("max_sync_ranges_per_packet") // 2
                    or size + added > param("max_sync_elements_per_packet"))
            if full:
                answer, added = [{"lower": one["lower"], "upper": one["upper"], "mode": reconcile.AGAIN}], 0
            said += answer
            size += added
        return said, theirs_only

    # --- what is lacking (SYN-007 to SYN-009)

    def _learn(self, link, elements):
        wanted = []
        for key, state in elements:
            expires, identifier = int.from_bytes(key[:4], "big"), key[4:]
            if expires == reconcile.RECORD_EXPIRES:
                self._learn_record(link, identifier)
            elif self._lacking(expires, identifier, state) and self.node.custody.offered(link, identifier):
                wanted.append(identifier)
        self.node.custody.ask_for(link, wanted)
        return len(wanted)

    def _lacking(self, expires, identifier, state):
        held = self.node.custody.held.get(identifier)
        if held is not None:
            return held.state < state
        refused = self.refused.get(identifier)
        lately = refused is not None and self.clock.mono() - refused < param("sync_refused_kept")
        return self.node.role == wire.RELAY and not lately and expires * MINUTE > self.clock.wall()

    def forget_room(self, identifier):
        """A message was refused or evicted for want of room."""
        self.refused[identifier] = self.clock.mono()
        while len(self.refused) > param("max_sync_refused"):
            del self.refused[next(iter(self.refused))]

    def _learn_record(self, link, name):
        address = name[:20]
        held = self.node.records.records.get(address)
        if held is None or held.hash[:12] != name[20:]:
            self.node.sessions.request(link, "get_record", {"address": address},
                                       lambda kind, body: self._got_record(kind, body, address))

    def _got_record(self, kind, body, address):
        if kind != "record" or body["address"] != address or not body.get("record"):
            return
        try:
            self.node.records.keep(keyrecord.check(body["record"], body["signature"], body["nonce"], self.clock.wall()))
        except Reject:
            pass
