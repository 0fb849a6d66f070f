"""Two implementations in one network: every combination of them as relay, sender and recipient."""
import shutil
import time

import zmq

from . import casework, registry
from .casework import scratch_directory
from .subject import Subject
from .weather import LISTEN

TICK = 100  # ms of virtual time
HASTE = 4   # virtual seconds in one of the weather's, at most


class Failure(Exception):
    pass


class World:
    """Processes that share a clock which is moved by ticks."""

    def __init__(self, patience):
        self.patience, self.poller = patience, zmq.Poller()
        self.scratch, self.subjects = scratch_directory(), []
        self.weather = None  # or what every dial goes through
        self.ticked, self.tick_at = 0, 0.0

    def _path(self, name, peer):
        endpoint = peer.ready["endpoint"]
        return endpoint if self.weather is None else self.weather.proxy(f"{name} to {peer.directory.name}", endpoint)

    def start(self, name, command, peers=(), **environment):
        subject = Subject(command, self.scratch / name, "interop " + name, "interop", [self._path(name, p) for p in peers],
                          listen="127.0.0.1:0" if self.weather is None else LISTEN)
        subject.environment |= environment
        self.subjects.append(subject)
        self.again(subject)
        return subject

    def again(self, subject):
        subject.start()
        self.poller.register(subject.descriptor, zmq.POLLIN)
        self.wait(lambda: subject.ready, f"{subject.directory.name}: ready")

    def stop(self, subject):
        if subject.process is not None:
            self.poller.unregister(subject.descriptor)
            subject.kill()

    def wait(self, predicate, what):
        end = time.monotonic() + self.patience
        while not predicate():
            if time.monotonic() > end:
                raise Failure(f"did not happen within {self.patience:g} s: {what}")
            running = [s for s in self.subjects if s.process is not None]
            ready = dict(self.poller.poll(50))
            for subject in running:
                if subject.descriptor in ready and not subject.read():
                    raise Failure(f"{subject.directory.name} ended by itself")
            self._tick([s for s in running if s.ready])

    def _tick(self, subjects):
        """The weather holds things up in real time: a clock that ran far ahead of it would end every handshake in vain."""
        now = time.monotonic()
        if self.weather is not None and now - self.tick_at < TICK / 1000 / HASTE:
            return
        self.tick_at = now
        for subject in subjects:
            subject.command_line(cmd="tick", ms=TICK)
        self.ticked += TICK

    def settle(self, seconds):
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > end, "time")

    def close(self):
        for subject in self.subjects:
            self.stop(subject)
        if self.weather is not None:
            self.weather.close()
        shutil.rmtree(self.scratch, ignore_errors=True)


def published(world, relay, address):
    """Waits until the relay holds the key record of an address, by asking it as a peer."""
    probe = casework.Case(registry.Spec("interop/probe", (), False, True, False, False, None, ""), "", 0, world.scratch)
    probe.subject, probe.poller = relay, world.poller
    try:
        peer, found = probe.dial(), {}
        end = time.monotonic() + world.patience
        while not found.get("record"):
            if time.monotonic() > end:
                raise Failure("the recipient's key record did not come to the relay")
            for subject in [s for s in world.subjects if s.process is not None]:
                subject.read()
                subject.command_line(cmd="tick", ms=100)
            probe.settle(seconds=0.1)
            found = peer.ask("get_record", {"address": address})[1]
    finally:
        for transport in probe.transports:
            transport.close()


def events(subject, name, **where):
    return [e for e in subject.events if e.get("ev") == name and all(e.get(k) == v for k, v in where.items())]


def direct(world, a, b):
    """Both know each other; a text in each direction is delivered."""
    first = world.start("first", a)
    second = world.start("second", b, [first])
    for sender, recipient, text in ((first, second, "from the first"), (second, first, "from the second")):
        sender.command_line(cmd="send", to=recipient.ready["address"], text=text, ref=text)
        world.wait(lambda r=recipient, x=text: events(r, "received", text=x), f"received: {text}")
        world.wait(lambda s=sender: events(s, "state", state="delivered"), "delivered")
        if events(recipient, "received", text=text)[0]["from"] != sender.ready["address"]:
            raise Failure("shown as from another address")


def offline(world, relay_command, sender_command, recipient_command):
    """Sender and recipient are never there at once: the relay keeps the message, and the acknowledgement."""
    relay = world.start("relay", relay_command)
    recipient = world.start("recipient", recipient_command, [relay])
    address = recipient.ready["address"]
    published(world, relay, bytes.fromhex(address))
    world.stop(recipient)
    sender = world.start("sender", sender_command, [relay])
    sender.command_line(cmd="send", to=address, text="waits for you", ref="w")
    world.wait(lambda: events(sender, "state", state="relayed"), "relayed")
    world.stop(sender)
    world.stop(relay)
    world.again(relay)
    world.again(recipient)
    world.wait(lambda: events(recipient, "received", text="waits for you"), "received")
    world.settle(1.0)
    world.stop(recipient)
    world.again(sender)
    world.wait(lambda: events(sender, "state", state="delivered"), "delivered")


def run(a, b, patience):
    """Yields (name, verdict, note)."""
    named = {"a": a, "b": b}
    plans = [(f"direct {x}-{y}", direct, (named[x], named[y])) for x, y in ("ab", "ba")]
    plans += [(f"offline relay={r} sender={s} recipient={t}", offline, (named[r], named[s], named[t]))
              for r in "ab" for s in "ab" for t in "ab" if len({r, s, t}) > 1]
    for name, scenario, commands in plans:
        world = World(patience)
        try:
            scenario(world, *commands)
            yield name, "PASS", ""
        except (Failure, casework.CaseFailure, casework.Crash) as failure:
            yield name, "FAIL", str(failure)
        finally:
            world.close()
