"""A scripted node of the suite: keeps a session with the implementation under test, answers what a quiet node would
answer, logs every packet of both directions. Cases send through it what they like."""
import os

from . import crypto, identity, keyrecord, session, wire
from .base import Reject
from .transport import Channel


class SuiteError(Exception):
    """The suite did something it did not intend (exit 3)."""


# What belongs to a link, not to the node: it changes hands when another link of the same node takes over.
LINK = ("channel", "ready", "closed", "their", "their_node_id", "transcript", "welcome_body", "hello", "next_request", "answers")
UNCONFIRMED_KEPT = 64


class Peer:
    def __init__(self, case, name, channel=None, seed=None, role=wire.RELAY, endpoints=(), auto=True):
        self.case, self.name, self.channel = case, name, channel
        self.seed = seed or os.urandom(32)
        self.node_key = crypto.ed25519_public(self.seed)
        self.role, self.endpoints, self.auto = role, list(endpoints), auto
        self.log = []           # ("<" or ">", kind, body, request_id)
        self.answers = {}       # own request id -> (kind, body)
        self.records = {}       # address -> fields of Record served to GetRecord
        self.put_records = []   # what the other side published here
        self.collected = []     # mailbox keys the other side proved
        self.messages = {}      # id -> SealedItem served to Want
        self.next_request = 0
        self.ready = self.closed = False
        self.transcript = self.hello = self.welcome_body = self.their = self.their_node_id = None
        self.time_offset = 0
        self.main, self.side, self.promotions = None, {}, 0
        self.unconfirmed = []   # (last request before it, kind, body) of pushes that no later answer has confirmed
        self.reconciles = None  # what answers the other side's Sync requests (syncing.Responder)

    # --- links that come to a listening peer. An implementation may dial twice (its bootstrap and who it remembers are one
    # node), and which link stays is for both sides to find out (SES-016): the newest that is ready is used, the other kept
    # until it ends, and whatever may have been lost between the two is said again.

    def take(self, channel):
        """A new link in place of none."""
        self.channel, self.ready, self.closed = channel, False, False
        self.their = self.welcome_body = None
        self.next_request, self.answers = 0, {}

    def second_link(self, channel):
        """A further link while there is one: a peer of its own that shares what this one keeps."""
        side = Peer(self.case, self.name, channel, self.seed, self.role, self.endpoints, self.auto)
        for shared in ("log", "records", "put_records", "collected", "messages", "reconciles", "_serve"):
            if shared in self.__dict__:
                setattr(side, shared, getattr(self, shared))
        side.main = self
        self.side[channel] = side
        return side

    def promote(self):
        """A second link is ready, or is what is left: it is the link now, and the other one the second."""
        main = self.main
        del main.side[self.channel]
        for name in LINK:
            mine, others = getattr(self, name), getattr(main, name)
            setattr(main, name, mine)
            setattr(self, name, others)
        main.promotions += 1
        if self.channel.open:
            main.side[self.channel] = self
        said, main.unconfirmed = main.unconfirmed, []
        for _, kind, body in said:
            main.send(kind, body)

    def lose(self):
        """The link has ended; the node is closed when none is left."""
        self.closed, self.ready = True, False
        self.log.append(("<", "closed", {}, 0))
        main = self.main or self
        main.side.pop(self.channel, None)
        for side in list(main.side.values()):
            if main.closed and side.ready:
                side.promote()
        main.closed = not main.channel.open and not main.side

    # --- sending

    def send_raw(self, raw):
        self.log.append((">", "raw", {"bytes": raw}, 0))
        self.channel.send(raw)

    def send(self, kind, body=None, request_id=0):
        """A packet as given. The suite checks its own bytes: an unintended one is a fault of the suite."""
        raw = wire.encode(kind, body, request_id)
        try:
            wire.decode(raw)
        except Reject as reject:
            raise SuiteError(f"the suite was about to send {kind} that is {reject.error}") from None
        self.log.append((">", kind, body or {}, request_id))
        self.channel.send(raw)
        if not request_id and (self.ready or self.side):
            self.unconfirmed = [*self.unconfirmed, (self.next_request, kind, body)][-UNCONFIRMED_KEPT:]

    def request(self, kind, body=None):
        """Sends a request; its id."""
        self.next_request += 1
        self.send(kind, body, self.next_request)
        return self.next_request

    def ask(self, kind, body=None, timeout=None):
        """Sends a request and waits for its answer: (kind, body)."""
        while True:
            number, promotions = self.request(kind, body), self.promotions
            self.case.wait(lambda n=number, p=promotions: n in self.answers or self.closed or self.promotions > p,
                           f"an answer to {kind}", timeout)
            if self.promotions == promotions:
                break  # else the link was replaced by a newer one of the same node: asked there again
        self.case.check(number in self.answers, f"the link was cut instead of answering {kind}")
        return self.answers[number]

    # --- the handshake

    def hello_body(self, **changes):
        fields = {"version": 1, "node_key": self.node_key, "nonce": os.urandom(32), "endpoints": self.endpoints,
                  "role": self.role, "time_ms": self.case.now + self.time_offset}
        return wire.encode_hello(**{**fields, **changes})

    def say_hello(self, **changes):
        self.hello = self.hello_body(**changes)
        self.next_request += 1
        raw = wire.encode("hello", self.hello, self.next_request)
        self.log.append((">", "hello", {"bytes": self.hello}, self.next_request))
        self.channel.send(raw)

    def await_welcome(self):
        self.case.wait(lambda: self.welcome_body is not None or self.closed, "a Welcome")
        self.case.check(self.welcome_body is not None, "the link was cut instead of a Welcome")

    def say_auth(self, seed=None):
        self.send("auth", {"signature": session.sign_auth(seed or self.seed, self.transcript)})

    def connect(self):
        """Hello, Welcome, Auth; then a Ping that is answered: ready."""
        self.say_hello()
        self.await_welcome()
        self.say_auth()
        self.ready = True
        self.barrier()
        return self

    def _on_hello(self, raw_hello, request_id):
        self.their = wire.parse_hello(raw_hello)
        self.case.learn_time(self.their["time_ms"])
        self.hello = raw_hello
        self.welcome_body = self.hello_body()
        self.transcript = session.transcript(self.channel.client_key, raw_hello, self.welcome_body)
        self.send("welcome", {"body": self.welcome_body,
                              "signature": session.sign_welcome(self.seed, self.transcript)}, request_id)

    def _on_welcome(self, body):
        self.welcome_body = body["body"]
        self.their = wire.parse_hello(self.welcome_body)
        self.case.learn_time(self.their["time_ms"])
        self.transcript = session.transcript(self.channel.client_key, self.hello, self.welcome_body)
        good = session.welcome_valid(self.their["node_key"], body["signature"], self.transcript)
        self.case.check(good, "the signature of Welcome does not verify")

    # --- receiving

    def receive(self, raw):
        try:
            request_id, kind, body = wire.decode(raw)
        except Reject as reject:
            self.log.append(("<", "invalid", {"bytes": raw, "error": reject.error}, 0))
            self.case.broken.append(f"{self.name}: received {reject.error}: {raw[:64].hex()}")
            return
        if kind == "hello":
            body = {"bytes": body}
        self.log.append(("<", kind, body, request_id))
        if kind == "hello" and not self.channel.dialled and self.auto:
            self._on_hello(body["bytes"], request_id)
        elif kind == "welcome":
            self._on_welcome(body)
        elif kind == "auth" and self.their is not None:
            self.case.check(session.auth_valid(self.their["node_key"], body["signature"], self.transcript),
                            "the signature of Auth does not verify")
            self.ready = True
        elif request_id and self._answers(kind, body) and request_id <= self.next_request:
            self.answers[request_id] = (kind, body)
            self.unconfirmed = [push for push in self.unconfirmed if push[0] >= request_id]
        if self.auto and self.ready:
            self._serve(kind, body, request_id)

    @staticmethod
    def _answers(kind, body):
        return kind not in wire.REQUESTS or kind == "sync" and body.get("answer")

    def _serve(self, kind, body, request_id):
        if kind == "ping":
            self.send("pong", request_id=request_id)
        elif kind == "find_node":
            self.send("nodes", {"contacts": self.case.contacts(self)}, request_id)
        elif kind == "get_record":
            fields = self.records.get(body["address"], {})
            self.send("record", {"address": body["address"], **fields}, request_id)
        elif kind == "put_record":
            self.put_records.append(body)
            record = keyrecord.parse(body["record"], body["signature"], body["nonce"])
            self.send("record", {"address": record.address, **body}, request_id)
        elif kind == "collect":
            good = session.collect_valid(body["mailbox_key"], body["signature"], self.transcript)
            self.case.check(good, "the signature of Collect does not verify")
            self.collected.append(body["mailbox_key"])
            self.send("collected", {"status": wire.SUBSCRIBED}, request_id)
        elif kind == "sync" and self.reconciles is not None and not body.get("answer"):
            self.reconciles.answer(self, request_id, body)
        elif kind == "want":
            held = [self.messages[one] for one in body["ids"] if one in self.messages]
            if held:
                self.send("message", {"items": held}, request_id)
            elif self.messages or self.case.answer_wants:
                self.send("error", {"code": wire.NOT_HELD}, request_id)

    # --- looking

    def received(self, kind, where=lambda body: True, since=0):
        return [body for way, k, body, _ in self.log[since:] if way == "<" and k == kind and where(body)]

    def expect(self, kind, where=lambda body: True, since=0, what="", timeout=None):
        """Waits for a packet from the other side; its body."""
        self.case.wait(lambda: self.received(kind, where, since) or self.closed, what or f"{kind} at {self.name}", timeout)
        found = self.received(kind, where, since)
        self.case.check(found, f"the link of {self.name} was cut; expected {what or kind}")
        return found[0]

    def mark(self):
        return len(self.log)

    def barrier(self):
        """A Ping that is answered: everything sent before on this link has been dealt with."""
        kind, _ = self.ask("ping")
        self.case.check(kind == "pong", f"Ping was answered by {kind}")

    def expect_closed(self, what, timeout=None):
        self.case.wait(lambda: self.closed, what, timeout)

    def stored_items(self, message_id, since=0):
        return [item for body in self.received("stored", since=since) for item in body["items"] if item["id"] == message_id]

    def finals(self, message_id, since=0):
        """Final records of an id that came in Ack or Stored."""
        records = [record for body in self.received("ack", since=since) for record in body["records"]]
        records += [item["ack"] for body in self.received("stored", since=since) for item in body["items"]
                    if item.get("ack")]
        return [record for record in records if wire_id(record) == message_id]

    def offers(self, message_id, since=0):
        return [item for body in self.received("offer", since=since) for item in body["items"]
                if wire_id(item["header"]) == message_id]

    def wants(self, message_id, since=0):
        return [body for body in self.received("want", lambda b: message_id in b["ids"], since)]

    def node_id(self):
        return identity.node_id(self.node_key, "test")

    def close(self):
        for link in (self, *self.side.values()):
            if isinstance(link.channel, Channel) and link.channel.open:
                link.channel.close(linger=0)
        self.side, self.unconfirmed = {}, []
        self.closed = True
        self.ready = False


def wire_id(data):
    from .message import message_id
    return message_id(data[:96])
