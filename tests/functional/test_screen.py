#!/usr/bin/python3
"""The chat on a terminal: a real screen, driven through a pseudo-terminal."""
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
import time
from pathlib import Path

import pyte

import harness


class Terminal:
    """comm on a pseudo-terminal of its own; `screen` is what a person would see."""

    def __init__(self, case, args, rows=24, columns=80):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.lock, self.bytes = threading.Lock(), b""
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        self.popen = subprocess.Popen([harness.COMM, *args], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                      env={**case.environment, "TERM": "xterm-256color"})
        os.close(slave)
        threading.Thread(target=self._read, daemon=True).start()
        case.addCleanup(self.end)

    def _read(self):
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            with self.lock:
                self.bytes += data
                self.stream.feed(data)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        with self.lock:
            self.screen.resize(rows, columns)
        if hasattr(self, "popen"):
            self.popen.send_signal(signal.SIGWINCH)

    def text(self):
        with self.lock:
            return "\n".join(self.screen.display)

    def type(self, text):
        os.write(self.master, text.encode())

    def wait(self, text, timeout=harness.PATIENCE):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if text in self.text():
                return
            time.sleep(0.05)
        raise AssertionError(f"{text!r} did not appear:\n{self.text()}")

    def end(self):
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait(10)
        os.close(self.master)


class Screen(harness.Case):
    def setUp(self):
        super().setUp()
        self.target = self.relay()
        self.bob = self.chat("bob", self.target.endpoint)
        self.bob.ready
        self.terminal = Terminal(self, ["the-secret-of-alice", harness.LOOPBACK, self.target.endpoint, "--params", "test"])
        self.address = self.address_of("the-secret-of-alice")
        self.terminal.wait(self.address[:4])

    def write_to_bob(self, text):
        self.terminal.type(f"{self.bob.address} {text}\r")
        self.bob.wait("received", text=text)

    def test_write_receive_and_leave(self):
        self.assertNotIn(b"the-secret", Path(f"/proc/{self.terminal.popen.pid}/cmdline").read_bytes())
        self.write_to_bob("Hello from the screen")
        self.terminal.wait("Hello from the screen")
        self.terminal.wait("✓")
        self.bob.send(self.address, "Hello back, 你好", "back")
        self.terminal.wait("Hello back")
        self.bob.state("back", "delivered")
        self.assertNotIn("the-secret", self.terminal.text())
        self.terminal.type("/quit\r")
        self.assertEqual(self.terminal.popen.wait(harness.PATIENCE), 0)
        time.sleep(0.2)
        self.assertEqual(self.terminal.bytes.count(b"\x1b[?1049h"), self.terminal.bytes.count(b"\x1b[?1049l"),
                         "the terminal's own screen was not given back")

    def test_any_size(self):
        self.terminal.type("a draft")
        self.terminal.wait("a draft")
        for rows, columns in ((60, 200), (6, 20), (1, 1), (3, 10), (24, 80)):
            self.terminal.resize(rows, columns)
            time.sleep(0.3)
            self.assertIsNone(self.terminal.popen.poll(), f"it ended at {columns}x{rows}")
        self.terminal.wait("a draft")

    def test_hostile_text(self):
        self.write_to_bob("first")
        self.bob.send(self.address, "bell \x07 red \x1b[31m clear \x1b[2J osc \x1b]52;c;AAAA\x07 c1 \x9b2J rlo \u202e end", "nasty")
        self.bob.state("nasty", "delivered")
        self.terminal.wait("end")
        self.terminal.wait("first")
        for harmful in (b"\x1b]52", b"\x07", b"\xe2\x80\xae"):
            self.assertNotIn(harmful, self.terminal.bytes)

    def test_a_mistyped_address_is_not_sent(self):
        self.terminal.type(self.bob.address[:39] + " secret plans\r")
        self.terminal.wait("40")
        time.sleep(1)
        self.assertEqual(self.bob.count("received"), 0)

    def test_terminated(self):
        self.terminal.popen.send_signal(signal.SIGTERM)
        self.assertEqual(self.terminal.popen.wait(harness.PATIENCE), 0)
        time.sleep(0.2)
        self.assertIn(b"\x1b[?1049l", self.terminal.bytes)


if __name__ == "__main__":
    harness.main()
