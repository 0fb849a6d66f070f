"""The routing table, lookups, network size and regions (70-routing)."""
from .. import routing, wire
from ..base import param

K = param("bucket_size")
ASKED = 4 * K + 64              # RTE-017: by one lookup
KNOWN = 32                      # RTE-029: named to who is asked
FIRST_LOOK = 120_000            # RTE-028: the first look at a random point, and how long until the next, doubling


class Contact:
    def __init__(self, node_id, key, endpoint=None):
        self.node_id, self.key, self.endpoint = node_id, key, endpoint
        self.dialable = endpoint is not None
        self.heard = self.failures = 0


class Overlay:
    def __init__(self, node):
        self.node = node
        self.table, self.samples, self.lookups = {}, [], []
        self.joined = self.joining = False
        self.dialled_back_at = {}
        node.timers.after(FIRST_LOOK, self._look_around, 2 * FIRST_LOOK)

    # --- the table

    def bucket(self, node_id):
        return 160 - routing.distance(node_id, self.node.node_id).bit_length()

    def proved(self, link):
        """RTE-001: a session became ready."""
        contact = self.table.get(link.node_id)
        if contact is None:
            if not self._room(link.node_id, link.dialled):
                return
            contact = self.table[link.node_id] = Contact(link.node_id, link.their["node_key"])
        contact.heard, contact.failures = self.node.clock.mono(), 0
        if link.dialled:
            contact.endpoint, contact.dialable = link.channel.endpoint, True
        elif not contact.dialable:
            self._dial_back(contact, link)

    def reach(self, node_id, kind=None, body=None):
        """Dials a node, if it is known where, and sends it something."""
        contact = self.table.get(node_id)
        if contact is not None and contact.dialable:
            self.node.with_session(node_id, contact.endpoint,
                                   lambda link: link and kind and self.node.sessions.send(link, kind, body))

    def _room(self, node_id, dialable):
        mine = [c for c in self.table.values() if self.bucket(c.node_id) == self.bucket(node_id)]
        if len(mine) < K:
            return True
        victims = [c for c in mine if c.failures >= param("bad_after_unanswered")]
        victims += [c for c in mine if dialable and not c.dialable]
        if victims:
            del self.table[victims[0].node_id]
        return bool(victims)

    def _dial_back(self, contact, link):
        """RTE-009: the observed address, the port of the first endpoint stated."""
        endpoints = link.their.get("endpoints", [])
        last = self.dialled_back_at.get(contact.node_id)
        now = self.node.clock.mono()
        if not endpoints or (last is not None and now - last < 3_600_000):
            return
        port = int.from_bytes(endpoints[0][16:], "big")
        host = link.channel.endpoint.rpartition(":")[0]
        if port and host:
            self.dialled_back_at[contact.node_id] = now
            self.node.sessions.dial(f"{host}:{port}", contact.node_id, contact)

    def dialled_back(self, link):
        link.probe.endpoint, link.probe.dialable = link.channel.endpoint, True

    def failed(self, node_id, endpoint):
        """RTE-024: a dial that failed, or met somebody else, counts where the node has been reached, not where it was named."""
        contact = self.table.get(node_id)
        if contact is not None and contact.endpoint == endpoint and node_id not in self.node.sessions.by_node:
            contact.failures += 1

    def nearest(self, target, count, dialable=True):
        known = [c for c in self.table.values() if c.dialable or not dialable]
        return sorted(known, key=lambda c: routing.distance(c.node_id, target))[:count]

    def on_find_node(self, link, request_id, body):
        contacts = []
        for contact in self.nearest(body["target"], param("max_contacts_per_packet") + 1):
            if contact.node_id != link.node_id or contact.dialable:
                host, _, port = contact.endpoint.rpartition(":")
                contacts.append({"node_id": contact.node_id, "node_key": contact.key,
                                 "endpoint": wire.endpoint_bytes(host.strip("[]"), int(port))})
        self.node.sessions.send(link, "nodes", {"contacts": contacts[:param("max_contacts_per_packet")]}, request_id)

    # --- joining, size, regions

    def join(self):
        if not self.joining:
            self.joining = True
            self.lookup(self.node.node_id, self._join_ended, sample=True)

    def _join_ended(self, found):
        self.joined = True
        self.node.joined()

    def _look_around(self, pause):
        """RTE-028: how large is the network?"""
        self.node.timers.after(pause, self._look_around, min(2 * pause, param("table_refresh")))
        self.lookup(self.node.scale.random.randbytes(20), lambda found: None, sample=True)

    def size(self):
        return routing.n_hat(self.samples, len(self.table))

    def members(self, point, callback):
        """Node ids of the region, to callback. While everyone is a member nobody is looked up."""
        if self.size() <= param("everyone_custodian_up_to"):
            everyone = set(self.node.sessions.by_node) | {c.node_id for c in self.table.values() if c.dialable}
            self.node.timers.after(0, callback, sorted(everyone))
            return
        estimate = self.size()

        def chosen(found):
            near = [n for n in found if routing.in_region(n, point, estimate, found[:K])]
            callback(near)
        self.lookup(point, chosen)

    def lookup(self, target, callback, sample=False):
        def done(found):
            if sample and found:
                self.samples.append(routing.size_sample([routing.distance(n, target) for n in found]))
                del self.samples[:-param("size_samples")]
            callback(found)
        Lookup(self, target, done).begin()


