"""The implementation under test as a process that speaks the adapter protocol (adapter/PROTOCOL.md, node mode)."""
import fcntl
import json
import os
import pathlib
import shlex
import signal
import socket
import subprocess
import threading


class Subject:
    """One data directory and the process that may run on it. Its standard output is read without blocking."""

    def __init__(self, command, directory, secret, case, peers=(), profile="test", listen="127.0.0.1:0"):
        self.command, self.directory, self.peers, self.listen = shlex.split(command), directory, list(peers), listen
        self.environment = {"CF_DIR": str(directory), "CF_SECRET": secret, "CF_PROFILE": profile, "CF_CASE": case}
        self.process, self.buffer = None, b""
        self.events, self.ready, self.starts, self.errors = [], None, 0, None
        self.counts = {}  # of events, by kind
        self.held = None  # the socket that keeps the port between two starts
        self.disk = None  # one of disk.py that a case has a hand in
        directory.mkdir(parents=True, exist_ok=True)

    def start(self):
        assert self.process is None
        listen = self.ready["endpoint"] if self.ready else self.listen
        environment = {**os.environ, **self.environment, "CF_PEERS": ",".join(self.peers), "CF_LISTEN": listen}
        self.errors = open(self.directory.parent / (self.directory.name + ".err"), "ab")
        command, options = self.disk.prepare(self.command) if self.disk else (self.command, {})
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        start_new_session=True, **{"stderr": self.errors, **options})
        if self.disk is not None:
            self.disk.started()
        if self.process.stderr is not None:
            threading.Thread(target=_copy, args=(self.process.stderr, self.errors), daemon=True).start()
        descriptor = self.descriptor
        fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_NONBLOCK)
        self.ready, self.buffer, self.starts = None, b"", self.starts + 1

    def move(self, directory):
        """The next start is in another directory."""
        directory.mkdir()
        self.directory, self.environment["CF_DIR"] = directory, str(directory)

    @property
    def descriptor(self):
        return self.process.stdout.fileno()

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def read(self):
        """Takes what the process has written; False at its end."""
        try:
            data = os.read(self.descriptor, 65536)
        except BlockingIOError:
            return True
        self.buffer += data
        *lines, self.buffer = self.buffer.split(b"\n")
        for line in lines:
            self._event(line)
        return bool(data)

    def _event(self, line):
        try:
            event = json.loads(line)
        except ValueError:
            event = {"ev": "malformed", "line": line.decode("utf-8", "replace")}
        if not isinstance(event, dict):
            event = {"ev": "malformed", "line": line.decode("utf-8", "replace")}
        if event.get("ev") == "ready" and self.ready is None:
            self.ready = event
            self._release_port()
        self.events.append(event)
        kind = str(event.get("ev"))
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def command_line(self, **command):
        try:
            self.process.stdin.write(json.dumps(command).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def hold_port(self):
        """Until the next start has it the port is nobody else's: whoever asks the system for any port is given another one.
        Who names it, and says SO_REUSEADDR as servers do, gets it: this socket does not listen."""
        host, _, port = self.ready["endpoint"].rpartition(":") if self.ready else ("", "", "")
        self.held = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self.held.bind((host.strip("[]"), int(port)))
        except (OSError, ValueError):
            self._release_port()

    def _release_port(self):
        if self.held is not None:
            self.held.close()
            self.held = None

    def kill(self):
        """A crash: the whole process group, since an adapter may be a script in front of the program. (The number of a process
        that has been waited for may be somebody else's by now.)"""
        self._release_port()
        if self.process is None:
            return
        try:
            if self.process.returncode is None:
                os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(20)
        if self.disk is not None:
            self.disk.ended()
        streams = (self.process.stdin, self.process.stdout, *([self.errors] if self.process.stderr is None else []))
        for stream in streams:
            try:
                stream.close()
            except OSError:
                pass
        self.process = None

    def stderr(self):
        path = self.directory.parent / (self.directory.name + ".err")
        return path.read_text(errors="replace") if path.exists() else ""

    def processes(self):
        """The ids of all that the command has become: the processes of its session."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and _session(entry) == self.process.pid:
                    found.append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                pass
        return found


def _session(entry):
    return int((entry / "stat").read_text().rpartition(")")[2].split()[3])


def _copy(source, sink):
    """Until the end of a pipe."""
    with source, sink:
        for line in source:
            sink.write(line)
            sink.flush()
