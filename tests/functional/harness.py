"""Real comm processes on loopback, driven over pipes with --json. Every wait is bounded, every test has its own data
directory and ports (0: the system chooses), and only processes started here are ended.

COMM names the program under test (default: build/comm). COMM_KEEP=1 keeps the data directories."""
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMM = os.environ.get("COMM", str(ROOT / "build/comm"))
STATES = ["needs_key", "sealed", "queued", "relayed", "delivered"]  # in rising order; expired and failed stand apart
LOOPBACK = "127.0.0.1:0"
PATIENCE = 30  # seconds for what usually takes less than one


class Process:
    """One comm process. Its JSON lines are kept in `events`, its stderr in `errors`, from threads that only append."""

    def __init__(self, case, args, name, virtual_clock=False, json_output=True, preexec=None, **popen):
        self.case, self.name, self.events, self.raw, self.errors = case, name, [], [], []
        self.changed = threading.Condition()
        pass_fds, self.clock, self.ticks = [], None, 0
        if virtual_clock:
            read_end, self.clock = os.pipe()
            args = [*args, "--virtual-clock", str(read_end)]
            pass_fds.append(read_end)
        self.args = args
        self.popen = subprocess.Popen([COMM, *args], stdin=popen.pop("stdin", subprocess.PIPE), stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, env=case.environment, pass_fds=pass_fds,
                                      preexec_fn=preexec, **popen)
        for fd in pass_fds:
            os.close(fd)
        self.pid = self.popen.pid
        self.threads = [threading.Thread(target=self._read_output, args=(json_output,), daemon=True),
                        threading.Thread(target=self._read_errors, daemon=True)]
        for thread in self.threads:
            thread.start()

    def _read_output(self, json_output):
        for line in self.popen.stdout:
            text = line.decode("utf-8", "replace").rstrip("\n")
            with self.changed:
                self.raw.append(text)
                if json_output:
                    try:
                        self.events.append(json.loads(text))
                    except ValueError:
                        self.events.append({"ev": "not-json", "line": text})
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def _read_errors(self):
        for line in self.popen.stderr:
            self.errors.append(line.decode("utf-8", "replace").rstrip("\n"))

    # --- what it said ---
    def find(self, ev, since=0, **fields):
        for event in self.events[since:]:
            if event.get("ev") == ev and all(event.get(k) == v for k, v in fields.items()):
                return event
        return None

    def count(self, ev, **fields):
        return sum(1 for e in list(self.events) if e.get("ev") == ev and all(e.get(k) == v for k, v in fields.items()))

    def wait(self, ev, timeout=PATIENCE, since=0, **fields):
        """The first such event, waited for; a failure shows what was said instead."""
        return self.wait_until(lambda: self.find(ev, since, **fields), timeout, f"{ev} {fields}")

    def wait_until(self, condition, timeout=PATIENCE, what="condition"):
        deadline = time.monotonic() + timeout
        with self.changed:
            while True:
                found = condition()
                if found:
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or (self.popen.poll() is not None and not self.threads[0].is_alive()):
                    break
                self.changed.wait(min(left, 0.1))
        found = condition()
        if found:
            return found
        ended = "" if self.popen.poll() is None else f", it ended with {self.popen.poll()}"
        raise AssertionError(f"{self.name}: waited {timeout} s for {what}{ended}")

    def wait_count(self, number, ev, timeout=PATIENCE, **fields):
        """Until so many such events have come; each event is looked at once, however many there are."""
        looked_at = found = 0

        def enough():
            nonlocal looked_at, found
            new = self.events[looked_at:]
            looked_at += len(new)
            found += sum(1 for e in new if e.get("ev") == ev and all(e.get(k) == v for k, v in fields.items()))
            return found >= number

        return self.wait_until(enough, timeout, f"{number} events {ev} {fields}")

    # --- what it is told ---
    def say(self, line):
        self.popen.stdin.write(line.encode() + b"\n")
        self.popen.stdin.flush()

    def command(self, **fields):
        self.say(json.dumps(fields))

    def send(self, to, text, ref):
        self.command(cmd="send", to=to, text=text, ref=ref)

    def state(self, ref, state, timeout=PATIENCE):
        """Waits until the message sent with `ref` has reached this state; its uid comes with the first event."""
        uid = self.wait("state", timeout, ref=ref)["uid"]
        return self.wait("state", timeout, uid=uid, state=state)

    def states(self, uid):
        return [e["state"] for e in list(self.events) if e.get("ev") == "state" and e.get("uid") == uid]

    def tick(self, milliseconds):
        os.write(self.clock, b"tick %d\n" % milliseconds)
        self.ticks += 1

    def ticked(self, timeout=PATIENCE):
        """Waits until every tick so far has been worked off."""
        self.wait_until(lambda: self.count("ticked") >= self.ticks, timeout, "ticked")

    @property
    def ready(self):
        return self.wait("ready")

    @property
    def endpoint(self):
        return self.ready["endpoint"]

    @property
    def address(self):
        return self.ready["address"]

    # --- its end ---
    def close_input(self):
        if self.popen.stdin and not self.popen.stdin.closed:
            try:
                self.popen.stdin.close()
            except BrokenPipeError:
                pass  # it has gone already

    def exit_code(self, timeout=PATIENCE):
        code = self.popen.wait(timeout)
        for thread in self.threads:
            thread.join(5)
        return code

    def quit(self, timeout=PATIENCE):
        self.command(cmd="quit")
        return self.exit_code(timeout)

    def terminate(self, timeout=PATIENCE):
        self.popen.send_signal(signal.SIGTERM)
        return self.exit_code(timeout)

    def kill(self):
        self.popen.kill()
        self.popen.wait(10)

    def running(self):
        return self.popen.poll() is None

    def rss_kib(self):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def acknowledged(self):
        return max((e["acknowledged"] for e in list(self.events) if e.get("ev") == "store"), default=0)

    def store(self, timeout=PATIENCE, **wanted):
        """Waits until the newest store report has these figures."""
        def newest():
            reports = [e for e in self.events if e.get("ev") == "store"]
            return reports and all(reports[-1].get(k) == v for k, v in wanted.items()) and reports[-1]
        return self.wait_until(newest, timeout, f"store {wanted}")


