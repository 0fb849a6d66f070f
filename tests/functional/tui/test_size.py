#!/usr/bin/python3
"""Scenarios 9, 10, 19 and 20: windows of every size, and text of every width."""
import re
import time

from terminal import Tmux, TuiCase, columns_of, harness

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
ODD_TEXTS = {"CJK": "你好，世界 ok", "family": FAMILY + " family", "flag": "\U0001f1f3\U0001f1f4 flag", "new": "\U0001fae8 shaking",
             "Devanagari": "नमस्ते दुनिया", "Zalgo": "Z\u0335\u0321\u0322\u031b\u0316a\u0334\u0328l\u0336\u0321g\u0337\u0322o end",
             "tags": "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f england"}


class Sizes(TuiCase):
    def setUp(self):
        super().setUp()
        self.network = self.relays(1)
        self.bob = self.chat("bob", self.network[0].endpoint)
        self.bob.ready

    def draft_and_sizes(self, screen, resize):
        screen.type("a draft that stays")
        screen.wait("a draft that stays")
        for rows, columns in ((60, 200), (6, 20), (1, 1), (3, 10), (24, 80)):
            resize(rows, columns)
            time.sleep(0.5)
            if (rows, columns) == (6, 20):
                screen.wait("stays")
        screen.wait("a draft that stays")

    def test_09_resized_with_a_draft(self):
        alice = self.terminal(self.network[0].endpoint)
        self.draft_and_sizes(alice, alice.resize)
        self.assertTrue(alice.running())
        alice.wait("Enter send")
        self.assertEqual(alice.rows()[0][:5], " comm")

    def test_09_in_tmux(self):
        alice = Tmux(self, [self.SECRET, harness.LOOPBACK, self.network[0].endpoint, "--params", "test"])
        alice.wait("Enter send")
        self.draft_and_sizes(alice, alice.resize)
        self.assertFalse(alice.dead())

    def test_10_resized_while_a_thousand_arrive(self):
        alice = Tmux(self, [self.SECRET, harness.LOOPBACK, self.network[0].endpoint, "--params", "test"])
        alice.wait("Enter send")
        alice.enter(f"{self.bob.address} hello")
        sender = self.bob.wait("received", text="hello")["from"]
        count = 1000
        sizes = [(40, 120), (6, 20), (50, 200), (1, 1), (10, 40), (24, 80)]
        for number in range(count):
            self.bob.send(sender, f"line-{number:04}", number)
            if number % 25 == 0:
                alice.resize(*sizes[number // 25 % len(sizes)])
        alice.resize(60, 100)
        self.bob.wait_until(lambda: self.bob.count("state", state="delivered") >= count, 120, "all are delivered")
        alice.keys("M-PageUp")  # no such key: nothing happens
        seen = set()
        for _ in range(100):
            seen.update(re.findall(r"line-\d{4}", alice.text()))
            if re.search(r"\bhello\b", alice.text()):
                break
            before = alice.text()
            alice.keys("PPage")
            self.eventually(lambda before=before: alice.text() != before, 10, "an older page")
        self.assertEqual(len(seen), count, sorted({f"line-{n:04}" for n in range(count)} - seen)[:10])
        rows = alice.rows()
        self.assertEqual(rows[0][:5], " comm", alice.text())
        for row in rows[1:56]:
            self.assertEqual(row[20:21], "|", "the layout is not exact:\n" + alice.text())

    def test_19_odd_widths(self):
        alice = Tmux(self, [self.SECRET, harness.LOOPBACK, self.network[0].endpoint, "--params", "test"])
        alice.wait("Enter send")
        for text in ODD_TEXTS.values():
            alice.paste(f"{self.bob.address} {text}")
            alice.keys("Enter")
            self.bob.wait("received", text=text)
        alice.wait_row("england", "✓")
        deadline = time.monotonic() + harness.PATIENCE
        while alice.text().count("✓") < len(ODD_TEXTS) + 1 and time.monotonic() < deadline:  # the hint line has one too
            time.sleep(0.2)
        marks = 0
        for row in alice.rows()[1:22]:
            self.assertLessEqual(columns_of(row), 80, row)
            if "|" not in row or row.count("✓") != 1:
                continue
            self.assertEqual(columns_of(row[:row.index("|")]), 20, row)
            self.assertEqual(columns_of(row[:row.rindex("✓")]), 79, row)
            marks += 1
        self.assertEqual(marks, len(ODD_TEXTS), alice.text())

    def test_20_right_to_left(self):
        alice = self.terminal(self.network[0].endpoint)
        text = "שלום עולם and latin"
        alice.enter(f"{self.bob.address} {text}")
        self.bob.wait("received", text=text)
        row = alice.wait_row("latin", "✓")
        alice.enter("plain")
        plain = alice.wait_row("plain", "✓")
        self.assertEqual(row.index("|"), plain.index("|"))
        self.assertEqual(row.rindex("✓"), plain.rindex("✓"))
        self.assertRegex(row[21:], r"^\d\d:\d\d  \S+ +" + text[:4])
        self.assertRegex(plain[21:], r"^\d\d:\d\d  \S+ +plain")
        self.assertEqual(row.index(text[:4]), plain.index("plain"))


if __name__ == "__main__":
    harness.main()
