"""The steps of `make bench` that look at one relay alone: growth with backlog, mailboxes and connections, the delay from
one person to another, and a long run."""
import json
import os
import queue
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from systems import BUILD, Failed, Relay

SMALL = {"connections": 8, "window": 256, "messages": 10_000, "bytes": 1024, "class": 0, "mailboxes": 1}
BACKLOGS = (0, 10_000, 100_000, 300_000, 1_000_000)
MAILBOXES = (1, 10, 100, 1_000, 10_000)
STARTUPS = (0, 20_000, 200_000, 2_000_000)
CONNECTIONS = (1, 10, 100, 1_000)
MANY_CONNECTIONS = (10_000,)  # each of them costs the relay 20 ms of proof of work: a step of its own
STEP_SECONDS = 520
SHOWN_WITHIN = 60  # a message


def microseconds(run):
    """CPU of the relay for one message."""
    return run["cpu_per_100k"] * 10


def median_run(system, verb, numbers, times=3, between=lambda: None):
    runs = []
    for _ in range(times):
        runs.append(system.run(verb, **numbers))
        between()
    return sorted(runs, key=lambda run: run["cpu_per_100k"])[times // 2]


def point(at, axis, plotted, values):
    return {"at": at, "axis": axis, "plotted": plotted, "values": values, "load": os.getloadavg()[0]}


def backlog():
    """What a message costs while others wait: another mailbox's, so that the drain is of the new ones alone."""
    rows, held, end = [], 0, time.monotonic() + STEP_SECONDS
    with tempfile.TemporaryDirectory(prefix="comm-bench-") as folder, Relay(folder) as relay:
        for goal in BACKLOGS:
            while held < goal and time.monotonic() < end:
                part = min(40_000, goal - held)
                relay.run("ingest", **dict(SMALL, messages=part, mailboxes=1))
                relay.run("forget")
                held += part
            if held < goal:
                break  # the machine is too slow today; what there is stands
            run = median_run(relay, "ingest", dict(SMALL, mailboxes=1))
            relay.run("forget")
            held += 3 * SMALL["messages"]
            rows.append(point(goal, "messages waiting", ["CPU us per message", "p50 ms", "RSS MiB"],
                              {"CPU us per message": microseconds(run), "p50 ms": run["p50_us"] / 1e3,
                               "messages/s": run["rate"], "RSS MiB": run["rss"] / 2**20}))
            print(f"  {goal}: {rows[-1]['values']}", flush=True)
    return rows


def mailboxes():
    rows = []
    with tempfile.TemporaryDirectory(prefix="comm-bench-") as folder, Relay(folder) as relay:
        for count in MAILBOXES:
            run = median_run(relay, "ingest", dict(SMALL, mailboxes=count))
            relay.run("forget")
            rows.append(point(count, "mailboxes", ["CPU us per message", "p50 ms"],
                              {"CPU us per message": microseconds(run), "p50 ms": run["p50_us"] / 1e3,
                               "messages/s": run["rate"]}))
            print(f"  {count}: {rows[-1]['values']}", flush=True)
    return rows


def mailbox_ratio(compare, one):
    """One mailbox and ten thousand in turn, by two relays: 10,000 over 1 is to be at least 0.8."""
    del compare
    rows = []
    with tempfile.TemporaryDirectory(prefix="comm-bench-") as folder, Relay(folder) as relay:
        for _ in range(5):
            single = relay.run("ingest", **one)
            many = relay.run("ingest", **dict(one, mailboxes=10_000))
            relay.run("forget")
            rows.append({"facts": {"one mailbox, messages/s": round(single["rate"]),
                                   "10,000 mailboxes": round(many["rate"]),
                                   "ratio": round(many["rate"] / single["rate"], 2),
                                   "load": round(os.getloadavg()[0], 1)}})
    ratios = [row["facts"]["ratio"] for row in rows]
    rows.append({"facts": {"median ratio": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}})
    return rows


def connections(counts=CONNECTIONS):
    """Sessions that are idle while eight of them, or all if they are fewer, send."""
    rows = []
    for count in counts:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="comm-bench-") as folder, Relay(folder, sessions=count) as relay:
            setup = time.monotonic() - started
            idle = relay.cpu()
            time.sleep(2)
            idle = (relay.cpu() - idle) / 2
            run = median_run(relay, "ingest", dict(SMALL, connections=min(8, count)),
                             between=lambda relay=relay: relay.run("drain", mailboxes=1))
            count = relay.driver.ready
            rows.append(point(count, "connections", ["CPU us per message", "RSS MiB", "idle CPU %"],
                              {"CPU us per message": microseconds(run), "RSS MiB": run["rss"] / 2**20,
                               "idle CPU %": 100 * idle, "messages/s": run["rate"], "setup s": setup}))
            print(f"  {count}: {rows[-1]['values']}", flush=True)
    return rows


def many_connections():
    return connections(MANY_CONNECTIONS)


