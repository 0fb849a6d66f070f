#!/usr/bin/python3
"""The command line: addresses, exit codes, sentences, secrets that do not show, one instance per data directory."""
import os
import socket
import time
from pathlib import Path

import harness
import sodium

ALEP = "06db9efe7cfe2a68af2280930189351762586201"
ALEP_BECH32M = "comm1qmdealnulc4x3tezszfsrzf4za39scsp4ygafr"


class Addresses(harness.Case):
    def test_the_same_on_every_machine(self):
        self.assertEqual(sodium.address(b"alep").hex(), ALEP)
        self.assertEqual(sodium.bech32m(sodium.address(b"alep")), ALEP_BECH32M)
        for secret in ("alep", "correct horse battery staple", "ünïcödé 你好", "x"):
            done = self.run_comm("address", secret)
            self.assertEqual(done.returncode, 0, done.stderr)
            derived = sodium.address(secret.encode())
            self.assertEqual(done.stdout.decode().split(), [derived.hex(), sodium.bech32m(derived)])

    def test_from_standard_input(self):
        for text in (b"alep\n", b"alep"):
            self.assertIn(ALEP.encode(), self.run_comm("address", "-", input=text).stdout)

    def test_chat_has_the_same_address(self):
        self.assertEqual(self.chat("alep").address, ALEP)

    def test_mistyped_addresses_are_refused_with_a_sentence(self):
        alice = self.chat("alice")
        bad = {"39 digits": ALEP[:-1], "41 digits": ALEP + "0", "bad checksum": ALEP_BECH32M[:-1] + "q",
               "one character wrong": ALEP_BECH32M.replace("md", "dm"), "not an address": "bob", "empty": ""}
        for what, text in bad.items():
            seen = len(alice.events)
            alice.send(text, "hello", what)
            said = alice.wait("error", since=seen)["what"]
            self.assertGreaterEqual(len(said.split()), 4, f"{what}: not a sentence: {said}")
            if what.endswith("digits"):
                self.assertIn("40", said)
                self.assertIn(what[:2], said)
        self.assertEqual(alice.count("state"), 0)

    def test_both_forms_are_accepted_in_either_case(self):
        alice = self.chat("alice")
        for number, form in enumerate((ALEP, ALEP.upper(), ALEP_BECH32M, ALEP_BECH32M.upper())):
            alice.send(form, "hello", number)
            alice.wait("state", ref=number)
        self.assertEqual(alice.count("error"), 0)


class Secrets(harness.Case):
    def cmdline(self, process):
        return Path(f"/proc/{process.pid}/cmdline").read_bytes()

    def test_the_secret_is_not_in_the_process_list(self):
        secret = "a-secret-nobody-may-see"
        alice = self.chat(secret)
        alice.ready
        self.assertNotIn(secret.encode(), self.cmdline(alice))
        self.assertNotIn(b"nobody", self.cmdline(alice))
        self.assertNotIn(secret, "\n".join(alice.errors))
        for task in Path(f"/proc/{alice.pid}/task").iterdir():
            self.assertNotIn(secret.encode(), (task / "cmdline").read_bytes())

    def test_from_a_file(self):
        file = self.home / "secret"
        file.write_text("alep\n")
        file.chmod(0o600)
        alice = self.start([harness.LOOPBACK, "--secret-file", file, "--json", "--params", "test"], "from a file")
        self.assertEqual(alice.address, ALEP)

    def test_from_a_descriptor(self):
        read_end, write_end = os.pipe()
        os.write(write_end, b"alep\n")
        os.close(write_end)
        os.set_inheritable(read_end, True)
        alice = self.start([harness.LOOPBACK, "--secret-fd", read_end, "--json", "--params", "test"], "from a descriptor",
                           close_fds=False)
        os.close(read_end)
        self.assertEqual(alice.address, ALEP)

    def test_a_missing_secret_file(self):
        done = self.run_comm(harness.LOOPBACK, "--secret-file", self.home / "absent", "--json")
        self.assertIn(done.returncode, (64, 66, 74, 77, 78))
        self.assertIn(b"absent", done.stderr)


