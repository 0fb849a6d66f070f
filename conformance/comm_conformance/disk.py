"""Disks in trouble, of one implementation, which has no part in it.

A full one: none of its processes may make a file larger (RLIMIT_FSIZE), so that writing fails with EFBIG.
A slow one: its calls of fsync and the like return when the case lets them (hold_syncs)."""
import fcntl
import os
import pathlib
import resource
import select
import socket
import struct
import subprocess
import sys
import threading

from . import hold_syncs, wire
from .casework import CaseFailure, NotApplicable

# Standard error is no file then, and the signal that goes with the limit (SIGXFSZ) is ignored, as at a full disk.
OPTIONS = {"stderr": subprocess.PIPE, "restore_signals": False}


class FullDisk:
    def __init__(self):
        self.before = {}

    def prepare(self, command):
        """What is run in place of the command, and how."""
        return command, OPTIONS

    def started(self):
        self.before = {}

    def ended(self):
        pass

    def fill(self, t):
        try:
            for process in t.subject.processes():
                _, hard = self.before[process] = resource.prlimit(process, resource.RLIMIT_FSIZE)
                resource.prlimit(process, resource.RLIMIT_FSIZE, (0, hard))
        except (AttributeError, PermissionError) as error:
            raise NotApplicable(f"the size of files cannot be limited here: {error}") from error

    def make_room(self, t):
        for process in t.subject.processes():
            _, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
            resource.prlimit(process, resource.RLIMIT_FSIZE, self.before.get(process, (hard, hard)))


def fill(t, peer, sealed):
    """Fills the disk, and pushes a message to see that it is refused for that. An implementation whose writes need no
    file to grow is not concerned."""
    t.subject.disk.fill(t)
    item = t.push(peer, sealed)
    if item["status"] == wire.STORED:
        t.restart()
        if t.is_held(t.dial("after"), sealed):
            raise NotApplicable("what it writes does not need a file to grow: its disk cannot be filled from outside")
        raise CaseFailure("answered by Stored{stored} on a full disk, and not held after kill -9")
    refused(t, item)


def refused(t, item):
    t.check((item["status"], item.get("reason", 0)) == (wire.ST_REFUSED, wire.DISK), f"on a full disk answered by {item}")


NOTIFICATION, ANSWER, GO_ON = 80, "=QqiI", 1                 # struct seccomp_notif, seccomp_notif_resp and its flag
RECEIVE, SEND = 0xc0502100, 0xc0182101                       # ioctls
DURABLE = os.O_SYNC | os.O_DSYNC


class SlowDisk:
    """One thread lets the syncs of a start go at once, or keeps them waiting while the disk is held."""

    def __init__(self):
        self.holding, self.waiting, self.lock = False, [], threading.Lock()
        self.why, self.listener, self.thread, self.here, self.there = "", None, None, None, None

    def prepare(self, command):
        self.here, self.there = socket.socketpair()
        launcher = [sys.executable, "-S", "-E", hold_syncs.__file__, str(self.there.fileno())]
        return launcher + command, {"pass_fds": [self.there.fileno()]}

    def started(self):
        self.there.close()
        self.here.settimeout(20)
        text, descriptors, _, _ = socket.recv_fds(self.here, 200, 1)
        self.here.close()
        self.holding, self.waiting = False, []
        if not descriptors:
            self.why = text.decode() or "the launcher ended"
            return
        self.listener = descriptors[0]
        self.thread = threading.Thread(target=self._serve, args=(self.listener,), daemon=True)
        self.thread.start()

    def ended(self):
        if self.thread is not None:
            self.thread.join(20)
            os.close(self.listener)
        self.thread = self.listener = None

    def _serve(self, listener):
        """Until no process is left that the filter is for."""
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        while True:
            happened = poll.poll()[0][1]
            if not happened & select.POLLIN:
                return
            notification = bytearray(NOTIFICATION)
            try:
                fcntl.ioctl(listener, RECEIVE, notification)
            except OSError:
                continue  # its process is gone
            with self.lock:
                self.waiting.append(struct.unpack_from("=Q", notification)[0])
                if not self.holding:
                    self._let_go()

    def _let_go(self):
        for number in self.waiting:
            try:
                fcntl.ioctl(self.listener, SEND, bytearray(struct.pack(ANSWER, number, 0, 0, GO_ON)))
            except OSError:
                pass  # its process is gone
        self.waiting = []

    def hold(self, t):
        """From now on nothing becomes durable."""
        if self.listener is None:
            raise NotApplicable("a sync cannot be held up here: " + self.why)
        if any(_writes_through(process) for process in t.subject.processes()):
            raise NotApplicable("it writes without a call of fsync or its like: its disk cannot be held up from outside")
        with self.lock:
            self.holding = True

    def let_go(self):
        """What waits is done; what comes waits. How many it was."""
        with self.lock:
            waiting = len(self.waiting)
            self._let_go()
        return waiting

    def free(self):
        with self.lock:
            self.holding = False
            self._let_go()


def _writes_through(process):
    """Whether a file of a process is open for writes that are durable by themselves, or calls go by another way."""
    try:
        for entry in pathlib.Path(f"/proc/{process}/fd").iterdir():
            target = os.readlink(entry)
            info = pathlib.Path(f"/proc/{process}/fdinfo/{entry.name}").read_text()
            flags = int(info.split("flags:")[1].split()[0], 8)
            if "[io_uring]" in target or target.startswith("/") and not target.startswith("/dev/") and flags & DURABLE:
                return True
    except (FileNotFoundError, ProcessLookupError):
        pass
    return False
