"""The clock that somebody sets, and what the user asks for besides sending."""
from ..node import agent, custody, main, pairwise
from .base import ignore, mutant, patch


@mutant("clock-never-suspect", "CUS-038")
def _():
    ignore(main.Node, "clock_suspect", False)


@mutant("expiry-told-while-suspect", "CUS-048")
def _():
    @patch(custody.Custody, "_expire")
    def _(original, self):
        for held in self.held.values():
            if held.own and held.state == custody.LIVE and held.header.expires_ms <= self.clock.wall():
                self.node.agent.expired(held)
        original(self)


@mutant("clock-never-trusted-again", "CUS-039")
def _():
    patch(main.Node, "clock_suspect")(lambda original, self: setattr(self, "_was", original(self) or getattr(
        self, "_was", False)) or self._was)


@mutant("any-peer-confirms-the-clock", "CUS-039")
def _():
    @patch(main.Node, "clock_suspect")
    def _(original, self):
        for link in self.sessions.ready_links():
            if abs(link.their["time_ms"] + self.clock.mono() - link.began - self.clock.wall()) <= main.param("clock_agreement"):
                self.suspect, self.trusted_gap = False, self.clock.wall() - self.clock.mono()
        return original(self)


@mutant("nobody-confirms-the-clock", "CUS-040")
def _():
    patch(main.Node, "clock_suspect")(lambda original, self: bool(self.sessions.by_node) and original(self))


@mutant("given-up-while-suspect", "CUS-046")
def _():
    ignore(custody.Custody, "look_again")


@mutant("due-by-a-clock-ahead", "CUS-049")
def _():
    @patch(custody.Custody, "_due")
    def _(original, self, identifier, node_id, due, push):
        if due > self.clock.wall() + 10_000:
            self.node.timers.after(due - self.clock.wall(), self._due, identifier, node_id, due, push)
        else:
            original(self, identifier, node_id, due, push)


@mutant("blocked-is-shown", "ACK-029")
def _():
    ignore(agent.Agent, "shows", True)


@mutant("blocked-is-unanswered", "ACK-029")
def _():
    @patch(agent.Agent, "_finish")
    def _(original, self, link, header, nonce, final):
        if not any(contact.blocked for contact in self.pairwise.contacts.values()):
            original(self, link, header, nonce, final)


@mutant("blocked-is-collected", "MBX-022")
def _():
    pairwise.Pairwise.collected = staticmethod(lambda contact: True)


@mutant("withdrawn-is-delivered", "ACK-034")
def _():
    agent.Agent.forgotten = staticmethod(lambda out: False)
    agent.STATES = tuple(sorted(agent.STATES, key=lambda state: state == "delivered"))