class Case(unittest.TestCase):
    def setUp(self):
        self.home = Path(tempfile.mkdtemp(prefix="comm-test-"))
        self.processes = []
        self.troubles_before = self.troubles()
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8",
                            "XDG_DATA_HOME": str(self.home / "data"), "XDG_STATE_HOME": str(self.home / "state"),
                            "XDG_CONFIG_HOME": str(self.home / "config"), "XDG_RUNTIME_DIR": str(self.home)}
        if "ASAN_OPTIONS" in os.environ:
            self.environment["ASAN_OPTIONS"] = os.environ["ASAN_OPTIONS"]

    def tearDown(self):
        failed = self.troubles() > self.troubles_before
        for process in self.processes:
            if process.running():
                process.popen.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 5
        for process in self.processes:
            try:
                process.popen.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
            process.close_input()
            if process.clock is not None:
                os.close(process.clock)
        if failed:
            self.show()
        for process in self.processes:
            for stream in (process.popen.stdout, process.popen.stderr):
                stream.close()
        if "COMM_KEEP" not in os.environ:
            shutil.rmtree(self.home, ignore_errors=True)

    def troubles(self):
        result = self._outcome.result
        return len(result.failures) + len(result.errors)

    def show(self):
        for process in self.processes:
            print(f"--- {process.name} (pid {process.pid}, rc {process.popen.poll()}): {' '.join(process.args)}")
            for line in process.raw[-15:]:
                print("  out:", line[:300])
            for line in process.errors[-15:]:
                print("  err:", line[:300])
        sys.stdout.flush()

    # --- starting programs ---
    def start(self, args, name, **options):
        process = Process(self, [str(a) for a in args], name, **options)
        self.processes.append(process)
        return process

    def relay(self, *bootstrap, name="relay", listen=LOOPBACK, data=None, params="test", extra=(), **options):
        args = ["relay", "--listen", listen, "--data", data or self.home / name, "--json", *extra]
        for peer in bootstrap:
            args += ["--bootstrap", peer]
        if params:
            args += ["--params", params]
        return self.start(args, name, **options)

    def chat(self, secret, *bootstrap, name=None, listen=LOOPBACK, params="test", extra=(), **options):
        args = [secret, listen, *bootstrap, "--json", *extra]
        if params:
            args += ["--params", params]
        return self.start(args, name or secret, **options)

    def run_comm(self, *args, input=b"", timeout=PATIENCE, env=None):
        return subprocess.run([COMM, *[str(a) for a in args]], input=input, capture_output=True, timeout=timeout,
                              env={**self.environment, **(env or {})}, check=False)

    def address_of(self, secret):
        done = self.run_comm("address", secret)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode().split()[0]

    def publish(self, secret, *bootstrap, **options):
        """Lets this user be online once, until the network knows their key record; returns the address."""
        relays = [p for p in self.processes if p.args[0] == "relay" and p.clock is None and p.running() and p.endpoint in bootstrap]
        acknowledged = {r: r.acknowledged() for r in relays}
        user = self.chat(secret, *bootstrap, name=secret + " publishing", **options)
        probe = self.chat("probe of " + secret, *bootstrap, name="probe", **options)
        probe.send(user.address, "probe", "probe")
        probe.state("probe", "delivered")
        for r in relays:  # the mailbox that the probe grants thereupon has arrived too: nothing is left behind
            r.wait_until(lambda r=r: r.acknowledged() >= acknowledged[r] + 2, what="the probe's grant")
        self.assertEqual(probe.quit(), 0)
        self.assertEqual(user.quit(), 0)
        return user.address

    # --- assertions of the domain ---
    def assertRising(self, states):
        ranks = [STATES.index(s) for s in states if s in STATES]
        self.assertEqual(ranks, sorted(ranks), f"a state regressed: {states}")

    def eventually(self, condition, timeout=PATIENCE, what="condition", interval=0.1):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            found = condition()
            if found:
                return found
            time.sleep(interval)
        raise AssertionError(f"waited {timeout} s for {what}")


