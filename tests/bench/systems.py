"""The systems that `make bench` compares: how each is started on loopback in a directory of its own, and measured."""
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BENCH_BUILD", ROOT / "build/bench"))
TICKS = os.sysconf("SC_CLK_TCK")
STARTED_WITHIN = 60


def die_with_parent():
    """Of a server or driver: nothing is left behind when this script is killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Failed(Exception):
    pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, process):
    end = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < end:
        if process.poll() is not None:
            raise Failed(f"{process.args[0]} ended at its start with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise Failed(f"{process.args[0]} does not listen on {port}")


class Driver:
    """A load driver: a command in, a JSON object out."""

    def __init__(self, *words):
        self.process = subprocess.Popen([str(w) for w in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=die_with_parent)
        self.ready = self.answer()["ready"]  # of a relay's: so many sessions

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"{self.process.args[0]} ended with {self.process.wait()}")
        return json.loads(line)

    def do(self, verb, **numbers):
        self.process.stdin.write(" ".join([verb] + [f"{k}={v}" for k, v in numbers.items()]) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class System:
    """A server process with its data, its load driver, and what the kernel says of it."""
    name = note = ""
    durable = True
    drains = True

    def __init__(self, folder, slow_sync=False, sessions=72):
        self.data = Path(folder) / self.name
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True)
        self.environment = dict(os.environ)
        if slow_sync:
            self.environment["LD_PRELOAD"] = str(BUILD / "libslow_sync.so")
        self.sessions = sessions
        self.log = open(self.data.parent / (self.name + ".log"), "w")
        self.process = self.driver = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def spawn(self, *words, **more):
        self.process = subprocess.Popen([str(w) for w in words], stderr=self.log, env=self.environment,
                                        start_new_session=True, preexec_fn=die_with_parent, **more)
        return self.process

    def stop(self):
        if self.driver:
            self.driver.close()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.data, ignore_errors=True)

    def pid(self):
        return self.process.pid

    # --- what the kernel counts ---
    def cpu(self):
        fields = Path(f"/proc/{self.pid()}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss(self):
        for line in Path(f"/proc/{self.pid()}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024
        return 0

    def written(self):
        for line in Path(f"/proc/{self.pid()}/io").read_text().splitlines():
            if line.startswith("write_bytes"):
                return int(line.split()[1])
        return 0

    def disk(self):
        total = 0
        for path in self.data.rglob("*"):
            try:
                total += path.stat().st_size if path.is_file() else 0
            except OSError:
                pass  # compacted away meanwhile
        return total

    def run(self, verb, **numbers):
        """One command of the driver with what it cost the server."""
        cpu, written = self.cpu(), self.written()
        out = self.driver.do(verb, **numbers)
        out["cpu_per_100k"] = (self.cpu() - cpu) * 100_000 / out["messages"]
        out["written_per_message"] = (self.written() - written) / out["messages"]
        out["rss"] = self.rss()
        return out


class Relay(System):
    name = "relay"
    note = "CURVE, every check, fsync before Stored"
    options = ()

    def start(self):
        program = os.environ.get("COMM", BUILD / "comm")
        wanted = {"--store-limit": "64G", "--mailbox-limit": "64G", "--peer-limit": "64G",
                  "--links": max(4096, self.sessions + 64)}
        wanted.update(zip(self.options[::2], self.options[1::2]))
        # An older program has fewer options; it is measured with the limits that it has.
        known = subprocess.run([program, "relay", "--help"], capture_output=True, text=True).stdout
        options = [word for name, value in wanted.items() if name in known for word in (name, value)]
        self.spawn(program, "relay", "--listen", "127.0.0.1:0", "--data", self.data / "d", "--json", *options,
                   stdout=subprocess.PIPE)
        ready = json.loads(self.process.stdout.readline() or "{}")
        if "endpoint" not in ready:
            raise Failed("the relay did not start; see " + self.log.name)
        # Its further reports are nobody's.
        self.drain = subprocess.Popen(["cat"], stdin=self.process.stdout, stdout=subprocess.DEVNULL)
        self.process.stdout.close()
        self.endpoint = ready["endpoint"]
        self.driver = Driver(BUILD / "bench_relay", self.endpoint, self.sessions,
                             max(40, (self.sessions + 64) // 20 * 9 // 10))

    def stop(self):
        super().stop()
        if getattr(self, "drain", None):
            self.drain.wait()


class Redis(System):
    name = "redis"
    note = "streams, appendonly, appendfsync always, plain TCP"
    tls = False

    def options(self):
        return ["--port", self.port]

    def start(self):
        self.port = free_port()
        self.spawn("redis-server", *self.options(), "--bind", "127.0.0.1", "--appendonly", "yes", "--appendfsync", "always",
                   "--save", "", "--dir", self.data, "--daemonize", "no", stdout=self.log)
        wait_for_port(self.port, self.process)
        self.driver = Driver(BUILD / "bench_redis", self.port, *(["tls"] if self.tls else []))


class RedisTls(Redis):
    name = "redis-tls"
    note = "the same over TLS"
    tls = True

    def options(self):
        key, certificate = self.data / "key.pem", self.data / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-keyout", key, "-out", certificate], check=True, stderr=subprocess.DEVNULL)
        return ["--port", 0, "--tls-port", self.port, "--tls-cert-file", certificate, "--tls-key-file", key,
                "--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"]


class Nats(System):
    name = "nats"
    note = "JetStream, file storage; NOT durable: flushed by a timer"
    durable = False

    def start(self):
        self.port = free_port()
        self.spawn("nats-server", "-a", "127.0.0.1", "-p", self.port, "-js", "-sd", self.data, stdout=self.log)
        wait_for_port(self.port, self.process)
        self.driver = Driver(BUILD / "bench_nats", self.port)


class Mosquitto(System):
    name = "mosquitto"
    note = "QoS 1, persistence on; NOT durable: saved every half hour"
    durable = False

    def start(self):
        self.port = free_port()
        config = self.data / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
                          f"persistence_location {self.data}/\nmax_queued_messages 0\nmax_inflight_messages 0\n" +
                          ("user root\n" if os.geteuid() == 0 else ""))
        self.spawn("/usr/sbin/mosquitto", "-c", config, stdout=self.log)
        wait_for_port(self.port, self.process)
        self.driver = Driver(BUILD / "bench_mosquitto", self.port)


class RabbitMq(System):
    """One Erlang process does the work; the script that starts it and epmd are ended with it."""
    name = "rabbitmq"
    note = "one-node quorum queue, publisher confirms"

    def start(self):
        self.port = free_port()
        config = self.data / "rabbitmq.conf"
        config.write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\nloopback_users = none\n"
                          "disk_free_limit.absolute = 50MB\n")
        self.environment.update(
            RABBITMQ_NODENAME=f"bench{self.port}@localhost", RABBITMQ_MNESIA_BASE=str(self.data / "db"),
            RABBITMQ_LOG_BASE=str(self.data / "log"), RABBITMQ_CONFIG_FILE=str(config), HOME=str(self.data),
            RABBITMQ_ENABLED_PLUGINS_FILE=str(self.data / "plugins"), RABBITMQ_DIST_PORT=str(free_port()),
            RABBITMQ_PID_FILE=str(self.data / "pid"), ERL_EPMD_PORT=str(free_port()), ERL_EPMD_ADDRESS="127.0.0.1")
        (self.data / "plugins").write_text("[].\n")
        self.spawn("/usr/lib/rabbitmq/bin/rabbitmq-server", stdout=self.log)
        wait_for_port(self.port, self.process)
        self.driver = Driver(BUILD / "bench_rabbitmq", self.port)

    def group(self):
        """Every process of ours: the session's, which the server was started as the leader of, and its epmd."""
        port = self.environment["ERL_EPMD_PORT"]
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                session = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[3])
                ours = session == self.process.pid or (
                    (entry / "comm").read_text().strip() == "epmd" and
                    f"ERL_EPMD_PORT={port}".encode() in (entry / "environ").read_bytes().split(b"\0"))
            except (OSError, IndexError):
                continue
            if ours:
                yield int(entry.name), (entry / "comm").read_text().strip()

    def pid(self):
        return next(pid for pid, name in self.group() if name == "beam.smp")

    def stop(self):
        ours = list(self.group()) if self.process else []
        if self.driver:
            self.driver.close()
            self.driver = None
        for pid, name in ours:
            if name in ("beam.smp", "epmd"):
                os.kill(pid, signal.SIGTERM)
        super().stop()


SYSTEMS = {system.name: system for system in (Relay, Redis, RedisTls, RabbitMq, Nats, Mosquitto)}