class Lookup:
    """Paths with disjoint starts, then the merge (RTE-012 to RTE-017)."""

    def __init__(self, overlay, target, callback):
        self.overlay, self.node, self.target, self.callback = overlay, overlay.node, target, callback
        self.paths = [dict() for _ in range(param("lookup_paths"))]  # node id -> endpoint
        self.asked, self.answered, self.open = {}, set(), 0
        self.spent = [0] * len(self.paths)
        self.ended = False

    def begin(self):
        starts = self.overlay.nearest(self.target, 32)
        for number, contact in enumerate(starts):
            self.paths[number % len(self.paths)][contact.node_id] = contact.endpoint
        self.node.timers.after(param("lookup_timeout"), self.end)
        self.node.timers.after(0, self.step)

    def _distance(self, node_id):
        return routing.distance(node_id, self.target)

    def _live(self, path):
        """The k nearest candidates of a path that have not failed."""
        alive = [n for n in path if self.asked.get(n) != "failed"]
        return sorted(alive, key=self._distance)[:K]

    def step(self):
        if self.ended:
            return
        for number, path in enumerate(self.paths):
            waiting = [n for n in self._live(path) if n not in self.asked]
            open_here = sum(self.asked.get(n) == number for n in path)
            room = min(param("lookup_parallelism") - open_here, ASKED // 2 // len(self.paths) - self.spent[number])
            for one in waiting[:max(0, room)]:
                self.spent[number] += 1
                self._ask(one, path[one], number)
        if not self.open and not self._merge():
            self.end()

    def _merge(self):
        """RTE-015: the paths are done; whether somebody else is asked."""
        merged = {n: e for path in self.paths for n, e in path.items()}
        rest = [n for n in self._live(merged) if n not in self.asked]
        for one in rest[:param("lookup_parallelism")]:
            self._ask(one, merged[one], 0)
        return bool(rest)

    def _ask(self, node_id, endpoint, path):
        if len(self.asked) >= ASKED or node_id == self.node.node_id:
            self.asked[node_id] = "failed"
            return
        self.asked[node_id] = path
        self.open += 1
        self.node.with_session(node_id, endpoint, lambda link: self._send(link, node_id, path))

    def _send(self, link, node_id, path):
        if link is None:
            self._closed(node_id, False)
            return

        def answer(kind, body):
            if kind == "nodes":
                for contact in body.get("contacts", []):
                    self.paths[path].setdefault(contact["node_id"], wire.endpoint_text(contact["endpoint"]))
            self._closed(node_id, kind == "nodes")
        self.node.sessions.request(link, "find_node", {"target": self.target, "known": self._known(path)}, answer)

    def _known(self, path):
        """RTE-029."""
        return b"".join(n[:4] for n in sorted(self.paths[path], key=self._distance)[:KNOWN])

    def _closed(self, node_id, good):
        self.open -= 1
        self.asked[node_id] = "done" if good else "failed"
        if good:
            self.answered.add(node_id)
        self.node.timers.after(0, self.step)

    def end(self):
        if not self.ended:
            self.ended = True
            self.callback(sorted(self.answered, key=self._distance))
