"""Terminals for the scenarios: comm under a pseudo-terminal with an emulator (pyte) that shows what a person would see,
and comm inside tmux, for what pyte does not do (resizing like a real terminal, odd widths, detaching)."""
import ctypes
import ctypes.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

import pexpect
import ptyprocess
import pyte

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import harness  # noqa: E402

KEYS = {"Enter": "\r", "Esc": "\x1b", "Tab": "\t", "Backspace": "\x7f", "Up": "\x1b[A", "Down": "\x1b[B", "Right": "\x1b[C",
        "Left": "\x1b[D", "PgUp": "\x1b[5~", "PgDn": "\x1b[6~", "Home": "\x1b[H", "End": "\x1b[F", "F1": "\x1bOP",
        "C-Home": "\x1b[1;5H", "C-End": "\x1b[1;5F", "FocusIn": "\x1b[I", "FocusOut": "\x1b[O",
        **{f"C-{c}": chr(ord(c) - 96) for c in "abcdefghijklmnopqrstuvwxyz"}}
BRACKETED_PASTE = 2004 << 5
_LIBC = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
_LIBC.setlocale(0, b"C.UTF-8")


# What pyte does not know: repeated characters, scrolling by several lines.
TERMINALS = "".join(f"{name}-plain|{name} without rep indn rin,\n\trep@, indn@, rin@, use={name},\n"
                    for name in ("xterm-256color", "xterm", "vt100"))


def terminfo(case):
    """A directory with descriptions of the terminals that pyte is."""
    directory = case.home / "terminfo"
    if not directory.exists():
        source = case.home / "terminals.ti"
        source.write_text(TERMINALS)
        subprocess.run(["tic", "-x", "-o", str(directory), str(source)], check=True, capture_output=True, timeout=harness.PATIENCE)
    return str(directory)


def columns_of(text):
    """Columns by the C library's wcwidth, which ncurses and tmux go by."""
    return sum(max(0, _LIBC.wcwidth(ctypes.c_wchar(c))) for c in text)


def key(name):
    if name.startswith("M-"):
        return "\x1b" + (KEYS.get(name[2:]) or name[2:])
    return KEYS[name]


class Spawn(pexpect.spawn):
    """pexpect with descriptors handed down."""
    handed_down = ()

    def _spawnpty(self, args, **kwargs):
        return ptyprocess.PtyProcess.spawn(args, pass_fds=self.handed_down, **kwargs)


def modes_of_a_new_terminal():
    ends = os.openpty()
    try:
        return termios.tcgetattr(ends[1])
    finally:
        for end in ends:
            os.close(end)


class Typist:
    """A person at either kind of terminal: sees a line before Enter, and what became of it before typing on. Lines that
    come at once would be a paste."""

    def draft(self):
        """What stands between the prompt and the last row, without blanks; of a screen without one, all of it."""
        rows = self.rows()
        prompts = [i for i, row in enumerate(rows) if re.match(r"\[[^\]]*\]> ", row)]
        return "".join("".join(rows[prompts[-1] if prompts else 1:-1]).split())

    def enter(self, text):
        self.type(text)
        tail = "".join(text.split())[-8:]
        self.look(lambda: tail in self.draft())
        before = self.draft()
        self.keys("Enter")
        self.look(lambda: self.draft() != before)

    def look(self, condition):
        """Not for ever: hidden, odd or refused text never meets it."""
        deadline = time.monotonic() + 2
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.02)


