#!/usr/bin/python3
"""Strangers against a relay under traffic: the relay stays up, its memory stays bounded, everyone else is served."""
import ctypes
import fcntl
import json
import os
import resource
import struct
import subprocess
import threading
import time

import harness
import stranger

RSS_LIMIT_KIB = 200 * 1024
NO_SESSION = 1


def find_node(request_id=7):
    """A well-formed request: Packet{request_id, find_node{target}}."""
    return b"\x0d" + struct.pack("<I", request_id) + b"\x3a\x16\x0a\x14" + bytes(20)


class Hostile(harness.Case):
    def setUp(self):
        super().setUp()
        self.target = self.relay()
        self.alice = self.chat("alice", self.target.endpoint)
        self.bob = self.chat("bob", self.target.endpoint)
        self.exchange("before")
        self.stop, self.delivered, self.peak = threading.Event(), 0, 0
        self.traffic = threading.Thread(target=self.keep_talking)
        self.traffic.start()

    def tearDown(self):
        self.stop.set()
        self.traffic.join(harness.PATIENCE + 5)
        super().tearDown()

    def exchange(self, text):
        self.alice.send(self.bob.address, text, text)
        self.alice.state(text, "delivered")

    def keep_talking(self):
        try:
            while not self.stop.is_set():
                self.exchange(f"during {self.delivered}")
                self.delivered += 1
                self.peak = max(self.peak, self.target.rss_kib())
                self.stop.wait(0.2)
        except (AssertionError, OSError, ValueError) as problem:
            self.failure = problem

    def assertUnharmed(self, newcomers=True):
        """The old links still deliver, a newcomer is let in, nothing grew out of bounds."""
        before = self.delivered
        self.eventually(lambda: self.delivered > before or hasattr(self, "failure"), what="traffic to go on")
        self.assertFalse(hasattr(self, "failure"), getattr(self, "failure", None))
        self.assertTrue(self.target.running())
        self.assertLess(self.peak, RSS_LIMIT_KIB, "resident memory of the relay")
        if newcomers:
            carol = self.chat("carol", self.target.endpoint)
            carol.send(self.bob.address, "I am new", "new")
            carol.state("new", "delivered", 60)
        loud = [line for line in self.target.errors if "assert" in line.lower() or "abort" in line.lower()]
        self.assertEqual(loud, [])
        self.assertLess(len(self.target.errors), 50, "a stranger filled the log")

    def test_port_scanner(self):
        for _ in range(300):
            stranger.connect(self.target.endpoint).close()
        self.assertUnharmed()

    def test_garbage(self):
        openings = [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\n" * 1000,
                    b"\xff" + bytes(8) + b"\x7f", b"\xff" + bytes(7) + b"\x01\x7f\x03\x00NULL".ljust(54, b"\x00")]
        for number in range(100):
            with stranger.connect(self.target.endpoint) as link:
                try:
                    link.sendall(openings[number % len(openings)] + os.urandom(number * 50))
                except ConnectionError:
                    pass  # it was cut, which is right
        self.assertUnharmed()

    def test_half_open_connections_are_cut(self):
        links = [stranger.connect(self.target.endpoint) for _ in range(50)]
        started = time.monotonic()
        for link in links:
            self.assertTrue(stranger.closed_by_peer(link, 20), "a silent connection was kept for 20 s")
            link.close()
        self.assertLess(time.monotonic() - started, 25)
        self.assertUnharmed()

    def test_a_link_without_a_session_is_cut(self):
        link = stranger.CurveStranger(self.target.endpoint)
        self.assertTrue(stranger.closed_by_peer(link.socket, 20), "a link without Hello was kept for 20 s")
        self.assertUnharmed(newcomers=False)

    def test_requests_before_a_session_are_refused(self):
        link = stranger.CurveStranger(self.target.endpoint)
        link.socket.settimeout(5)
        link.send(find_node())
        answer = link.receive()
        self.assertEqual(answer[:5], b"\x0d" + struct.pack("<I", 7))
        self.assertEqual(answer[5:7], b"\xa2\x01", "an Error was expected")
        self.assertIn(b"\x08" + bytes([NO_SESSION]), answer[7:])
        link.close()

    def test_malformed_packets(self):
        bodies = [b"", b"\x00", b"\xff" * 100, find_node()[:-3], b"\x0d\x01\x00\x00\x00", os.urandom(500),
                  b"\x0d\x01\x00\x00\x00\xd2\x0f\x00",  # a body of a later version
                  b"\x12" + b"\xff\xff\xff\xff\x0f",  # a Hello that claims 4 GiB
                  b"\x12\x05hello", b"\x0b" * 5000]  # a bad Hello; deeply nested groups
        for body in bodies:
            link = stranger.CurveStranger(self.target.endpoint)
            try:
                for _ in range(20):
                    link.send(body)
            except ConnectionError:
                pass
            link.close()
        self.assertUnharmed()

    def test_oversized_messages_cut_the_link(self):
        for size in (98_305, 1_000_000, 20_000_000):
            link = stranger.CurveStranger(self.target.endpoint)
            try:
                link.send(bytes(size))
            except (ConnectionError, TimeoutError):
                pass
            self.assertTrue(stranger.closed_by_peer(link.socket, 20), f"{size} bytes were taken")
            link.close()
        self.assertUnharmed()

    def test_multipart_messages(self):
        link = stranger.CurveStranger(self.target.endpoint)
        link.send(b"one", more=True)
        link.send(b"two")
        self.assertTrue(stranger.closed_by_peer(link.socket, 20), "a multipart message was taken")
        link.close()
        self.assertUnharmed(newcomers=False)

    def test_unfinished_multipart_messages(self):
        """Parts without an end escape the high-water mark: the link must be cut long before memory is gone."""
        for _ in range(3):
            link = stranger.CurveStranger(self.target.endpoint)
            link.socket.settimeout(10)
            sent = 0
            try:
                while sent < 400 << 20:
                    link.send(bytes(60_000), more=True)
                    sent += 60_000
            except (ConnectionError, TimeoutError):
                pass
            self.assertLess(sent, 400 << 20, "an unfinished message of 400 MB was taken")
            link.close()
        self.assertUnharmed()

    def test_a_thousand_idle_connections(self):
        links = []
        for _ in range(1000):
            try:
                links.append(stranger.connect(self.target.endpoint))
            except OSError:
                pass  # refused, which is right as well
        time.sleep(3)
        self.assertUnharmed()
        for link in links:
            link.close()

    def test_announced_routing_ids(self):
        """A peer may announce the routing id that libzmq would give next; a collision makes a careless process abort."""
        libc = ctypes.CDLL(None)
        libc.srand(1)
        draws = [libc.rand() for _ in range(12)]
        for low, high in zip(draws, draws[1:]):
            first = (low | (high << 31)) & 0xffffffff
            for ahead in range(4):
                identity = b"\x00" + struct.pack(">I", (first + 3 + ahead) & 0xffffffff)
                try:
                    stranger.CurveStranger(self.target.endpoint, identity, timeout=1).close()
                except OSError:
                    pass
        # The same name from two links at once, and the names of links that have gone.
        pair = []
        for _ in range(2):
            try:
                pair.append(stranger.CurveStranger(self.target.endpoint, b"the same name"))
            except OSError:
                pass
        for link in pair:
            link.close()
        self.assertUnharmed()


