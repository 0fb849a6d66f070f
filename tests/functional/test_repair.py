#!/usr/bin/python3
"""Damaged stores: a start refuses with exit code 65 and names the repair; --check says the same; --repair saves what can
be read into a new store and moves the old one aside, byte for byte."""
import json
import shutil
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from harness import COMM, Case

MESSAGES = 12


class Repair(Case):
    def setUp(self):
        super().setUp()
        self.data = self.home / "relay"
        self.fill()

    def fill(self):
        """A stopped relay whose store holds messages for somebody who is away, in a table."""
        relay = self.relay()
        bob = self.publish("bob of the repair", relay.endpoint)
        alice = self.chat("alice of the repair", relay.endpoint, name="alice")
        for i in range(MESSAGES):
            alice.send(bob, f"message {i} " + "x" * 3000, f"m{i}")
        for i in range(MESSAGES):
            alice.state(f"m{i}", "relayed")
        self.assertEqual(alice.quit(), 0)
        self.assertEqual(relay.terminate(), 0)
        self.log_only = self.home / "log"
        shutil.copytree(self.data, self.log_only)
        again = self.relay(name="again", data=self.data)  # recovery makes a table of the log
        again.ready
        self.assertEqual(again.terminate(), 0)
        self.whole = json.loads(self.check(self.data, "--json").stdout)
        self.assertGreaterEqual(self.whole["live"], MESSAGES)

    def check(self, data, *extra):
        return self.run_comm("relay", "--check", "--data", data, *extra)

    def repair(self, data, *extra):
        return self.run_comm("relay", "--repair", "--data", data, *extra)

    def damaged(self, name, source=None):
        data = self.home / name
        shutil.copytree(source or self.data, data)
        return data

    def file(self, data, pattern):
        """The largest such file of the store."""
        return max((data / "store").glob(pattern), key=lambda path: path.stat().st_size)

    def flip(self, path, at):
        content = bytearray(path.read_bytes())
        content[at] ^= 0x40
        path.write_bytes(content)

    def contents(self, directory):
        """What a start never rewrites."""
        return {path.name: path.read_bytes() for path in directory.iterdir() if path.suffix in (".ldb", ".damaged")}

    def assertRefused(self, data, start=True):
        runs = [self.check(data)]
        if start:
            runs.append(self.run_comm("relay", "--listen", "127.0.0.1:0", "--params", "test", "--data", data))
        for done in runs:
            self.assertEqual(done.returncode, 65, done)
            self.assertIn(b"damaged", done.stderr)
            self.assertIn(f"`{COMM} relay --repair --data {data}`".encode(), done.stderr)

    def assertRepaired(self, data, at_least):
        before = self.contents(data / "store")
        done = self.repair(data)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn(b"saved ", done.stdout)
        aside = data / "store.damaged-1"
        self.assertIn(str(aside).encode(), done.stdout)
        for name, content in before.items():
            self.assertEqual((aside / name).read_bytes(), content, name)
        self.assertEqual(sorted(p.name for p in data.iterdir() if p.name.startswith("store")), ["store", "store.damaged-1"])
        done = self.check(data, "--json")
        self.assertEqual(done.returncode, 0, done)
        found = json.loads(done.stdout)
        self.assertGreaterEqual(found["live"], at_least)
        relay = self.relay(name=data.name, data=data)
        self.assertEqual(relay.store(live=found["live"])["live"], found["live"])
        self.assertEqual(relay.terminate(), 0)

    def test_whole_store_is_left_alone(self):
        before = self.contents(self.data / "store").keys()
        for run in (self.check, self.repair):
            done = run(self.data)
            self.assertEqual(done.returncode, 0, done)
            self.assertIn(f"{self.whole['live']} messages".encode(), done.stdout)
            self.assertIn(b"is whole", done.stdout)
        self.assertFalse(list(self.data.glob("store.*")))
        self.assertTrue(before)

    def test_usage(self):
        self.assertEqual(self.run_comm("relay", "--check").returncode, 64)
        self.assertEqual(self.run_comm("relay", "--check", "--repair", "--data", self.data).returncode, 64)
        self.assertEqual(self.check(self.home / "nothing here").returncode, 1)
        self.assertFalse((self.home / "nothing here").exists())
        relay = self.relay(name="running", data=self.data)
        relay.ready
        done = self.repair(self.data)
        self.assertEqual(done.returncode, 73, done)
        self.assertIn(f"in use by pid {relay.pid} ".encode(), done.stderr)
        self.assertIn(b"Stop it first.", done.stderr)
        self.assertEqual(relay.terminate(), 0)

    def test_flipped_byte_in_a_table(self):
        data = self.damaged("table")
        table = self.file(data, "*.ldb")
        self.flip(table, table.stat().st_size // 4)
        self.assertRefused(data, start=False)  # a start reads little: it may not meet the damage yet
        self.assertRepaired(data, MESSAGES // 2)

    def test_flipped_byte_in_the_log(self):
        data = self.damaged("logged", self.log_only)
        log = self.file(data, "*.log")
        self.flip(log, 2000)  # of the last record nobody can tell whether it was torn by a loss of power
        self.assertRefused(data)
        self.assertRepaired(data, MESSAGES)

    def test_damaged_manifest(self):
        data = self.damaged("manifest")
        self.flip(self.file(data, "MANIFEST-*"), 10)
        self.assertRefused(data)
        self.assertRepaired(data, self.whole["live"])

    def test_missing_files(self):
        for name, least in (("CURRENT", self.whole["live"]), ("MANIFEST-*", self.whole["live"])):
            data = self.damaged("missing " + name[:7])
            self.file(data, name).unlink()
            self.assertRefused(data)
            self.assertRepaired(data, least)

    def test_missing_table(self):
        data = self.damaged("no table")
        self.file(data, "*.ldb").unlink()
        self.assertRefused(data)
        self.assertRepaired(data, 0)

    def test_garbage_in_current(self):
        data = self.damaged("current")
        (data / "store/CURRENT").write_bytes(b"garbage\n")
        self.assertRefused(data)
        self.assertRepaired(data, self.whole["live"])


if __name__ == "__main__":
    unittest.main()