class Chat:
    def __init__(self, folder, secret, endpoint):
        self.process = subprocess.Popen([os.environ.get("COMM", BUILD / "comm"), secret, "127.0.0.1:0", endpoint, "--json",
                                         "--data", f"{folder}/{secret}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        # Read whether or not somebody waits: a program whose reports nobody takes stands still when the pipe is full.
        self.reports = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()
        self.address = self.wait("ready")["address"]

    def read(self):
        for line in self.process.stdout:
            self.reports.put(json.loads(line))
        self.reports.put({"ev": "end"})

    def wait(self, event, **fields):
        while True:
            try:
                got = self.reports.get(timeout=SHOWN_WITHIN)
            except queue.Empty:
                raise Failed(f"no {event} within {SHOWN_WITHIN} s") from None
            if got.get("ev") == event and all(got.get(k) == v for k, v in fields.items()):
                return got
            if got.get("ev") == "end":
                raise Failed("the chat ended")

    def send(self, address, text):
        self.process.stdin.write(json.dumps({"cmd": "send", "to": address, "text": text}) + "\n")
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def latency():
    """From the command to send until the other person's program shows the text: two chats and a relay between them."""
    people, micros = [], []
    with tempfile.TemporaryDirectory(prefix="comm-bench-") as folder, Relay(folder, sessions=1) as relay:
        try:
            for secret in ("bench one", "bench two"):
                people.append(Chat(folder, secret, relay.endpoint))
            alice, bob = people
            alice.send(bob.address, "first")
            bob.wait("received", text="first")
            for number in range(300):
                start = time.perf_counter()
                alice.send(bob.address, f"message {number}")
                bob.wait("received", text=f"message {number}")
                micros.append((time.perf_counter() - start) * 1e6)
        finally:
            for person in people:
                person.close()
    micros.sort()
    return [{"facts": {"send to shown, messages": len(micros), "p50 ms": round(micros[len(micros) // 2] / 1e3, 2),
                       "p99 ms": round(micros[len(micros) * 99 // 100] / 1e3, 2), "max ms": round(micros[-1] / 1e3, 2),
                       "load": round(os.getloadavg()[0], 1)}}]


def filled(folder, messages, minutes):
    """A data directory with so many messages waiting, which expire in so many minutes."""
    data = Path(folder) / f"filled-{messages}"
    data.mkdir(mode=0o700)
    subprocess.run([BUILD / "bench_backlog", data, str(messages), str(minutes)], check=True, stdout=subprocess.DEVNULL)
    return data


class Opened:
    """A relay on a data directory, and how long it took from exec to ready."""

    def __init__(self, data):
        self.data, start = data, time.perf_counter()
        self.process = subprocess.Popen([os.environ.get("COMM", BUILD / "comm"), "relay", "--listen", "127.0.0.1:0",
                                         "--data", data, "--store-limit", "64G", "--json"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        while json.loads(self.process.stdout.readline() or '{"ev": "ready"}').get("ev") != "ready":
            pass
        self.seconds = time.perf_counter() - start
        self.reports = subprocess.Popen(["cat"], stdin=self.process.stdout, stdout=subprocess.DEVNULL)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)
        self.reports.wait()

    def rss(self, kind="VmRSS"):
        """MiB. RssAnon is without the mapped tables, which the kernel takes back when it needs the room."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(kind):
                return int(line.split()[1]) / 1024
        return 0

    def disk(self):
        return sum(path.stat().st_size for path in (self.data / "store").iterdir()) / 2**20


def startup():
    """From exec to ready with messages waiting: after a clean end, and after SIGKILL (the log is read again)."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="comm-bench-") as folder:
        for count in STARTUPS:
            data = filled(folder, count, 10_000)
            seconds, after_kill, rss = [], [], 0
            for _ in range(5):
                with Opened(data) as relay:
                    seconds.append(relay.seconds)
                    time.sleep(1)
                    rss = relay.rss()
                    relay.process.kill()
                with Opened(data) as relay:
                    after_kill.append(relay.seconds)
            rows.append(point(count, "messages waiting", ["start s", "start after SIGKILL s"],
                              {"start s": statistics.median(seconds), "start after SIGKILL s": statistics.median(after_kill),
                               "RSS MiB": rss}))
            print(f"  {count}: {rows[-1]['values']}", flush=True)
            shutil.rmtree(data)
    return rows


def reclaim():
    """Two million messages that have expired: what the relay's directory and memory are while it erases them."""
    rows, count, end = [], STARTUPS[-1], time.monotonic() + STEP_SECONDS
    with tempfile.TemporaryDirectory(prefix="comm-bench-") as folder:
        data = filled(folder, count, -180)
        with Opened(data) as relay:
            start, full = time.monotonic(), relay.disk()
            while True:
                rows.append({"facts": {"messages expired": count, "after s": round(time.monotonic() - start),
                                       "disk MiB": round(relay.disk()), "RSS MiB": round(relay.rss()),
                                       "anonymous MiB": round(relay.rss("RssAnon")),
                                       "load": round(os.getloadavg()[0], 1)}})
                print(f"  {rows[-1]['facts']}", flush=True)
                if relay.disk() < full / 20 or time.monotonic() > end:
                    return rows
                time.sleep(20)


def sustained():
    """2 GiB of messages in windows of 128 MiB: none below 60 % of the first, no answer later than the slowest allowed."""
    rows, windows, end = [], [], time.monotonic() + STEP_SECONDS
    window = dict(SMALL, messages=(128 << 20) // 1_120)
    with tempfile.TemporaryDirectory(prefix="comm-bench-") as folder, Relay(folder) as relay:
        for number in range(16):
            run = relay.run("ingest", **window)
            relay.run("forget")
            windows.append(run["rate"])
            rows.append({"facts": {"window": number + 1, "messages/s": round(run["rate"]),
                                   "of the first": round(run["rate"] / windows[0], 2), "longest ms": run["max_us"] / 1e3,
                                   "cpu us": round(microseconds(run), 1), "RSS MiB": run["rss"] >> 20,
                                   "load": round(os.getloadavg()[0], 1)}})
            print(f"  {rows[-1]['facts']}", flush=True)
            if time.monotonic() > end:
                break
    return rows
