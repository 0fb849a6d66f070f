"""Room for messages of others (40-custody, Quotas): who gives way, and what it would take (CUS-031, 050 to 052)."""
from fractions import Fraction

from .. import message, wire
from ..base import CLASS_BYTES, HEADER

LIVE = 0


def work_of(header):
    return Fraction(*message.work(header))


def effort_above(floor, header):
    """The smallest effort with which a message of this shape has more work; None if none has."""
    denominator = message.work(header)[1]
    return next((bits for bits in range(64) if Fraction(2**bits, denominator) > floor), None)


class Room:
    def __init__(self, node, held):
        self.node, self.held = node, held

    def find(self, header, ingress):
        """(StoredItem that refuses or None, those that give way)."""
        size = CLASS_BYTES[header.size_class] + HEADER
        gone, needed = self._give_way(header, ingress, size, strict=True)
        if needed == 0:
            return None, gone
        gone, needed = self._give_way(header, ingress, size, strict=False)
        effort = effort_above(max(work_of(h.header) for h in gone), header) if gone and needed == 0 else None
        if effort is None:
            return {"id": header.id, "status": wire.ST_REFUSED, "reason": wire.QUOTA}, []
        return {"id": header.id, "status": wire.ST_REFUSED, "reason": wire.PRICE, "price": effort}, []

    def _give_way(self, header, ingress, size, strict):
        """Messages in the order in which they go, and what is still lacking when nothing more may go. Not `strict`:
        whatever the newcomer's work."""
        quotas = ((lambda h: h.ingress == ingress, "ingress_quota"),
                  (lambda h: h.state == LIVE and h.header.mailbox == header.mailbox, "mailbox_quota"),
                  (lambda h: True, "store_quota"))
        gone = []
        for counts, quota in quotas:
            while True:
                left = [h for h in self.held.values() if h not in gone]
                needed = sum(h.cost() for h in left if counts(h)) + size - self.node.quotas[quota]
                if needed <= 0:
                    break
                victim = self._least([h for h in left if counts(h)], left, header, ingress, size, strict)
                if victim is None:
                    return gone, needed
                gone.append(victim)
        return gone, 0

    def _least(self, candidates, left, header, ingress, size, strict):
        uses = {}
        for held in left:
            uses[held.ingress] = uses.get(held.ingress, 0) + held.cost()
        rivals = [h for h in candidates if h.state == LIVE and not h.own and not self._own_mail(h)]
        victim = min(rivals, key=lambda h: (work_of(h.header), -uses[h.ingress], h.received), default=None)
        if victim is None or not strict:
            return victim
        ours, theirs = work_of(header), work_of(victim.header)
        yields = theirs < ours or (theirs == ours and uses[victim.ingress] > uses.get(ingress, 0) + size)
        return victim if yields else None

    def _own_mail(self, held):
        return self.node.agent is not None and self.node.agent.owns(held.header.mailbox)
