#!/usr/bin/python3
"""Texts and secrets stay where they belong: not in logs, not in any data directory, not on the terminal as commands."""
import harness

TEXT = "a sentence which must never be seen outside, 4711"
SECRET = "the-word-of-alice-0815"


class Privacy(harness.Case):
    def assertNowhere(self, *needles):
        searched = 0
        for path in self.home.rglob("*"):
            if path.is_file():
                searched += 1
                data = path.read_bytes()
                for needle in needles:
                    self.assertNotIn(needle, data, path)
        self.assertGreater(searched, 5)

    def test_text_and_secret_are_in_no_file_and_no_log(self):
        debug = ["--log-level", "debug"]
        relay = self.relay(extra=debug)
        alice = self.chat(SECRET, relay.endpoint, name="alice", extra=debug)
        bob = self.chat("bob", relay.endpoint, extra=debug)
        alice.send(bob.address, TEXT, "r")
        bob.wait("received", text=TEXT)
        alice.state("r", "delivered")
        alice.send(self.address_of("nobody"), TEXT + " again", "kept")
        alice.state("kept", "needs_key")
        logs = "\n".join(line for process in self.processes for line in process.errors)
        for needle in (TEXT, SECRET):
            self.assertNotIn(needle, logs)
        for process in (alice, bob):
            process.quit()
        relay.terminate()
        self.assertNowhere(TEXT.encode(), SECRET.encode(), TEXT.encode("utf-16-le"))
        logs = "\n".join(line for process in self.processes for line in process.errors)
        self.assertNotIn(TEXT, logs)

    def test_the_relay_never_sees_who_writes_to_whom(self):
        relay = self.relay(extra=["--log-level", "debug"])
        alice, bob = self.chat("alice", relay.endpoint), self.chat("bob", relay.endpoint)
        alice.send(bob.address, TEXT, "r")
        alice.state("r", "delivered")
        logs = "\n".join(relay.errors)
        self.assertNotIn(TEXT, logs)
        self.assertFalse(alice.address in logs and bob.address in logs, "the relay's log links two people")


class Plain(harness.Case):
    def test_one_line_per_event_without_escapes(self):
        relay = self.relay()
        bob = self.chat("bob", relay.endpoint)
        bob.ready
        args = ["alice", harness.LOOPBACK, relay.endpoint, "--params", "test"]
        alice = self.start(args, "alice, plain because of the pipe", json_output=False)
        alice.say(f"{bob.address} Hello from a pipe")
        sender = bob.wait("received", text="Hello from a pipe")["from"]
        alice.wait_until(lambda: any("delivered" in line for line in alice.raw), what="delivered, in words")
        nasty = "red \x1b[31m alert \x07 \x9b and \u202e reversed\r\nsecond line"
        bob.send(sender, nasty, "r")
        alice.wait_until(lambda: any("alert" in line for line in alice.raw), what="the answer")
        alice.close_input()
        self.assertEqual(alice.exit_code(), 0)
        output = "\n".join(alice.raw)
        for char in "\x1b\x07\x9b\u202e\r":
            self.assertNotIn(char, output)

    def test_a_mistyped_address_is_not_sent(self):
        alice = self.start(["alice", harness.LOOPBACK, "--plain", "--params", "test"], "alice", json_output=False)
        alice.wait_until(lambda: alice.raw or alice.errors, what="a first line")
        before = len(alice.raw) + len(alice.errors)
        alice.say("0123456789abcdef0123456789abcdef0123456 39 digits")
        alice.wait_until(lambda: any("40" in line for line in (alice.raw + alice.errors)[before:]), what="a sentence")
        alice.close_input()
        self.assertEqual(alice.exit_code(), 65)  # a line was refused


if __name__ == "__main__":
    harness.main()
