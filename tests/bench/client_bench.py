#!/usr/bin/python3
"""How the chat screen behaves with a long history: COMM (default build/comm), against one relay on loopback.

client_bench.py [--messages N] [--idle SECONDS]

Fills a history of N messages by sending notes to oneself, then opens it on a pseudo-terminal and prints: time to the
first screen, time to search all of it, memory, and what the idle program costs (voluntary context switches a minute,
CPU). Times depend on the machine; compare them within one run only."""
import argparse
import json
import os
import pty
import select
import signal
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMM = os.environ.get("COMM", str(Path(__file__).resolve().parents[2] / "build/comm"))
SECRET = "a-secret-for-the-benchmark-only"
LIMIT = 900  # seconds for any one step


def fill(home, count):
    """Notes to oneself: each is a history row, a status row and an index row, without the network."""
    start = time.monotonic()
    chat = subprocess.Popen([COMM, SECRET, "127.0.0.1:0", "--json", "--params", "test"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=home, text=True)
    address = json.loads(chat.stdout.readline())["address"]
    done, sent = 0, 0
    while done < count and time.monotonic() - start < LIMIT:
        while sent < count and sent - done < 200:
            text = f"note {sent}: nothing of interest happens in this line of some length"
            if sent == 7:
                text = "the only Needle of them all"
            chat.stdin.write(json.dumps({"cmd": "send", "to": address, "text": text}) + "\n")
            sent += 1
        chat.stdin.flush()
        if json.loads(chat.stdout.readline()).get("state") == "delivered":
            done += 1
    chat.stdin.write('{"cmd":"quit"}\n')
    chat.stdin.close()
    chat.stdout.close()
    chat.wait(60)
    return done, time.monotonic() - start


class Screen:
    def __init__(self, home):
        self.started = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(COMM, [COMM, SECRET, "127.0.0.1:0", "--params", "test"], {**home, "TERM": "xterm-256color"})
        self.seen = b""

    def wait(self, *texts):
        deadline = time.monotonic() + LIMIT
        while not all(text in self.seen for text in texts):
            if time.monotonic() > deadline or not select.select([self.fd], [], [], 1)[0]:
                if time.monotonic() > deadline:
                    sys.exit(f"{texts} did not appear")
                continue
            self.seen += os.read(self.fd, 65536)

    def type(self, text):
        self.seen = b""
        os.write(self.fd, text)

    def drain(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                self.seen += os.read(self.fd, 65536)

    def status(self, key):
        total = 0
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            for line in (task / "status").read_text().splitlines():
                if line.startswith(key):
                    total += int(line.split()[1])
                    if key == "VmRSS":
                        return total
        return total

    def cpu(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--idle", type=int, default=30)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="comm-bench-")
    home = {**os.environ, "HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder, "LANG": "C.UTF-8"}
    try:
        count, seconds = fill(home, options.messages)
        print(f"history                 {count} messages, written in {seconds:.1f} s")
        screen = Screen(home)
        screen.wait(b"Enter send")
        print(f"first screen            {time.monotonic() - screen.started:.2f} s")
        screen.drain(2)
        print(f"memory                  {screen.status('VmRSS') / 1024:.1f} MB")
        begin = time.monotonic()
        screen.type(b"\x06needle\r")
        screen.wait(b"Needle of them all")
        print(f"search, oldest message  {time.monotonic() - begin:.2f} s")
        print(f"memory after it         {screen.status('VmRSS') / 1024:.1f} MB")
        os.write(screen.fd, b"\x1b")
        screen.drain(2)
        switches, cpu = screen.status("voluntary_ctxt"), screen.cpu()
        screen.drain(options.idle)
        print(f"idle, {options.idle} s             {screen.status('voluntary_ctxt') - switches} voluntary context switches, "
              f"{screen.cpu() - cpu:.2f} s of CPU")
        os.kill(screen.pid, signal.SIGTERM)
        os.waitpid(screen.pid, 0)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
