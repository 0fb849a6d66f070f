"""The level of networks: six nodes of one or two implementations, of which some crash and one lies, and links that lose and
stall. Everything is delivered, once, and it makes no difference who is of which make."""
import fnmatch
import random

from . import casework, message, registry, wire
from .interop import Failure, World, events
from .weather import LATE, LOST, Weather

NODES, RELAYS = 6, 2


class Network(World):
    """Two relays and four users who know both of them."""

    def __init__(self, commands, patience, weather=None):
        super().__init__(patience)
        self.weather = weather
        self.relays = []
        for number, command in enumerate(commands[:RELAYS]):
            self.relays.append(self.start(f"relay {number}", command, self.relays, CF_ROLE="relay"))
        self.users = [self.start(f"user {number}", command, self.relays)
                      for number, command in enumerate(commands[RELAYS:])]

    def all_write_to_all(self):
        """[(sender, recipient, text)]."""
        written = [(s, r, f"{s.directory.name} to {r.directory.name}") for s in self.users for r in self.users if s is not r]
        for sender, recipient, text in written:
            sender.command_line(cmd="send", to=recipient.ready["address"], text=text, ref=text)
        return written

    def delivered(self, written):
        """Waits until each has come, then checks that each came once."""
        for sender, recipient, text in written:
            self.wait(lambda r=recipient, x=text: events(r, "received", text=x), f"received: {text}")
            self.wait(lambda s=sender, x=text: self._state(s, x, "delivered"), f"delivered: {text}")
        self.settle(0.5)
        for _, recipient, text in written:
            if len(events(recipient, "received", text=text)) != 1:
                raise Failure(f"shown {len(events(recipient, 'received', text=text))} times: {text}")

    def figures(self):
        out = f"{self.ticked / 1000:.0f} s of virtual time"
        if self.weather is not None:
            out += f", {self.weather.connections} links, {self.weather.cut} cut, {self.weather.carried // 1000} kB carried"
        return out

    @staticmethod
    def _state(sender, text, state):
        uids = {e.get("uid") for e in events(sender, "state", ref=text)}
        return [e for e in events(sender, "state", state=state) if e.get("uid") in uids]


def calm(world, dice):
    world.delivered(world.all_write_to_all())


def crashes(world, dice):
    """A relay and a user, whichever, are killed while mail is on its way, and come back."""
    written = world.all_write_to_all()
    for victim in (dice.choice(world.relays), dice.choice(world.users)):
        world.settle(dice.uniform(0.1, 1.5))
        world.stop(victim)
        world.settle(dice.uniform(0.1, 1.5))
        world.again(victim)
    # what was typed and not yet accepted when its program was killed is typed again
    for sender, recipient, text in written:
        if not events(sender, "state", ref=text):
            sender.command_line(cmd="send", to=recipient.ready["address"], text=text, ref=text)
    world.delivered(written)


def halves_meet(world, dice):
    """One relay is away while half of the users cannot reach the other: a partition, which heals."""
    world.stop(world.relays[0])
    written = world.all_write_to_all()
    world.settle(1.0)
    world.again(world.relays[0])
    world.stop(world.relays[1])
    world.settle(1.0)
    world.again(world.relays[1])
    world.delivered(written)


def liar(world, dice):
    """A peer of the suite claims to have stored everything, gives nothing, and forges acknowledgements."""
    probe = casework.Case(registry.Spec("network/liar", (), False, True, False, False, None, ""), "", 0, world.scratch)
    probe.subject, probe.poller = world.relays[0], world.poller
    try:
        peers = []
        for relay in world.relays:
            probe.subject = relay
            peers.append(probe.dial(role=wire.RELAY))
        written = world.all_write_to_all()
        for _ in range(20):
            world.settle(0.1)
            for transport in probe.transports:
                for kind, channel, data in transport.poll(0):
                    probe._dispatch(transport, kind, channel, data)
            for peer in peers:
                _lie(peer, dice)
        if not any(kind == "ack" for peer in peers for _, kind, _, _ in peer.log):
            raise Failure("the liar was told of no message, and could not lie")
        world.delivered(written)
    finally:
        for transport in probe.transports:
            transport.close()


def _lie(peer, dice):
    since, peer.lied = getattr(peer, "lied", 0), peer.mark()
    for body in peer.received("offer", since=since):
        for item in body["items"]:
            identifier = message.message_id(item["header"])
            peer.send("stored", {"items": [{"id": identifier, "status": wire.STORED}]})
            peer.send("ack", {"records": [item["header"] + item["nonce"] + dice.randbytes(32)]})


def lossy(world, dice):
    """Of a hundred pieces thirty arrive late and one takes its link with it, in both directions of every link."""
    world.delivered(world.all_write_to_all())


def swizzle_clog(world, dice):
    """Links stall one after the other while mail is on its way, until none is left, and come back in another order."""
    written, links = world.all_write_to_all(), sorted(world.weather.gates)
    for clogged in (True, False):
        dice.shuffle(links)
        for link in links:
            world.weather.clog(link, clogged)
            world.settle(dice.uniform(0.05, 0.4))
    world.delivered(written)


SCENARIOS = {"calm": calm, "crashes": crashes, "halves-meet": halves_meet, "liar": liar, "30pct-loss": lossy,
             "swizzle-clog": swizzle_clog}
WEATHER = {"30pct-loss": dict(late=LATE, lost=LOST), "swizzle-clog": {}}


def run(command, other, seed, patience, only="*"):
    """Yields (name, verdict, note): each scenario with each composition."""
    compositions = {"alone": [command] * NODES, "mixed": [command, other] * (NODES // 2),
                    "mixed-turned": [other, command] * (NODES // 2)}
    for name, scenario in SCENARIOS.items():
        if not fnmatch.fnmatch(name, only):
            continue
        for composition, commands in compositions.items():
            dice, world = random.Random(f"{seed}/{name}/{composition}"), None
            try:
                weather = Weather(f"{seed}/{name}", **WEATHER[name]) if name in WEATHER else None
                world = Network(commands, patience, weather)
                scenario(world, dice)
                yield f"{name} {composition}", "PASS", world.figures()
            except (Failure, casework.CaseFailure, casework.Crash) as failure:
                yield f"{name} {composition}", "FAIL", str(failure)
            finally:
                if world is not None:
                    world.close()
