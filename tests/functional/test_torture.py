#!/usr/bin/python3
"""A relay that is killed (SIGKILL) at random moments under load: afterwards it holds every message that it answered
`stored` and that was not acknowledged since, answers acknowledged ones with their record, and its store is whole.

COMM_KILLS=n COMM_SEED=n: how often, and what is drawn. The moments are not repeatable, what is sent is. The peers are the
conformance suite's, an independent implementation of the protocol."""
import os
import random
import subprocess
import sys
import time
import types
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).resolve().parents[2] / "conformance"))
import harness
from comm_conformance import casework, crypto, message, wire
from comm_conformance.base import H
from comm_conformance.sealing import SealedMessage

KILLS = int(os.environ.get("COMM_KILLS", "40"))
SEED = int(os.environ.get("COMM_SEED", str(random.randrange(1_000_000))))
LINKS, PACKET, WINDOW = 2, 16, 96  # messages
MOST_WANTED, MOST_BYTES = 64, 70_000  # of one Want's answer


class World(casework.Case):
    """The suite's peers without its cases: the relay is started and killed elsewhere."""

    def __init__(self):
        super().__init__(types.SimpleNamespace(id="torture"), [], SEED, Path("."))
        self.at = None

    @property
    def endpoint(self):
        return self.at


class Torture(harness.Case):
    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        self.data = self.home / "relay"
        self.world, self.starts, self.linked = World(), 0, 0
        self.held = {}       # id -> message: answered `stored`, not acknowledged
        self.ended = {}      # id -> message: answered `acknowledged`
        self.unsure = {}     # id -> message: acknowledged by us, unanswered
        self.counts = dict(stored=0, acknowledged=0, wanted=0, unanswered=0, early=0)

    def tearDown(self):
        self.world.close()
        super().tearDown()

    # --- messages
    def make(self):
        size_class = self.random.choices((0, 1, 2), (12, 3, 1))[0]
        body = self.random.randbytes((1024, 4096, 16384)[size_class])
        secret = self.random.randbytes(32)
        header = message.encode_header(size_class, self.world.now // 60_000 + 60, 60, self.random.randbytes(20),
                                       H("ack", secret), crypto.blake2b(body))
        return SealedMessage(header, bytes(8), body, secret)

    # --- the relay
    def start_relay(self, kill_early):
        self.starts += 1
        relay = self.relay(name=f"relay {self.starts}", data=self.data)
        if kill_early:
            time.sleep(self.random.random() * 0.1)
            relay.kill()
            self.counts["early"] += 1
            return None
        self.world.at = relay.endpoint
        return relay

    def forget(self, relay):
        """A relay that has ended leaves no descriptors and no links behind."""
        for peer in self.world.peers:
            peer.close()
        self.world.peers.clear()
        if self.world.dialling is not None:
            self.world.dialling.close()
            self.world.transports.clear()
            self.world.dialling = None
        if relay.running():
            relay.kill()
        relay.close_input()
        for thread in relay.threads:
            thread.join(5)
        for stream in (relay.popen.stdout, relay.popen.stderr):
            stream.close()
        self.processes.remove(relay)

    def link(self):
        self.linked += 1
        return self.world.dial(f"link {self.linked}", role=wire.CLIENT)

    # --- load
    def take_answers(self, peer, sent, since):
        for body in peer.received("stored", since=since):
            for item in body["items"]:
                one = sent.pop(item["id"], None)
                if one is None:
                    continue
                if item["status"] == wire.STORED:
                    self.held[one.id] = one
                    self.counts["stored"] += 1
                elif item["status"] == wire.ACKNOWLEDGED:
                    self.assertEqual(item["ack"], one.ack())
                    self.unsure.pop(one.id, None)
                    self.ended[one.id] = one
                    self.counts["acknowledged"] += 1
                else:
                    self.assertEqual(item["status"], wire.DUPLICATE)
                    self.unsure.pop(one.id, None)
                    self.held[one.id] = one
        return peer.mark()

    def acknowledge_some(self, peer, sent):
        """Sends acknowledgements, and the messages again: their answer says whether the end is on disk."""
        chosen = self.random.sample(sorted(self.held), min(len(self.held), self.random.randrange(8)))
        if not chosen:
            return
        ended = [self.held.pop(one) for one in chosen]
        self.unsure.update({one.id: one for one in ended})
        peer.send("ack", {"records": [one.ack() for one in ended]})
        again = ended[:3]
        peer.send("message", {"items": [one.item() for one in again]})
        sent.update({one.id: one for one in again})

    def load(self, relay, seconds):
        peers = [self.link() for _ in range(LINKS)]
        sent = [{} for _ in peers]
        marks = [peer.mark() for peer in peers]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for i, peer in enumerate(peers):
                if len(sent[i]) < WINDOW:
                    packet = [self.make() for _ in range(self.random.randrange(1, PACKET))]
                    while sum(len(one.body) for one in packet) > MOST_BYTES:
                        packet.pop()
                    peer.send("message", {"items": [one.item() for one in packet]})
                    sent[i].update({one.id: one for one in packet})
                if self.random.random() < 0.06:
                    self.acknowledge_some(peer, sent[i])
                self.world.pump(0)
                marks[i] = self.take_answers(peer, sent[i], marks[i])
        relay.popen.kill()
        relay.popen.wait(10)
        last = time.monotonic() + 2
        while not all(peer.closed for peer in peers) and time.monotonic() < last:
            self.world.pump(10)  # what left before the kill counts
        for i, peer in enumerate(peers):
            self.take_answers(peer, sent[i], marks[i])
            self.counts["unanswered"] += len(sent[i])

    # --- what is left
    def wants(self, messages):
        """In portions whose answer fits one packet."""
        portion, size = [], 0
        for one in messages:
            if portion and (len(portion) == MOST_WANTED or size + len(one.body) > MOST_BYTES):
                yield portion
                portion, size = [], 0
            portion.append(one)
            size += len(one.body)
        if portion:
            yield portion

    def verify(self, messages):
        peer = self.link()
        for portion in self.wants(messages):
            kind, body = peer.ask("want", {"ids": [one.id for one in portion]})
            self.assertEqual(kind, "message", f"seed {SEED}: {len(portion)} messages are gone: {body}")
            found = {message.message_id(item["header"]): item["body"] for item in body["items"]}
            missing = [one.id.hex() for one in portion if found.get(one.id) != one.body]
            self.assertEqual(missing, [], f"seed {SEED}: answered as stored, and gone")
            self.counts["wanted"] += len(portion)
        for one in self.random.sample(sorted(self.ended), min(len(self.ended), 20)):
            kind, body = peer.ask("want", {"ids": [one]})
            self.assertEqual(kind, "error", f"seed {SEED}: acknowledged, and held again")
        peer.close()

    def check_store(self):
        done = subprocess.run([harness.COMM, "relay", "--check", "--data", str(self.data)], capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done)

    def test_kills(self):
        kills, recent = 0, []
        while kills < KILLS:
            early = self.random.random() < 0.2
            relay = self.start_relay(early)
            kills += 1
            if early:
                self.forget(self.processes[-1])
                continue
            before = set(self.held)
            self.verify([self.held[one] for one in recent if one in self.held])
            self.load(relay, self.random.random() * 0.8)
            recent = sorted(set(self.held) - before) + self.random.sample(sorted(before), min(len(before), 50))
            self.forget(relay)
            if kills % 10 == 0:
                self.check_store()
        relay = self.start_relay(False)
        self.verify(list(self.held.values()))
        self.assertEqual(relay.terminate(), 0)
        self.check_store()
        self.assertGreater(self.counts["stored"], KILLS)
        print(f"seed {SEED}: {kills} kills ({self.counts['early']} while starting), {self.counts['stored']} messages "
              f"answered stored, {self.counts['acknowledged']} ends confirmed, {self.counts['unanswered']} in flight when "
              f"killed, {len(self.held)} still to be held: all are", file=sys.stderr)


if __name__ == "__main__":
    harness.main()
