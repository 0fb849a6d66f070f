#!/usr/bin/python3
"""A full disk is not fatal: the relay refuses, says so, and goes on when there is room again."""
import os
import resource
import subprocess
import unittest

import harness


@unittest.skipUnless(os.geteuid() == 0, "mounting a small file system needs root")
class DiskFull(harness.VirtualCase):
    def setUp(self):
        super().setUp()
        self.disk = self.home / "disk"
        self.disk.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(self.disk)], check=False,
                              capture_output=True)
        if done.returncode != 0:
            self.skipTest("mounting is not allowed here")
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.disk)], check=False)

    def test_refuses_while_full_and_recovers(self):
        relay = self.relay(data=self.disk / "relay", virtual_clock=True)
        alice = self.chat("alice", relay.endpoint, virtual_clock=True)
        bob = self.chat("bob", relay.endpoint, virtual_clock=True)
        alice.send(bob.address, "fits", "fits")
        self.assertAdvances(60_000, relay, alice, bob, what="delivered", until=lambda: self.has_state(alice, "fits", "delivered"))
        bob.terminate()
        ballast = self.disk / "ballast"
        with open(ballast, "wb") as file:
            try:
                while True:
                    file.write(bytes(65536))
                    file.flush()
            except OSError:
                pass
        refs = [f"full {number}" for number in range(20)]
        for ref in refs:
            alice.send(bob.address, "x" * 50_000, ref)
        self.assertAdvances(60_000, relay, alice, what="a line about the full disk",
                            until=lambda: any("disk" in line.lower() for line in relay.errors))
        self.advance(30_000, relay, alice, step=1000)
        self.assertTrue(relay.running(), "a full disk ended the relay")
        self.assertLess(len(relay.errors), 30, "the full disk fills the log")
        self.assertFalse(self.has_state(alice, refs[-1], "relayed"), "claimed to be stored on a full disk")
        ballast.unlink()
        # The sender asks again at the latest at its hourly refresh, six minutes with the parameters of tests.
        self.assertAdvances(30 * 60_000, relay, alice, step=5000, what="all stored when there is room",
                            until=lambda: all(self.has_state(alice, ref, "relayed") for ref in refs))
        bob = self.chat("bob", relay.endpoint, name="bob again", virtual_clock=True)
        self.assertAdvances(10 * 60_000, relay, alice, bob, step=500, what="delivered",
                            until=lambda: all(self.has_state(alice, ref, "delivered") for ref in refs))
        self.assertEqual(bob.count("received"), 20)
        self.advance(5000, relay, alice, bob, step=500)
        self.assertEqual(self.newest(relay)["live"], 0)
        self.assertEqual(relay.terminate(), 0)


class FileSizeLimit(harness.VirtualCase):
    def limit(self, process, size):
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))

    def test_files_that_may_not_grow_are_a_full_disk(self):
        relay = self.relay(virtual_clock=True)
        alice = self.chat("alice", relay.endpoint, virtual_clock=True)
        bob = self.chat("bob", relay.endpoint, virtual_clock=True)
        alice.send(bob.address, "fits", "fits")
        self.assertAdvances(60_000, relay, alice, bob, what="delivered", until=lambda: self.has_state(alice, "fits", "delivered"))
        bob.terminate()
        self.limit(relay, 0)
        alice.send(bob.address, "does not fit", "late")
        self.assertAdvances(60_000, relay, alice, what="a line about the full disk",
                            until=lambda: any("disk" in line.lower() for line in relay.errors))
        self.advance(30_000, relay, alice, step=1000)
        self.assertTrue(relay.running(), "the limit ended the relay")
        self.assertFalse(self.has_state(alice, "late", "relayed"), "claimed to be stored in files that may not grow")
        self.limit(relay, None)
        self.assertAdvances(10 * 60_000, relay, alice, step=5000, what="stored when files may grow",
                            until=lambda: self.has_state(alice, "late", "relayed"))
        self.assertEqual(relay.terminate(), 0)


if __name__ == "__main__":
    harness.main()
