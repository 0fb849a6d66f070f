"""Room for messages of others."""
from ..node import room
from ..node.custody import Custody, Held
from ..node.room import Room
from .base import ignore, mutant, patch


@mutant("no-quota", "CUS-031")
def _():
    ignore(Room, "find", (None, []))


@mutant("nothing-gives-way", "CUS-050")
def _():
    ignore(Room, "_least")


@mutant("most-work-goes-first", "CUS-050")
def _():
    patch(room, "work_of")(lambda original, header: 1 / original(header))


@mutant("newest-goes-first", "CUS-050")
def _():
    patch(Room, "_least")(lambda original, self, candidates, *rest: original(self, candidates[::-1], *rest))


@mutant("anybody-gives-way", "CUS-051")
def _():
    patch(Room, "_give_way")(lambda original, self, header, ingress, size, strict: original(self, header, ingress, size, False))


@mutant("equals-never-share", "CUS-050")
def _():
    @patch(Room, "_least")
    def _(original, self, candidates, left, header, ingress, size, strict):
        victim = original(self, candidates, left, header, ingress, size, strict)
        equal = victim is not None and room.work_of(victim.header) == room.work_of(header)
        return None if strict and equal else victim


@mutant("price-of-one-bit-too-few", "CUS-052")
def _():
    patch(room, "effort_above")(lambda original, floor, header: max(0, original(floor, header) - 1))


@mutant("no-price", "CUS-052")
def _():
    patch(room, "effort_above")(lambda original, floor, header: None)


@mutant("evicted-in-silence", "CUS-053")
def _():
    @patch(Custody, "_evict")
    def _(original, self, held):
        held.peers.clear()
        original(self, held)


@mutant("evicted-told-to-giver-alone", "CUS-053")
def _():
    @patch(Custody, "_evict")
    def _(original, self, held):
        for node_id in [n for n in held.peers if n != held.ingress]:
            del held.peers[node_id]
        original(self, held)


@mutant("evicted-still-a-holder", "CUS-055")
def _():
    ignore(Custody, "_evicted")


@mutant("tombstones-are-free", "CUS-034")
def _():
    patch(Held, "cost")(lambda original, self: original(self) if self.state == 0 else 0)


@mutant("tombstones-give-way", "CUS-033")
def _():
    @patch(Room, "_least")
    def _(original, self, candidates, *rest):
        ended = [h for h in candidates if h.state != 0]
        return ended[0] if ended else original(self, candidates, *rest)