class VirtualCase(Case):
    """Every node reads its time from --virtual-clock: days pass in seconds."""

    def advance(self, milliseconds, *processes, step=1000, until=None):
        """Moves all clocks together, step by step; true as soon as `until` holds."""
        for _ in range(0, milliseconds, step):
            if until and until():
                return True
            for process in processes:
                process.tick(step)
            for process in processes:
                process.ticked()
        return bool(until and until())

    def newest(self, relay):
        reports = [e for e in relay.events if e["ev"] == "store"]
        return reports[-1] if reports else {"live": 0}

    def assertAdvances(self, milliseconds, *processes, until, what, step=200):
        self.assertTrue(self.advance(milliseconds, *processes, step=step, until=until), f"{what}: not in {milliseconds} ms")

    def has_state(self, process, ref, state):
        first = process.find("state", ref=ref)
        return first and process.find("state", uid=first["uid"], state=state)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def host_and_port(endpoint):
    host, _, port = endpoint.rpartition(":")
    return host.strip("[]"), int(port)


def main():
    """Runs the script's tests and counts them, one line each."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 8192)), hard))
    if not os.access(COMM, os.X_OK):
        sys.exit(f"{COMM} is not there: build first")
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    if len(sys.argv) > 1:
        suite = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:], sys.modules["__main__"])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    print(f"{result.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)
