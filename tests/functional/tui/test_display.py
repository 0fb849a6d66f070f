#!/usr/bin/python3
"""Scenarios 18 and 21 to 24: hostile text, terminals that can do less, focus and the bell."""
import re
import time

from terminal import TuiCase, harness

COLOURS = re.compile(rb"\x1b\[[0-9;]*m")


def coloured(data):
    """Every SGR sequence that sets a colour."""
    out = []
    for sequence in COLOURS.findall(data):
        for number in sequence[2:-1].split(b";"):
            if number and (30 <= int(number) <= 38 or 40 <= int(number) <= 48 or 90 <= int(number) <= 107):
                out.append(sequence)
    return out


class Display(TuiCase):
    def setUp(self):
        super().setUp()
        self.network = self.relays(1)
        self.bob = self.chat("bob", self.network[0].endpoint)
        self.bob.ready
        self.nobody = self.address_of("nobody there")

    def open(self, **options):
        alice = self.terminal(self.network[0].endpoint, **options)
        alice.enter(f"/add {self.bob.address} bob")
        alice.enter("/query bob")
        alice.wait("[bob]> ")
        alice.enter("first")
        self.bob.wait("received", text="first")
        return alice

    def test_18_hostile_text(self):
        alice = self.open()
        alice.wait_row("first", "✓")
        nasty = ("bell \x07 red \x1b[31m clear \x1b[2J osc \x1b]52;c;QUJD\x07 c1 \x9b2J rlo \u202e lri \u2066 tag \U000e0041 "
                 "title \x1b]0;owned\x07 alt \x1b[?1049l fin")
        before = len(alice.bytes)
        self.bob.send(self.own_address(), nasty, "nasty")
        alice.wait("fin")
        alice.wait("first")
        self.assertShows(alice, "red", "osc", "rlo", "title", "^[")
        written = alice.bytes[before:]
        for harmful in (b"\x1b]52", b"\x1b]0;", b"\x07", b"\xe2\x80\xae", b"\xe2\x81\xa6", b"\xf3\xa0\x81\x81", b"\xc2\x9b", b"\x1b[?1049l",
                        b"\x1b[2J"):
            self.assertNotIn(harmful, written)
        self.assertEqual(coloured(b"".join(re.findall(rb"\x1b\[31m", written))), [])
        self.assertTrue(alice.screen.title in ("", "comm") or "owned" not in alice.screen.title)

    def states_are_distinct(self, alice, delivered):
        alice.wait_row("first", delivered)
        alice.enter(f"{self.nobody} second")
        alice.wait_row("second", "?")

    def test_21_no_color(self):
        alice = self.open(env={"NO_COLOR": "1"})
        self.states_are_distinct(alice, "✓")
        self.assertEqual(coloured(alice.bytes), [])
        self.assertEqual(alice.quit(), 0)
        alice.assert_restored()

    def test_21_eight_colours(self):
        alice = self.open(term="xterm")
        self.states_are_distinct(alice, "✓")
        self.assertEqual([s for s in coloured(alice.bytes) if b"38;5" in s or b"48;5" in s], [])

    def test_21_mono(self):
        alice = self.open(term="vt100")
        self.states_are_distinct(alice, "✓")
        self.assertEqual(coloured(alice.bytes), [])

    def test_22_lang_c(self):
        alice = self.open(env={"LANG": "C", "LC_ALL": "C"})
        self.states_are_distinct(alice, "+")
        alice.enter("/query bob")
        self.bob.send(self.own_address(), "grüße 你好 fin", "r")
        alice.wait("fin")
        self.assertEqual([b for b in alice.bytes if b >= 0x80], [])
        self.assertShows(alice, "x = states")

    def plain(self, **options):
        alice = self.terminal(self.network[0].endpoint, wait=False, **options)
        alice.enter(f"{self.bob.address} from a simple terminal")
        self.bob.wait("received", text="from a simple terminal")
        alice.wait_until(lambda: b"delivered" in alice.bytes, "the state in words")
        self.bob.send(self.own_address(), "an answer \x1b[31m red", "r")
        alice.wait_until(lambda: b"an answer" in alice.bytes, "the answer")
        alice.keys("C-d")
        self.assertEqual(alice.exit_code(), 0)
        self.assertNotIn(b"\x1b", alice.bytes)
        self.assertNotIn(self.SECRET.encode(), alice.bytes)

    def test_23_dumb_terminal(self):
        self.plain(term="dumb")

    def test_23_plain_by_option(self):
        alice = self.terminal(self.network[0].endpoint, "--plain", wait=False)
        alice.enter(f"{self.bob.address} from a simple terminal")
        self.bob.wait("received", text="from a simple terminal")
        alice.wait_until(lambda: b"delivered" in alice.bytes, "the state in words")
        alice.keys("C-d")
        self.assertEqual(alice.exit_code(), 0)
        self.assertNotIn(b"\x1b", alice.bytes)

    def test_24_focus_and_bell(self):
        alice = self.open()
        alice.wait_row("first", "✓")
        alice.keys("FocusOut")
        time.sleep(0.5)
        bells = alice.bytes.count(b"\x07")
        for number in (1, 2):
            self.bob.send(self.own_address(), f"unseen {number}", number)
        alice.wait("unseen 2")
        alice.wait("(2)")
        alice.settle()
        self.assertEqual(alice.bytes.count(b"\x07") - bells, 1)
        alice.keys("FocusIn")
        alice.wait_gone("(2)")
        self.bob.send(self.own_address(), "seen", 3)
        alice.wait("seen")
        alice.settle()
        self.assertEqual(alice.bytes.count(b"\x07") - bells, 1)
        self.assertNotIn("(1)", alice.text())


if __name__ == "__main__":
    harness.main()