class Terminal(Typist):
    """comm on a pseudo-terminal of its own. `screen` is what is seen, `bytes` all that was written."""

    def __init__(self, case, args, name="terminal", rows=24, columns=80, term="xterm-256color", env=None, virtual_clock=False):
        self.case, self.name, self.columns = case, name, columns
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.lock, self.bytes = threading.Lock(), b""
        self.clock, self.ticks = None, 0
        Spawn.handed_down = ()
        args = [str(a) for a in args]
        if virtual_clock:
            read_end, self.clock = os.pipe()
            os.set_inheritable(read_end, True)
            Spawn.handed_down = (read_end,)
            args += ["--virtual-clock", str(read_end)]
        if term != "dumb":
            term += "-plain"
        self.child = Spawn(harness.COMM, args, timeout=None, dimensions=(rows, columns),
                           env={**case.environment, "TERMINFO": terminfo(case), "TERM": term, **(env or {})})
        for fd in Spawn.handed_down:
            os.close(fd)
        self.child.delaybeforesend = None
        self.before = modes_of_a_new_terminal()  # the child's own may be changed by the time we look
        self.pid = self.child.pid
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        case.addCleanup(self.end)

    def _read(self):
        while True:
            try:
                data = os.read(self.child.child_fd, 65536)
            except OSError:
                return
            if not data:
                return
            with self.lock:
                self.bytes += data
                self.stream.feed(data)

    # --- what is seen ---
    def rows(self):
        """The rows, without the empty cells behind wide characters."""
        with self.lock:
            return list(self.screen.display)

    def text(self):
        return "\n".join(self.rows())

    def row_with(self, text):
        return next((i for i, row in enumerate(self.rows()) if text in row), None)

    def cell(self, row, column):
        with self.lock:
            return self.screen.buffer[row][column]

    def wait(self, text, timeout=harness.PATIENCE):
        return self.wait_until(lambda: text in self.text(), f"{text!r} on the screen", timeout)

    def wait_gone(self, text, timeout=harness.PATIENCE):
        return self.wait_until(lambda: text not in self.text(), f"{text!r} gone from the screen", timeout)

    def wait_row(self, *texts, timeout=harness.PATIENCE):
        """Waits for a row that has all of these; returns it."""
        def row():
            return next((r for r in self.rows() if all(t in r for t in texts)), None)
        return self.wait_until(row, f"a row with {texts}", timeout)

    def wait_until(self, condition, what, timeout=harness.PATIENCE):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            found = condition()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(f"{self.name}: waited {timeout} s for {what}; the screen shows:\n{self.text()}")

    def settle(self, quiet=0.4, timeout=harness.PATIENCE):
        """Waits until nothing has been written for `quiet` seconds."""
        deadline, seen, since = time.monotonic() + timeout, -1, time.monotonic()
        while time.monotonic() < deadline:
            if len(self.bytes) != seen:
                seen, since = len(self.bytes), time.monotonic()
            elif time.monotonic() - since > quiet:
                return
            time.sleep(0.05)

    def beside_qr(self):
        """What stands at the right of a QR code, without blanks."""
        return "".join(row[34:] for row in self.rows()).replace(" ", "")

    # --- what is done ---
    def type(self, text):
        os.write(self.child.child_fd, text if isinstance(text, bytes) else text.encode())

    def keys(self, *names):
        for name in names:
            self.type(key(name))
            if name == "Esc":
                time.sleep(0.3)  # or the next key would come with Alt

    def paste(self, text):
        self.type("\x1b[200~" + text.replace("\n", "\r") + "\x1b[201~")

    def resize(self, rows, columns):
        self.columns = columns
        with self.lock:
            self.screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)

    def tick(self, milliseconds):
        os.write(self.clock, b"tick %d\n" % milliseconds)

    def signal(self, number):
        os.kill(self.pid, number)

    def running(self):
        return self.child.isalive()

    def exit_code(self, timeout=harness.PATIENCE):
        """Waits for the end: its exit code, or minus the signal."""
        deadline = time.monotonic() + timeout
        while self.child.isalive():
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name} did not end; the screen shows:\n{self.text()}")
            time.sleep(0.05)
        self.reader.join(5)
        return self.child.exitstatus if self.child.exitstatus is not None else -self.child.signalstatus

    def quit(self):
        self.enter("/quit")
        return self.exit_code()

    def end(self):
        if self.child.isalive():
            self.signal(signal.SIGKILL)
        self.child.close(True)
        self.reader.join(5)
        if self.clock is not None:
            os.close(self.clock)
            self.clock = None

    # --- what must hold ---
    def assert_restored(self):
        """The terminal is as it was given: the main screen, a cursor, no bracketed paste, its modes."""
        case = self.case
        case.assertEqual(self.bytes.count(b"\x1b[?1049h"), self.bytes.count(b"\x1b[?1049l"), "the alternate screen stays")
        for on, off, what in ((b"\x1b[?2004h", b"\x1b[?2004l", "bracketed paste"), (b"\x1b[?1004h", b"\x1b[?1004l", "focus reports"),
                              (b"\x1b[?1000h", b"\x1b[?1000l", "the mouse")):
            case.assertGreaterEqual(self.bytes.rfind(off), self.bytes.rfind(on), what + " stays on")
        case.assertFalse(self.screen.cursor.hidden, "the cursor stays hidden")
        try:
            after = termios.tcgetattr(self.child.child_fd)
        except (OSError, ValueError, termios.error):
            return  # the terminal has gone with its program
        for field, bits in ((0, termios.ICRNL), (1, termios.OPOST), (3, termios.ECHO | termios.ICANON | termios.ISIG)):
            case.assertEqual(after[field] & bits, self.before[field] & bits, "the terminal's modes are not given back")

    def assert_secret_hidden(self, secret):
        for file in ("cmdline", "environ"):
            self.case.assertNotIn(secret.encode(), Path(f"/proc/{self.pid}/{file}").read_bytes(), file)


