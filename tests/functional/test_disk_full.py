#!/usr/bin/python3
"""A full disk is not fatal: the relay refuses, says so, and goes on when there is room again."""
import os
import subprocess
import unittest

import harness


@unittest.skipUnless(os.geteuid() == 0, "mounting a small file system needs root")
class DiskFull(harness.Case):
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
        relay = self.relay(data=self.disk / "relay")
        alice = self.chat("alice", relay.endpoint)
        bob_address = self.publish("bob", relay.endpoint)
        alice.send(bob_address, "fits", "0")
        alice.state("0", "relayed")
        ballast = self.disk / "ballast"
        with open(ballast, "wb") as file:
            try:
                while True:
                    file.write(bytes(65536))
                    file.flush()
            except OSError:
                pass
        for number in range(20):
            alice.send(bob_address, "x" * 50_000, f"full {number}")
        alice.state("full 19", "sealed")
        relay.wait_until(lambda: any("disk" in line.lower() or "full" in line.lower() for line in relay.errors),
                         what="a line about the full disk")
        self.assertTrue(relay.running(), "a full disk ended the relay")
        ballast.unlink()
        for number in range(20):
            alice.state(f"full {number}", "relayed", 90)
        bob = self.chat("bob", relay.endpoint, name="bob again")
        bob.wait_until(lambda: bob.count("received") >= 21, 60, "all messages")
        alice.state("full 19", "delivered")
        relay.store(live=0)
        self.assertEqual(relay.terminate(), 0)


if __name__ == "__main__":
    harness.main()
