"""Disks that are full, and disks that are slow."""
from .. import wire
from ..node import custody, disk, main
from ..node.base import DiskFull
from .base import ignore, mutant, patch


@mutant("full-disk-answers-stored", "CUS-032")
def _():
    @patch(disk.Disk, "commit")
    def _(original, self):
        try:
            self.node.store.commit()
        except DiskFull:
            pass


@mutant("full-disk-answers-nobody", "CUS-032")
def _():
    ignore(disk.Disk, "answer_anew")


@mutant("full-disk-tried-at-once", "CUS-032")
def _():
    disk.PAUSE = 0


@mutant("full-disk-named-quota", "CUS-032")
def _():
    wire.DISK = wire.QUOTA


@mutant("said-before-durable", "CUS-004")
def _():
    @patch(main.Node, "flush")
    def _(original, self):
        outgoing, self.outgoing = self.outgoing, []
        for leave, *_ in outgoing:
            leave()
        self.disk.commit()


def hasty(name, requirement, hasty_kind):
    """Packets of one kind do not wait for the disk."""
    @mutant(name, requirement)
    def _():
        @patch(main.Node, "queue")
        def _(original, self, link, raw, kind, *more):
            if kind == hasty_kind:
                link.channel.send(raw)
            else:
                original(self, link, raw, kind, *more)


hasty("final-before-durable", "ACK-014", "ack")
hasty("own-ack-before-durable", "ACK-021", "ack")
hasty("record-before-durable", "REC-016", "record")

@mutant("sent-before-durable", "CUS-013")
def _():
    @patch(custody.Custody, "_arm")
    def _(original, self, held, node_id, pause, push=False):
        original(self, held, node_id, pause, push)
        link = self.node.sessions.by_node.get(node_id)
        if push and link is not None:
            link.channel.send(wire.encode("message", {"items": [held.item()]}, 0))


@mutant("staged-without-bound", "CUS-054")
def _():
    ignore(disk.Disk, "is_behind", False)


@mutant("busy-and-kept", "CUS-054")
def _():
    @patch(custody.Custody, "take")
    def _(original, self, link, item, fetched):
        answer = original(self, link, item, fetched)
        if answer is not None and answer["status"] == wire.ST_BUSY:
            staged, self.node.disk.staged = self.node.disk.staged, 0
            original(self, link, item, fetched)
            self.node.disk.staged = staged
        return answer