class Tmux(Typist):
    """comm in a window of a tmux server of its own."""

    def __init__(self, case, args, rows=24, columns=80, env=None):
        # Not in the case's home: that is gone before cleanups run, and nobody could tell the server to end.
        self.case, self.folder = case, tempfile.mkdtemp(prefix="comm-tmux-")
        self.socket = self.folder + "/socket"
        self.environment = {**case.environment, "TERM": "xterm-256color", **(env or {})}
        case.addCleanup(self.end)
        self.run("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), "-s", "s", "sleep 600")
        self.run("set-option", "-g", "window-size", "manual")
        self.run("set-option", "-g", "status", "off")
        self.run("set-option", "-g", "remain-on-exit", "on")
        self.run("set-option", "-g", "focus-events", "on")
        self.resize(rows, columns)
        self.run("respawn-window", "-k", "-t", "s", harness.COMM, *[str(a) for a in args])

    def run(self, *args):
        done = subprocess.run(["tmux", "-S", self.socket, *args], env=self.environment, capture_output=True,
                              timeout=harness.PATIENCE, check=False)
        if done.returncode != 0:
            raise AssertionError(f"tmux {args}: {done.stderr.decode()}")
        return done.stdout.decode()

    def rows(self):
        return self.run("capture-pane", "-p", "-t", "s").split("\n")[:-1]

    def text(self):
        return "\n".join(self.rows())

    def state(self, name):
        return self.run("display-message", "-p", "-t", "s", "#{%s}" % name).strip()

    def wait(self, text, timeout=harness.PATIENCE):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if text in self.text():
                return
            time.sleep(0.1)
        raise AssertionError(f"waited {timeout} s for {text!r} in tmux:\n{self.text()}")

    def wait_row(self, *texts, timeout=harness.PATIENCE):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for row in self.rows():
                if all(t in row for t in texts):
                    return row
            time.sleep(0.1)
        raise AssertionError(f"waited {timeout} s for a row with {texts} in tmux:\n{self.text()}")

    def type(self, text):
        self.run("send-keys", "-t", "s", "-l", text)

    def keys(self, *names):
        self.run("send-keys", "-t", "s", *names)

    def paste(self, text):
        file = Path(self.socket + ".buffer")
        file.write_text(text)
        self.run("load-buffer", str(file))
        self.run("paste-buffer", "-p", "-t", "s")

    def resize(self, rows, columns):
        self.run("resize-window", "-t", "s", "-x", str(columns), "-y", str(rows))

    @property
    def pid(self):
        return int(self.state("pane_pid"))

    def dead(self):
        return self.state("pane_dead") == "1"

    def end(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], env=self.environment, capture_output=True,
                       timeout=harness.PATIENCE, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


class TuiCase(harness.VirtualCase):
    """Scenarios: relays on loopback, people with --json, and one person at a terminal."""
    SECRET = "the-secret-of-alice-4711"

    def relays(self, count=3, **options):
        out = []
        for number in range(count):
            out.append(self.relay(*[r.endpoint for r in out], name=f"relay {number + 1}", **options))
        for relay in out:
            relay.ready
        return out

    def terminal(self, *args, secret=SECRET, wait=True, **options):
        """The chat screen of `secret`; None: of a profile."""
        words = [secret, harness.LOOPBACK] if secret else []
        out = Terminal(self, [*words, *args, "--params", "test"], **options)
        if wait:
            out.wait("Enter send")
        return out

    def own_address(self):
        return self.address_of(self.SECRET)

    def assertShows(self, terminal, *texts):
        screen = terminal.text()
        for text in texts:
            self.assertIn(text, screen)


class BobCase(TuiCase):
    """One relay, and Bob, who is there; `open` is Alice in the conversation with him."""

    def setUp(self):
        super().setUp()
        self.network = self.relays(1)
        self.bob = self.chat("bob", self.network[0].endpoint)
        self.bob.ready

    def open(self, **options):
        alice = self.terminal(self.network[0].endpoint, **options)
        alice.enter(f"/add {self.bob.address} bob")
        alice.enter("/query bob")
        alice.wait("[bob]> ")
        return alice


def short(address):
    return address[:4] + ".." + address[-4:]
