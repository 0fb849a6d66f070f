"""Reconciliation."""
from .. import reconcile
from ..base import need
from ..node.reconciliation import Reconciliation
from .base import ignore, mutant, patch, tolerate

tolerate("sync-elements-unordered", "SYN-001", reconcile, "schema/sync-elements")
tolerate("sync-ranges-overlap", "SYN-001", reconcile, "schema/sync-order")
tolerate("sync-without-bound", "SYN-001", reconcile, "schema/sync-count")
tolerate("sync-of-any-mode", "SYN-001", reconcile, "schema/sync-mode", "schema/sync-fingerprint")


@mutant("sync-closed-upper-bound", "SYN-001")
def _():
    patch(reconcile, "_check_range")(lambda original, one: (need(one.get("upper", b"") != reconcile.LAST, "schema/sync-bound"),
                                                            original(one)))


@mutant("state-not-in-fingerprint", "SYN-002")
def _():
    patch(reconcile, "share")(lambda original, key, element: original(key, (element[0], 0)))


@mutant("fingerprint-unkeyed", "SYN-002")
def _():
    patch(reconcile, "share")(lambda original, key, element: original(bytes(32), element))


@mutant("everything-counts", "SYN-002")
def _():
    reconcile.View.counts = lambda self, expires, point: True


@mutant("any-edge", "SYN-003")
def _():
    from ..node import reconciliation
    reconciliation.EDGE_TOLERANCE = 10**9


@mutant("extra-is-everything", "SYN-004")
def _():
    reconcile.missing_from = lambda theirs, ours: ours


@mutant("extra-ignores-states", "SYN-004")
def _():
    reconcile.missing_from = lambda theirs, ours: [e for e in ours if e[0] not in dict(theirs)]


@mutant("parts-with-holes", "SYN-004")
def _():
    patch(reconcile, "split")(lambda original, *arguments: original(*arguments)[1:])


@mutant("sync-without-session-answered", "SYN-005")
def _():
    patch(Reconciliation, "_refuse")(lambda original, self, link, request_id, code: self.node.sessions.send(
        link, "sync", {"answer": True}, request_id))


@mutant("sync-answer-answered", "SYN-006")
def _():
    patch(Reconciliation, "on_sync")(lambda original, self, link, request_id, body: original(
        self, link, request_id, {**body, "answer": False}))


@mutant("nothing-fetched", "SYN-007")
def _():
    ignore(Reconciliation, "_learn", 0)


@mutant("higher-states-left", "SYN-007")
def _():
    @patch(Reconciliation, "_lacking")
    def _(original, self, expires, identifier, state):
        return identifier not in self.node.custody.held and original(self, expires, identifier, state)


@mutant("lower-states-fetched", "SYN-007")
def _():
    @patch(Reconciliation, "_lacking")
    def _(original, self, expires, identifier, state):
        return identifier in self.node.custody.held or original(self, expires, identifier, state)


@mutant("refused-fetched-again", "SYN-008")
def _():
    ignore(Reconciliation, "forget_room")


@mutant("sync-answered-before-durable", "SYN-010")
def _():
    """The answer goes out at once and what it states is never written."""
    from ..node.custody import Custody
    patch(Custody, "save")(lambda original, self, held: original(self, held) if held.state == 0 else None)


@mutant("rounds-never", "SYN-011")
def _():
    ignore(Reconciliation, "joined")


@mutant("rounds-once", "SYN-011")
def _():
    @patch(Reconciliation, "_next_round")
    def _(original, self, pause):
        if self.last_round is None:
            original(self, pause)


@mutant("both-open-on-meeting", "SYN-012")
def _():
    patch(Reconciliation, "link_ready")(lambda original, self, link: self._later(link.node_id, 1000))


@mutant("nobody-opens-on-meeting", "SYN-012")
def _():
    ignore(Reconciliation, "link_ready")