class ExitCodes(harness.Case):
    def assertRefused(self, done, code, *words):
        said = done.stderr.decode()
        self.assertEqual(done.returncode, code, said)
        self.assertEqual(done.stdout, b"")
        self.assertTrue(said.startswith("comm"), said)
        for word in words:
            self.assertIn(word, said)

    def test_usage(self):
        for args in (["rely"], ["relay", "--nonsense"], ["relay", "--listen", "nonsense"], ["relay", "--listen"],
                     ["alice", "not-an-endpoint"], ["alice", "127.0.0.1:99999"], ["alice", "127.0.0.1:0", "bootstrap"],
                     ["address"], ["alice", "127.0.0.1:0", "--log-level", "loud"], ["--nonsense"],
                     ["alice", "127.0.0.1:0", "--linger", "soon"], ["alice", "127.0.0.1:0", "--virtual-clock", "x"]):
            done = self.run_comm(*args)
            self.assertEqual(done.returncode, 64, f"{args}: {done.stderr}")
            self.assertEqual(done.stdout, b"", args)
            self.assertGreater(len(done.stderr.split()), 3, f"{args}: {done.stderr}")

    def test_help_and_version(self):
        for args in (["--help"], ["relay", "--help"], ["address", "--help"], ["demo", "--help"]):
            done = self.run_comm(*args)
            self.assertEqual((done.returncode, done.stderr), (0, b""), args)
            self.assertGreater(done.stdout.count(b"\n"), 3, args)
        done = self.run_comm("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout.decode(), r"^comm \d+\.\d+\.\d+")

    def test_a_full_standard_output_is_an_error(self):
        with open("/dev/full", "wb") as full:
            import subprocess
            for args in (["--help"], ["--version"], ["address", "alep"]):
                done = subprocess.run([harness.COMM, *args], stdout=full, stderr=subprocess.PIPE, timeout=harness.PATIENCE,
                                      env=self.environment, check=False)
                self.assertEqual(done.returncode, 74, f"{args}: {done.stderr}")

    def test_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            where = f"127.0.0.1:{taken.getsockname()[1]}"
            self.assertRefused(self.run_comm("relay", "--listen", where, "--data", self.home / "r"), 69, where)
            self.assertRefused(self.run_comm("alice", where, "--json"), 69, where)

    def test_commands_in_hints_are_called_as_this_one_was(self):
        done = self.run_comm()
        self.assertEqual(done.returncode, 78)
        self.assertIn(f"  {harness.COMM} identity new".encode(), done.stderr)
        self.assertIn(f"`{harness.COMM} --help`".encode(), done.stderr)
        self.assertTrue(done.stderr.startswith(b"comm: "))
        self.assertIn(f"  {harness.COMM} relay --listen".encode(), self.run_comm("--help").stdout)
        self.assertIn(f"did you mean `{harness.COMM} relay`".encode(), self.run_comm("rely").stderr)

    def test_an_address_of_another_machine(self):
        self.assertRefused(self.run_comm("relay", "--listen", "192.0.2.1:0", "--data", self.home / "r"), 69, "192.0.2.1")

    def test_a_second_instance_names_the_first(self):
        relay = self.relay()
        relay.ready
        done = self.run_comm("relay", "--listen", harness.LOOPBACK, "--data", self.home / "relay", "--params", "test")
        self.assertRefused(done, 73, str(relay.pid))
        alice = self.chat("alice")
        alice.ready
        self.assertRefused(self.run_comm("alice", harness.LOOPBACK, "--json"), 73, str(alice.pid))
        self.chat("bob").ready  # another person on the same machine is welcome

    def test_the_lock_of_a_killed_instance_does_not_last(self):
        relay = self.relay()
        relay.ready
        relay.kill()
        self.relay(name="relay").ready

    def test_damaged_data(self):
        relay = self.relay()
        relay.ready
        self.assertEqual(relay.terminate(), 0)
        current = list((self.home / "relay").rglob("CURRENT"))
        self.assertEqual(len(current), 1)
        current[0].write_bytes(b"garbage\n")
        done = self.run_comm("relay", "--listen", harness.LOOPBACK, "--data", self.home / "relay", "--params", "test")
        self.assertRefused(done, 65)

    def test_data_directory_that_is_a_file(self):
        (self.home / "file").write_text("")
        done = self.run_comm("relay", "--listen", harness.LOOPBACK, "--data", self.home / "file")
        self.assertIn(done.returncode, (73, 74, 77, 78))
        self.assertIn(b"file", done.stderr)

    def test_private_data(self):
        relay, alice = self.relay(), self.chat("alice")
        relay.ready
        alice.ready
        roots = [self.home / "relay", self.home / "data"]
        for root in roots:
            files = [p for p in root.rglob("*")] + [root]
            for path in files:
                if path != self.home / "data":
                    self.assertEqual(path.stat().st_mode & 0o077, 0, f"{path} can be read by others")

    def test_signals(self):
        import signal
        for number in (signal.SIGTERM, signal.SIGINT):
            relay = self.relay(name=f"relay {number}")
            relay.ready
            started = time.monotonic()
            relay.popen.send_signal(number)
            self.assertEqual(relay.exit_code(), 0)
            self.assertLess(time.monotonic() - started, 10)


class EndOfInput(harness.Case):
    def test_quits_at_once_with_nothing_to_send(self):
        alice = self.chat("alice")
        alice.ready
        alice.close_input()
        self.assertEqual(alice.exit_code(10), 0)

    def test_stays_until_sent_is_stored(self):
        relay = self.relay()
        address = self.publish("bob", relay.endpoint)
        alice = self.chat("alice", relay.endpoint)
        alice.send(address, "piped", "r")
        alice.close_input()
        self.assertEqual(alice.exit_code(), 0)
        self.assertIn("relayed", [e.get("state") for e in alice.events])
        relay.store(live=1)

    def test_gives_up_after_half_a_minute(self):
        alice = self.chat("alice")
        started = time.monotonic()
        alice.send(self.address_of("bob"), "nobody is there", "r")
        alice.close_input()
        self.assertEqual(alice.exit_code(50), 6)
        self.assertGreater(time.monotonic() - started, 25)

    def test_a_refused_line_is_not_done(self):
        relay = self.relay()
        address = self.publish("bob", relay.endpoint)

        def plain(text):
            return self.run_comm("alice", harness.LOOPBACK, relay.endpoint, "--plain", "--params", "test", input=text.encode())

        self.assertEqual(plain("").returncode, 0)
        self.assertEqual(plain("to nobody\n").returncode, 65)
        self.assertEqual(plain("/nosuch command\n").returncode, 65)
        self.assertEqual(plain(address[:39] + " one digit is missing\n").returncode, 65)
        self.assertEqual(plain(address + " fine\n").returncode, 0)
        done = plain(address[:39] + " bad\n" + address + " the rest is sent all the same\n")
        self.assertEqual(done.returncode, 65)
        self.assertIn(b"relayed 1: the rest", done.stdout)
        bad = self.chat("carol", relay.endpoint)
        bad.say('{"cmd":"send","to":5}')
        bad.close_input()
        self.assertEqual(bad.exit_code(), 65)

    def test_names_of_ones_own_are_shown_not_executed(self):
        name = "e\x1b]52;c;eA==\x07v\u202ei\u009bl"
        shown = "e^[]52;c;eA==^Gv<hidden>i^[[l"
        made = self.run_comm("identity", "new", "--no-passphrase", "--name", name)
        self.assertEqual(made.returncode, 0, made.stderr)
        outputs = {
            shown: self.run_comm("identity", "show"),
            "added " + shown[:22]: self.run_comm("alice", harness.LOOPBACK, "--plain", "--params", "test", "--linger", "0",
                                                 input=f"/add {'ab' * 20} {name}\n/verify {'ab' * 20} ok\n/peers\n".encode()),
            f'"{shown}" cannot be': self.run_comm("identity", "show", "--profile", name),
        }
        for expected, done in outputs.items():
            said = done.stdout.decode() + done.stderr.decode()
            self.assertIn(expected, said)
            for bad in "\x1b\x07\u202e\u009b":
                self.assertNotIn(bad, said)

    def test_linger(self):
        relay = self.relay()
        bob = self.chat("bob", relay.endpoint, extra=["--linger", "60"])
        bob.close_input()
        alice = self.chat("alice", relay.endpoint)
        alice.send(bob.address, "still there?", "r")
        bob.wait("received", text="still there?")
        alice.state("r", "delivered")
        self.assertTrue(bob.running())
        short = self.chat("carol", extra=["--linger", "2"])
        short.ready
        started = time.monotonic()
        short.close_input()
        self.assertEqual(short.exit_code(10), 0)
        self.assertGreater(time.monotonic() - started, 1.5)

    def test_bad_commands_are_errors_and_nothing_ends(self):
        alice = self.chat("alice")
        alice.ready
        for line in ("", "not json", "[]", "{}", '{"cmd":"no such"}', '{"cmd":"send"}', '{"cmd":"send","to":5,"text":[]}',
                     '{"cmd":', '{"cmd":"send","to":"' + ALEP + '"}', "[" * 100000, '"' + "x" * 500000 + '"'):
            seen = len(alice.events)
            alice.say(line)
            if line:
                alice.wait_until(lambda: alice.find("error", seen) or alice.find("unsupported", seen), what="an objection")
        alice.popen.stdin.write(b'{"cmd":"send","to":"' + ALEP.encode() + b'","text":"\xff\xfe"}\n')
        alice.popen.stdin.flush()
        self.assertEqual(alice.quit(), 0)


if __name__ == "__main__":
    harness.main()
