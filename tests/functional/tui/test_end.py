#!/usr/bin/python3
"""Scenarios 26 to 29: two at once, ends of every kind, a full disk, and what lies on the disk afterwards."""
import os
import signal
import subprocess
import termios
import time
import unittest
from pathlib import Path

from terminal import BRACKETED_PASTE, BobCase, Tmux, TuiCase, harness, short


class End(BobCase):
    def test_26_second_instance(self):
        alice = self.open()
        second = self.terminal(self.network[0].endpoint, wait=False, name="second")
        self.assertEqual(second.exit_code(), 73)
        self.assertIn(str(alice.pid), second.text())
        self.assertNotIn(b"\x1b", second.bytes)
        alice.enter("unharmed")
        self.bob.wait("received", text="unharmed")

    def assert_draft_is_back(self, draft):
        again = self.terminal(self.network[0].endpoint, name="again")
        again.settle()
        if "[bob]>" not in again.text():  # it may have opened where the draft is
            again.enter("/query bob")
        again.wait(draft)
        self.assertIn("[bob]> " + draft, again.text())
        return again

    def ends_by(self, number, code):
        alice = self.open()
        alice.enter("sent before")
        alice.wait_row("sent before", "✓")
        alice.type("a draft")
        alice.wait("a draft")
        alice.settle()
        time.sleep(1.2)  # a draft is saved within a second
        alice.signal(number)
        self.assertIn(alice.exit_code(), code)
        alice.assert_restored()
        again = self.assert_draft_is_back("a draft")
        again.wait_row("sent before", "✓")
        again.keys("C-c")
        self.assertEqual(again.quit(), 0)
        again.assert_restored()

    def test_27_terminated(self):
        self.ends_by(signal.SIGTERM, (0,))

    def test_27_hung_up(self):
        self.ends_by(signal.SIGHUP, (0, -signal.SIGHUP))

    def test_27_aborted(self):
        self.ends_by(signal.SIGABRT, (-signal.SIGABRT,))

    def stopped_and_continued(self, number):
        alice = self.open()
        alice.type("a draft")
        alice.wait("a draft")
        alice.settle()
        alice.signal(number)
        if number == signal.SIGSTOP:
            self.eventually(lambda: Path(f"/proc/{alice.pid}/stat").read_text().rsplit(")")[1].split()[0] == "T", what="the stop")
        # The shell takes the terminal: its modes, its prompt; somebody changes the size of the window.
        termios.tcsetattr(alice.child.child_fd, termios.TCSANOW, alice.before)
        with alice.lock:
            alice.stream.feed(b"\x1b[?2004l\x1b[2J\x1b[5;5Hremains of the shell")
        alice.resize(30, 100)
        alice.signal(signal.SIGCONT)
        alice.wait("a draft")
        alice.wait_gone("remains of the shell")
        self.assertEqual(len(alice.rows()), 30)
        alice.wait_until(lambda: "F1 help" in alice.rows()[29], "the hints in the last row")
        self.assertIn(BRACKETED_PASTE, alice.screen.mode)
        alice.type(" goes on")
        alice.wait("a draft goes on")  # key by key, not line by line
        alice.keys("Enter")
        self.bob.wait("received", text="a draft goes on")
        self.assertEqual(alice.quit(), 0)
        alice.assert_restored()

    def test_stopped_by_sigstop(self):
        self.stopped_and_continued(signal.SIGSTOP)

    def test_told_to_stop_where_no_shell_could_continue_it(self):
        self.stopped_and_continued(signal.SIGTSTP)

    def test_27_window_closed(self):
        alice = Tmux(self, [self.SECRET, harness.LOOPBACK, self.network[0].endpoint, "--params", "test"])
        alice.wait("Enter send")
        alice.enter(f"/add {self.bob.address} bob")
        alice.enter("/query bob")
        alice.wait("[bob]>")
        alice.type("a draft")
        alice.wait("a draft")
        time.sleep(1.5)
        pid = alice.pid
        alice.end()
        self.eventually(lambda: not os.path.exists(f"/proc/{pid}"), what="the end of the program")
        self.assert_draft_is_back("a draft")

    def test_29_nothing_readable_on_the_disk(self):
        alice = self.open()
        alice.enter("/rename bob unmistakable-name")
        alice.enter("unmistakable text one")
        self.bob.wait("received", text="unmistakable text one")
        self.bob.send(self.own_address(), "unmistakable text two", "r")
        alice.wait("unmistakable text two")
        alice.type("unmistakable draft")
        alice.wait("unmistakable draft")
        time.sleep(1.5)
        alice.signal(signal.SIGTERM)
        self.assertEqual(alice.exit_code(), 0)
        self.bob.quit()
        searched = 0
        for path in (self.home / "data").rglob("*"):
            if path.is_file():
                searched += 1
                data = path.read_bytes()
                for needle in (b"unmistakable", "unmistakable".encode("utf-16-le"), self.SECRET.encode()):
                    self.assertNotIn(needle, data, path)
                self.assertEqual(path.stat().st_mode & 0o077, 0, path)
        self.assertGreater(searched, 5)


@unittest.skipUnless(os.geteuid() == 0, "mounting a small file system needs root")
class FullDisk(TuiCase):
    def test_28_full_disk(self):
        disk = self.home / "disk"
        disk.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)], check=False, capture_output=True)
        if done.returncode != 0:
            self.skipTest("mounting is not allowed here")
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)], check=False)
        relay, = self.relays(1)
        bob = self.chat("bob", relay.endpoint)
        bob.ready
        alice = self.terminal(relay.endpoint, "--data", disk / "alice")
        alice.enter(f"{bob.address} fits")
        alice.wait_row("fits", "✓")
        ballast = disk / "ballast"
        with open(ballast, "wb") as file:
            try:
                while True:
                    file.write(bytes(65536))
                    file.flush()
            except OSError:
                pass
        alice.enter("x" * 6000 + " does not fit")  # more than is left in the last pages of the files that are there
        alice.wait("isk full")
        alice.wait("does not fit")
        time.sleep(1)
        alice.keys("C-c")
        alice.wait_gone("does not fit")
        alice.keys("M-0")
        alice.wait("[home]> ")
        alice.enter(f"{bob.address} from another window")
        # Neither lost nor shown as if it were on its way.
        alice.wait(f"[{short(bob.address)}]> from another window")
        alice.wait_until(lambda: alice.text().count("from another window") == 1, "the message to be a draft alone")
        self.assertTrue(alice.running())
        self.assertEqual(bob.count("received"), 1)
        alice.keys("C-c")
        alice.wait_gone("from another window")
        alice.enter(f"/add {'ab' * 20} carol")
        alice.wait("Disk full: contact carol NOT saved.")
        alice.enter(f"{self.own_address()} a note")
        alice.wait("]> a note")
        alice.wait_until(lambda: alice.text().count("a note") == 1, "the note to be a draft alone")
        ballast.unlink()
        alice.keys("C-c")
        alice.wait_gone("a note")
        alice.enter("/query " + bob.address)
        deadline = time.monotonic() + 60
        while not bob.find("received", text="room again") and time.monotonic() < deadline:
            if "room again" not in alice.text():
                alice.type("room again")
            alice.keys("Enter")
            time.sleep(3)
        bob.wait("received", text="room again")
        self.assertEqual(alice.quit(), 0)


if __name__ == "__main__":
    harness.main()
