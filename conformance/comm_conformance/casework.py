"""What a case is given: the implementation under test, peers, time, and checks that fail it."""
import collections
import hashlib
import os
import pathlib
import shutil
import tempfile
import time

import zmq

from . import crypto, identity, keyrecord, message, sealing, wire
from .peer import Peer, SuiteError
from .subject import Subject
from .transport import Transport

PATIENCE = 30.0
STARTING = 60.0
LATE = 0.0          # what the implementation sends is looked at so many seconds late, as by a suite on a busy machine


class CaseFailure(Exception):
    """The implementation did what a requirement forbids, or not what it demands."""


class Crash(Exception):
    """The implementation ended by itself."""


class NotApplicable(Exception):
    """A capability that the case needs is not claimed."""


class Untestable(Exception):
    """What the case builds on did not happen. Counts as a failure."""


class Case:
    """The world of one case. `t` in the text of cases."""

    def __init__(self, spec, command, seed, scratch, shared=None, patience=PATIENCE):
        self.spec, self.command, self.seed, self.scratch = spec, command, seed, scratch
        self.patience = patience
        self.shared = shared
        self.poller = shared.poller if shared else zmq.Poller()
        self.peers, self.listeners, self.transports = [], [], []
        self.broken, self.controls, self.evidence = [], 0, set()
        self.answer_wants = True
        self.learned, self.ticks, self.stepped = None, 0, 0
        self.subject = shared.subject if shared else None
        self.first_event = len(shared.subject.events) if shared else 0  # what came before was other cases'
        self.names = 0
        self.dialling = None
        self.late = collections.deque()
        self.strict_bytes = True

    # --- time

    @property
    def now(self):
        """The wall time that the implementation had if nobody set its clock: as its Hello stated it, and the ticks since."""
        if self.shared is not None:
            return self.shared.now
        return (int(time.time() * 1000) if self.learned is None else self.learned) + self.ticks

    @property
    def its_now(self):
        """The implementation's wall time, whatever it was set to."""
        return self.now + self.stepped

    def learn_time(self, time_ms):
        if self.shared is not None:
            self.shared.learned, self.shared.ticks = time_ms, 0
        self.learned, self.ticks = time_ms - self.stepped, 0

    def tick(self, ms):
        """Advances the virtual clock; returns when the implementation says that it has."""
        while ms > 0:
            step = min(ms, 3_600_000)
            before = self._count("ticked"), self._count("unsupported")
            self.subject.command_line(cmd="tick", ms=step)
            self.wait(lambda b=before: self._count("ticked") > b[0] or self._count("unsupported") > b[1], "ticked")
            if self._count("unsupported") > before[1]:
                raise NotApplicable("the adapter has no virtual clock")
            self.ticks += step
            if self.shared is not None:
                self.shared.ticks += step
            ms -= step

    def obey(self, **command):
        """A command that an adapter may not know; returns when it has been dealt with."""
        before = self._count("ticked")
        self.say(**command)
        if command["cmd"] == "step":
            self.wait(lambda: self._count("ticked") > before or self.events("unsupported", what="step"), "ticked")
        else:
            self.tick(1)
        if self.events("unsupported", what=command["cmd"]):
            raise NotApplicable(f"the adapter does not know {command['cmd']}")

    def step(self, ms):
        """Sets the implementation's wall clock; everybody else's, and its mono time, stay."""
        self.obey(cmd="step", ms=ms)
        self.stepped += ms

    def tick_until(self, predicate, what, step=1000, limit=600):
        """Ticks until something has happened, giving the implementation real time in between."""
        for _ in range(limit):
            if self.settle(predicate):
                return
            self.tick(step)
        if self.settle(predicate, self.patience):  # what was due has happened there; a busy machine takes its time to bring it
            return
        raise CaseFailure(f"did not happen within {limit * step / 1000:g} s of virtual time: {what}")

    def settle(self, predicate=lambda: False, seconds=0.05):
        """Pumps shortly; whether the predicate holds then."""
        end = time.monotonic() + seconds
        while not predicate():
            if time.monotonic() > end:
                return False
            self.pump(10)
        return True

    def pass_time(self, ms, each=lambda: None):
        """Lets much time pass while the ready peers speak up often enough to be taken for alive."""
        while ms > 0:
            step = min(ms, 50_000 if self.listeners else 150_000)
            self.tick(step)
            ms -= step
            for peer in self.peers:
                if peer.ready and not peer.closed:
                    peer.barrier()
            each()

    def within(self, minutes, predicate, what):
        """Lets minutes pass until something has happened, in sessions that stay: ticks that are longer than a link's patience,
        or than a handshake's, come faster than a busy machine brings the answers."""
        for _ in range(minutes):
            if self.settle(predicate):
                return
            self.pass_time(60_000)
        self.wait(predicate, f"within {minutes} minutes of virtual time: {what}")

    def _count(self, event):
        return self.subject.counts.get(event, 0)

    # --- the implementation

    def start(self, peers=(), secret=None, generated=False, disk=None, **settings):
        """A fresh implementation under test that dials the given listening peers. `generated`: its identity is of a seed, not
        of a SECRET. `disk`: one that the case has a hand in. `settings`: role, store_quota, mailbox_quota, ingress_quota,
        max_staged of the adapter protocol."""
        if self.shared is not None:
            raise SuiteError("a case on a shared implementation does not start one")
        if self.subject is None:
            secret = secret or "conformance " + self.rnd("secret", 8).hex()
            self.subject = Subject(self.command, self.scratch / "iut", secret, self.spec.id,
                                   [peer.listens for peer in peers])
            self.subject.environment |= {"CF_" + name.upper(): str(value) for name, value in settings.items()}
            self.secret, self.subject.disk = secret, disk
            if generated:
                self._owner = identity.Identity(self.rnd("seed"), generated=True)
                self.subject.environment["CF_SEED"] = self._owner.seed.hex()
        elif peers:
            self.subject.peers = [peer.listens for peer in peers]
        self.subject.start()
        self.poller.register(self.subject.descriptor, zmq.POLLIN)
        self.wait_ready()
        for event in self.events("unsupported"):
            if event.get("what", "") in self.subject.environment:
                raise NotApplicable(f"the adapter does not set {event['what']}")
        if "CF_SEED" in self.subject.environment and self.address == identity.Identity.from_secret(self.secret.encode()).address:
            raise NotApplicable("the adapter does not know CF_SEED: its identity is that of CF_SECRET")
        return self.subject

    def wait_ready(self):
        """A start has a patience of its own: it derives keys, which a busy machine takes long for."""
        self.wait(lambda: self.subject.ready is not None, "ready", max(self.patience, STARTING))

    def kill(self):
        self.poller.unregister(self.subject.descriptor)
        self.subject.kill()
        self.subject.hold_port()
        self.learned, self.ticks, self.stepped = None, 0, 0

    def restart(self):
        """kill -9 and start again on the same directory. Its virtual clock begins at real time again."""
        self._end_links()
        self.start()

    def move(self):
        """kill -9 and start again with the same identity on another machine: in a directory that is empty."""
        self._end_links()
        self.subject.move(self.scratch / "moved")
        self.start()

    def _end_links(self):
        self.kill()
        for peer in self.peers:
            if peer.channel is not None:
                peer.close()

    @property
    def endpoint(self):
        return self.subject.ready["endpoint"]

    @property
    def address(self):
        return bytes.fromhex(self.subject.ready["address"])

    @property
    def owner(self):
        """The implementation's identity, computed from its SECRET or its seed."""
        if self.shared is not None:
            return self.shared.owner
        if not hasattr(self, "_owner"):
            self._owner = identity.Identity.from_secret(self.secret.encode())
        return self._owner

    def say(self, **command):
        self.subject.command_line(**command)

    def events(self, name, **where):
        return [e for e in self.subject.events[self.first_event:] if e.get("ev") == name and all(e.get(k) == v for k, v in where.items())]

    def expect_event(self, name, timeout=None, **where):
        self.wait(lambda: self.events(name, **where), f"event {name} {where}", timeout)
        return self.events(name, **where)[-1]

    # --- peers

    def rnd(self, label, size=32):
        return hashlib.shake_256(f"{self.seed}/{self.spec.id}/{label}".encode()).digest(size)

    def peer_name(self, name):
        self.names += 1
        return name or f"peer{self.names}"

    def dial(self, name=None, connect=True, routing_id=None, curve=True, **options):
        """A peer that dials the implementation; its session is ready unless connect is False."""
        if self.dialling is None:
            self.dialling = self._transport()
        name = self.peer_name(name)
        options.setdefault("seed", self.rnd("node " + name))
        peer = Peer(self, name, **options)
        peer.channel = self.dialling.dial(self.endpoint, curve, routing_id)
        self.peers.append(peer)
        return peer.connect() if connect else peer

    def listen(self, name=None, host="127.0.0.1", **options):
        """A peer that listens, for the implementation to dial. Its session comes with `start`."""
        name = self.peer_name(name)
        options.setdefault("seed", self.rnd("node " + name))
        peer = Peer(self, name, **options)
        peer.transport = self._transport()
        peer.listens = peer.transport.listen(host + ":0")
        host, _, port = peer.listens.rpartition(":")
        peer.endpoints = [wire.endpoint_bytes(host, int(port))]
        self.listeners.append(peer)
        self.peers.append(peer)
        return peer

    def contacts(self, asked):
        return []

    def _transport(self, **options):
        transport = Transport(poller=self.poller, **options)
        self.transports.append(transport)
        return transport

    # --- the loop

    def pump(self, timeout_ms):
        ready = dict(self.poller.poll(min(timeout_ms, LATE * 1000) if self.late else timeout_ms))
        subject = self.subject
        if subject is not None and subject.process is not None and subject.descriptor in ready:
            if not subject.read() and not getattr(self, "ending", False):
                subject.process.wait(10)
                raise Crash(f"the implementation ended with {subject.process.returncode}")
        for transport in list(self.transports):
            self.late += [(time.monotonic() + LATE, transport, *event) for event in transport.process(ready)]
        while self.late and self.late[0][0] <= time.monotonic():
            self._dispatch(*self.late.popleft()[1:])

    def _dispatch(self, transport, kind, channel, data):
        peer = next((p for p in self.peers if p.channel is channel), None) or self._accepted(transport, channel, kind)
        if peer is None:
            return
        if kind == "packet":
            was_ready = peer.ready
            peer.receive(data)
            if peer.main is not None and peer.ready and not was_ready:
                peer.promote()
        elif kind == "closed":
            peer.lose()
        else:
            self.broken.append(f"{peer.name}: received a multipart message")

    def _accepted(self, transport, channel, kind):
        """The peer of a link that came to a listener: the listener itself, or while it has a link, another that takes
        its place once it is ready (an implementation may dial twice)."""
        listener = next((p for p in self.listeners if p.transport is transport), None)
        if listener is None:
            return None
        if channel in listener.side:
            return listener.side[channel]
        if kind != "packet":
            return None
        if listener.channel is not None and listener.channel.open:
            return listener.second_link(channel)
        listener.take(channel)
        return listener

    def wait(self, predicate, what, timeout=None):
        end = time.monotonic() + (timeout or self.patience)
        while not predicate():
            if time.monotonic() > end:
                raise CaseFailure(f"did not happen within {timeout or self.patience:g} s: {what}")
            self.pump(50)
        if self.broken and self.strict_bytes:
            raise CaseFailure("; ".join(self.broken))

    # --- checks

    def check(self, condition, text):
        if not condition:
            raise CaseFailure(text)

    def control(self, peer):
        """The positive twin of most negative cases, on the same link: a message that is stored."""
        sealed = self.foreign_message(f"control {self.controls}")
        item = self.push(peer, sealed)
        self.check(item["status"] == wire.STORED, f"the control message was answered by status {item['status']}")
        self.controls += 1
        return sealed

    def pings(self, peer, count):
        """So many Pings, never so many unanswered that a queue on the way would overflow; their numbers, all answered."""
        numbers = []
        while len(numbers) < count:
            some = [peer.request("ping") for _ in range(min(100, count - len(numbers)))]
            self.wait(lambda: all(n in peer.answers for n in some), f"answers to Pings {len(numbers)} and on")
            numbers += some
        return numbers

    def positive(self):
        """Marks that a case has seen its positive twin at work (once before, once after the negative part)."""
        self.controls += 1

    # --- messages

    def stranger(self, label="recipient"):
        """An identity that is nobody's here."""
        return identity.Identity(self.rnd("identity " + label))

    def foreign_message(self, label, lifetime=60, text=None, recipient=None, sender=None, effort=0, now=None):
        """A message between two strangers, sent now."""
        recipient = recipient or self.stranger()
        sender = sender or self.stranger("sender")
        now = self.now if now is None else now
        record = recipient.record(now, stamp=False)
        keys = keyrecord.parse(record["record"], record["signature"], record["nonce"])
        own = sender.record(now, stamp=False)
        return sealing.seal_text(sender, recipient.address, keys, label if text is None else text, now, lifetime,
                                 self.rnd("uid " + label, 16), self.rnd("e " + label), own, effort=effort)

    def own_mail(self, label, text=None, **options):
        """A message to the implementation's user."""
        return self.foreign_message(label, text=text, recipient=self.owner, **options)

    def crafted(self, label, plain=None, recipient=None, sender=None, lifetime=60, **changes):
        """A message with contents a conformant sender would not make."""
        recipient, sender = recipient or self.owner, sender or self.stranger("sender")
        week = self.now // 604_800_000
        fields = dict(sender_dh_secret=sender.dh_secret, recipient=recipient.address, prekey=recipient.prekey(week)[1],
                      mailbox=recipient.mailbox_id(week), expires=self.now // 60_000 + lifetime, lifetime=lifetime,
                      ephemeral=self.rnd("e " + label))
        return sealing.seal_bytes(self.plain(label, sender) if plain is None else plain, **{**fields, **changes})

    def plain(self, label, sender=None, **changes):
        sender = sender or self.stranger("sender")
        record = sender.record(self.now, stamp=False)
        fields = dict(sign_key=sender.sign_key, record=record["record"], record_signature=record["signature"],
                      uid=self.rnd("uid " + label, 16), sent_at_ms=self.now, text=label)
        return sealing.encode_sealed(**{k: v for k, v in {**fields, **changes}.items() if v is not None})

    def refusal(self, sealed, recipient=None):
        recipient = recipient or self.stranger()
        return message.encode_refusal(sealed.header, sealed.nonce, recipient.mailbox_seed(self.now // 604_800_000))

    def push(self, peer, sealed):
        """Message as a push; the StoredItem that answers it."""
        since = peer.mark()
        peer.send("message", {"items": [sealed.item()]})
        self.wait(lambda: peer.stored_items(sealed.id, since) or peer.closed, "Stored")
        self.check(not peer.closed, "the link was cut; expected Stored")
        return peer.stored_items(sealed.id, since)[0]

    def want_of(self, peer, sealed):
        """Offers a message, which is to be lacking; the request id of the Want that asks for it."""
        since = peer.mark()
        peer.send("offer", {"items": [sealed.offer()]})
        self.wait(lambda: peer.wants(sealed.id, since), f"Want at {peer.name}")
        return next(n for _, kind, body, n in peer.log[since:] if kind == "want" and sealed.id in body["ids"])

    def two_offer(self, label):
        """Two peers offer a message, of which only the first is asked: (first, second, message, request id of the Want).
        Wants are not answered by themselves, and a control message has come before."""
        first, second = self.dial(), self.dial()
        self.control(first)
        self.answer_wants = False
        sealed = self.foreign_message(label)
        number = self.want_of(first, sealed)
        second.send("offer", {"items": [sealed.offer()]})
        second.barrier()
        return first, second, sealed, number

    def is_held(self, peer, sealed):
        """Whether the implementation gives the message out: Want answered by Message or by Error{not_held}."""
        kind, body = peer.ask("want", {"ids": [sealed.id]})
        if kind == "message":
            self.check(body["items"][0]["header"] == sealed.header and body["items"][0]["body"] == sealed.body,
                       "Want was answered by other bytes than were given")
            return True
        self.check(kind == "error" and body.get("code") == wire.NOT_HELD, f"Want was answered by {kind} {body}")
        return False

    def collect(self, peer, seed):
        """Proves a mailbox to the implementation; the status of Collected."""
        from .session import sign_collect
        kind, body = peer.ask("collect", sign_collect(seed, peer.transcript))
        self.check(kind == "collected", f"Collect was answered by {kind} {body}")
        return body["status"]

    def acknowledge(self, peer, record):
        peer.send("ack", {"records": [record]})
        peer.barrier()

    # --- the end

    def close(self):
        for transport in self.transports:
            transport.close()
        self.transports = []
        if self.shared is None and self.subject is not None:
            if self.subject.process is not None:
                self.poller.unregister(self.subject.descriptor)
            self.subject.kill()


class Shared:
    """One implementation that several cases use one after the other, each with fresh links and ids."""

    def __init__(self, command, seed):
        self.poller = zmq.Poller()
        self.secret = "conformance shared " + str(seed)
        self.scratch = scratch_directory()
        self.subject = Subject(command, self.scratch / "iut", self.secret, "shared")
        self.learned, self.ticks = int(time.time() * 1000), 0
        self.owner = identity.Identity.from_secret(self.secret.encode())
        self.subject.start()
        self.poller.register(self.subject.descriptor, zmq.POLLIN)

    @property
    def now(self):
        return self.learned + self.ticks

    def close(self):
        if self.subject.process is not None:
            self.poller.unregister(self.subject.descriptor)
        self.subject.kill()
        shutil.rmtree(self.scratch, ignore_errors=True)


def scratch_directory():
    return pathlib.Path(tempfile.mkdtemp(prefix="comm-conformance-", dir=os.environ.get("TMPDIR", "/tmp")))


assert crypto.L