class FewDescriptors(harness.Case):
    """A system that allows little: the caps shrink with it, so that the limit itself is never reached."""
    LIMIT = 128

    def test_a_crowd_that_comes_and_stays(self):
        limits = (self.LIMIT, self.LIMIT)
        relay = self.relay(preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limits))
        alice = self.chat("alice", relay.endpoint)
        bob = self.chat("bob", relay.endpoint)
        alice.send(bob.address, "before", "before")
        alice.state("before", "delivered")
        crowd, most = [], 0
        end = time.monotonic() + 6
        while time.monotonic() < end:
            try:
                crowd.append(stranger.connect(relay.endpoint))
            except OSError:
                pass  # refused, which is right as well
            most = max(most, len(os.listdir(f"/proc/{relay.pid}/fd")))
            time.sleep(0.01)
        alice.send(bob.address, "during", "during")
        alice.state("during", "delivered")
        self.assertLess(most, self.LIMIT)
        self.assertFalse([line for line in relay.errors if "accept-failed" in line])
        for link in crowd:
            link.close()


class Full(harness.Case):
    """As many links as the relay takes."""

    def test_who_has_a_session_keeps_it(self):
        relay = self.relay(extra=("--links", "8"))
        alice = self.chat("alice", relay.endpoint)
        bob = self.chat("bob", relay.endpoint)
        alice.send(bob.address, "before", "before")
        alice.state("before", "delivered")
        crowd, end = [], time.monotonic() + 8
        while time.monotonic() < end:
            try:
                crowd.append(stranger.CurveStranger(relay.endpoint, timeout=1))
            except OSError:
                pass  # refused, which is right
            if len(crowd) % 10 == 9:  # nobody new could get in: these go by the sessions of before
                alice.send(bob.address, "during", f"during {len(crowd)}")
                alice.state(f"during {len(crowd)}", "delivered")
        self.assertTrue(crowd, "nobody was let in")
        alice.send(bob.address, "after", "after")
        alice.state("after", "delivered")
        for link in crowd:
            link.close()


class Unread(harness.Case):
    """Whoever started the program stopped reading what it says."""

    def start_unread(self, *args):
        """The program and what it said first; from then on its output is full."""
        read_end, write_end = os.pipe()
        fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
        program = subprocess.Popen([harness.COMM, *map(str, args), "--json", "--params", "test", "--log-level", "debug"],
                                   stdin=subprocess.PIPE, stdout=write_end, stderr=write_end, env=self.environment)
        self.addCleanup(lambda: (program.kill(), program.wait(), program.stdin.close()))
        output = open(read_end, "rb")
        said = output.readline()
        while b'"ready"' not in said:
            said = output.readline()
        os.set_blocking(write_end, False)
        try:
            while True:
                os.write(write_end, b" " * 64)
        except BlockingIOError:
            os.set_blocking(write_end, True)
        os.close(write_end)
        self.addCleanup(output.close)
        return program, json.loads(said)

    def test_a_relay_serves_on_and_ends_when_asked(self):
        relay, ready = self.start_unread("relay", "--listen", harness.LOOPBACK, "--data", self.home / "relay")
        alice, bob = self.chat("alice", ready["endpoint"]), self.chat("bob", ready["endpoint"])
        for number in range(3):
            alice.send(bob.address, f"text {number}", f"text {number}")
            alice.state(f"text {number}", "delivered")
            time.sleep(1.2)  # the relay reports once a second
        relay.terminate()
        self.assertEqual(relay.wait(harness.PATIENCE), 0)

    def test_a_chat_waits_and_ends_when_asked(self):
        relay = self.relay()
        self.publish("bob", relay.endpoint)  # once unread, it may come to no more
        bob, ready = self.start_unread("bob", harness.LOOPBACK, relay.endpoint)
        alice = self.chat("alice", relay.endpoint)
        alice.send(ready["address"], "for your eyes", "r")
        alice.state("r", "relayed")
        time.sleep(1)
        bob.terminate()
        self.assertEqual(bob.wait(harness.PATIENCE), 74)


if __name__ == "__main__":
    harness.main()
