#!/usr/bin/python3
"""Scenarios 3 to 8: what is typed, pasted and sent, and where it goes."""
import time

import terminal
from terminal import TuiCase, harness, short


class Input(TuiCase):
    def setUp(self):
        super().setUp()
        self.network = self.relays()
        self.bob = self.chat("bob", self.network[0].endpoint)
        self.bob.ready
        self.alice = self.terminal(*[r.endpoint for r in self.network])

    def received(self):
        return [e["text"] for e in list(self.bob.events) if e.get("ev") == "received"]

    def talk_to_bob(self):
        self.alice.enter(f"/add {self.bob.address} bob")
        self.alice.enter("/query bob")
        self.alice.wait("[bob]> ")

    def test_03_secret_in_argv(self):
        self.alice.wait(short(self.own_address()))
        self.alice.assert_secret_hidden(self.SECRET)
        self.assertNotIn(self.SECRET, self.alice.text())
        self.assertEqual(self.alice.quit(), 0)
        self.alice.assert_restored()

    def test_04_address_and_text(self):
        self.alice.type(self.bob.address[:-1])
        self.alice.wait("[home]> ")
        self.alice.type(self.bob.address[-1] + " Hi")
        self.alice.wait(f"[{short(self.bob.address)}]> ")  # while typing, before anything is sent
        self.assertEqual(self.received(), [])
        self.alice.enter(" there!")
        self.bob.wait("received", text="Hi there!")
        self.alice.wait_row("Hi there!", "✓")
        self.assertEqual(self.received(), ["Hi there!"])

    def test_05_39_digits(self):
        self.talk_to_bob()
        for digits, said in ((self.bob.address[:39], "39"), (self.bob.address + "0", "41")):
            self.alice.enter(digits + " secret plans")
            self.alice.wait("[y/N]")
            self.assertShows(self.alice, said, "40", "bob")
            self.alice.keys("Enter")
            self.alice.wait_gone("[y/N]")
            self.assertIn("plans", self.alice.text())  # the draft is kept
            self.alice.keys("C-c")
            self.alice.wait_gone("plans")
        self.alice.enter("after it")
        self.bob.wait("received", text="after it")
        self.assertEqual(self.received(), ["after it"])

    def test_06_three_lines_pasted(self):
        self.talk_to_bob()
        self.assertTrue(terminal.BRACKETED_PASTE in self.alice.screen.mode)
        self.alice.paste("one\ntwo\nthree\n")
        self.alice.wait("three")
        draft = self.alice.rows()[self.alice.row_with("[bob]> one"):]
        self.assertEqual([row.strip() for row in draft[:3]], ["[bob]> one", "two", "three"])
        time.sleep(1)
        self.assertEqual(self.received(), [])
        self.alice.keys("Enter")
        self.bob.wait("received")
        self.alice.wait_row("three", "✓")
        self.assertEqual([t.rstrip("\n") for t in self.received()], ["one\ntwo\nthree"])

    def test_07_pasted_commands_are_text(self):
        self.talk_to_bob()
        self.alice.paste("/quit\nhi")
        self.alice.wait("hi")
        self.alice.keys("Enter")
        self.bob.wait("received", text="/quit\nhi")
        self.assertTrue(self.alice.running())

    def test_lines_pasted_without_brackets(self):
        self.talk_to_bob()
        self.alice.type("one\r/quit\rthree\r")  # as a terminal without bracketed paste hands it over: at once
        self.alice.wait("three")
        lines = "line of a long paste\r" * 1000 + "the end\r"
        time.sleep(1)
        self.assertEqual(self.received(), [])
        self.alice.keys("Enter")
        self.bob.wait("received", text="one\n/quit\nthree")
        self.alice.type(lines)
        self.alice.wait("the end")
        time.sleep(1)
        self.assertEqual(self.received(), ["one\n/quit\nthree"])
        self.alice.keys("Enter")
        self.bob.wait("received", text=lines.replace("\r", "\n")[:-1])
        self.alice.enter("typed with its Enter at once")
        self.bob.wait("received", text="typed with its Enter at once")

    def test_bytes_that_are_no_text(self):
        self.talk_to_bob()
        self.alice.type(b"before \xff\xfe after")
        self.alice.wait("before \ufffd\ufffd after")
        self.alice.keys("Enter")
        self.bob.wait("received", text="before \ufffd\ufffd after")

    def test_utf8_typed_in_the_c_locale(self):
        plain = self.terminal(self.network[0].endpoint, secret="the-secret-of-carol-4711", env={"LANG": "C", "LC_ALL": "C"}, name="plain")
        plain.enter(f"{self.bob.address} na\u00efve \u4f60 text")
        self.bob.wait("received", text="na\u00efve \u4f60 text")

    def test_08_newlines(self):
        self.talk_to_bob()
        self.alice.type("first")
        self.alice.keys("M-Enter")
        self.alice.type("second")
        self.alice.keys("C-j")
        self.alice.type("third")
        self.alice.wait("third")
        self.assertEqual(self.received(), [])
        self.alice.keys("Enter")
        self.bob.wait("received", text="first\nsecond\nthird")

    def test_unknown_commands_are_refused(self):
        self.talk_to_bob()
        self.alice.enter("/nosuch thing")
        self.alice.wait("no command /nosuch")
        self.alice.keys("C-c")
        self.alice.enter("//shrug")
        self.bob.wait("received", text="/shrug")
        self.assertEqual(self.received(), ["/shrug"])


if __name__ == "__main__":
    harness.main()
