"""Clock, timers and store of a node."""
import errno
import heapq
import itertools
import json
import pathlib
import random
import sqlite3
import time

from ..base import param


class Clock:
    """Wall and mono time in milliseconds, real or moved by ticks."""

    def __init__(self, virtual):
        self.virtual, self.ticks = virtual, 0
        self.wall_start, self.mono_start = int(time.time() * 1000), int(time.monotonic() * 1000)

    def mono(self):
        return self.ticks if self.virtual else int(time.monotonic() * 1000) - self.mono_start

    def wall(self):
        return self.wall_start + self.ticks if self.virtual else int(time.time() * 1000)

    def step(self, ms):
        """As when somebody sets the machine's clock."""
        self.wall_start += ms


class Timers:
    """Functions at instants of mono time. A timer that fires may set others."""

    def __init__(self, clock):
        self.clock, self.heap, self.numbers = clock, [], itertools.count()

    def after(self, ms, function, *arguments):
        heapq.heappush(self.heap, (self.clock.mono() + max(0, int(ms)), next(self.numbers), function, arguments))

    def wait_ms(self, at_most):
        if self.clock.virtual or not self.heap:
            return at_most
        return max(0, min(at_most, self.heap[0][0] - self.clock.mono()))

    def fire(self):
        limit = 10_000  # a turn ends; what is due still comes with the next
        while self.heap and self.heap[0][0] <= self.clock.mono() and limit:
            _, _, function, arguments = heapq.heappop(self.heap)
            function(*arguments)
            limit -= 1

    def advance(self, ms):
        """Virtual time: every timer fires at its own instant."""
        target = self.clock.ticks + ms
        limit = 100_000
        while self.heap and self.heap[0][0] <= target and limit:
            self.clock.ticks = max(self.clock.ticks, self.heap[0][0])
            self.fire()
            limit -= 1
            yield
        self.clock.ticks = target


class Scale:
    """Parameters of the profile; `ms` scales what scales with the backoff unit."""

    def __init__(self, profile):
        self.profile = profile
        self.unit = param("backoff_unit", profile)
        self.random = random.SystemRandom()

    def param(self, name):
        return param(name, self.profile)

    def ms(self, milliseconds):
        return milliseconds * self.unit // 1000

    def jitter(self, milliseconds):
        percent = param("backoff_jitter_percent")
        return milliseconds * self.random.randint(1000 - 10 * percent, 1000 + 10 * percent) // 1000

    def backoff(self, transmissions):
        """The pause after so many transmissions."""
        return self.jitter(min((2**min(transmissions, 40) - 1) * self.unit, param("backoff_cap")))


SCHEMA = """
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value BLOB);
CREATE TABLE IF NOT EXISTS messages(id BLOB PRIMARY KEY, state INT, header BLOB, nonce BLOB, body BLOB, final BLOB, rest TEXT);
CREATE TABLE IF NOT EXISTS records(address BLOB PRIMARY KEY, record BLOB, signature BLOB, nonce BLOB);
CREATE TABLE IF NOT EXISTS outbox(uid BLOB PRIMARY KEY, rest TEXT);
CREATE TABLE IF NOT EXISTS seen(sender BLOB, uid BLOB, PRIMARY KEY(sender, uid));
CREATE TABLE IF NOT EXISTS prekeys(number INTEGER PRIMARY KEY, week INT, secret BLOB, replaced INT);
CREATE TABLE IF NOT EXISTS inbox(number INTEGER PRIMARY KEY, sender BLOB, uid BLOB, text TEXT);
"""


class DiskFull(Exception):
    """Nothing of what was to be committed is on the disk."""


class Store:
    """SQLite with a synchronous write-ahead log: `commit` returns when what was written is on stable storage. Until then
    it stays in memory, so that a full disk is met in `commit` alone."""

    def __init__(self, directory):
        self.path = pathlib.Path(directory)
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.db = sqlite3.connect(self.path / "node.sqlite", isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("PRAGMA cache_spill=OFF")
        self.db.execute("PRAGMA temp_store=MEMORY")
        self.db.executescript(SCHEMA)
        self.open = False

    def write(self, statement, *values):
        if not self.open:
            self.db.execute("BEGIN")
            self.open = True
        self.db.execute(statement, values)

    def commit(self):
        if not self.open:
            return
        self.open = False
        try:
            self.db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL and not self._full():
                raise
            raise DiskFull() from error

    def _full(self):
        """Whether a file cannot grow: SQLite says of some full disks only that writing failed."""
        probe = self.path / "probe"
        try:
            probe.write_bytes(bytes(4096))
        except OSError as error:
            return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        finally:
            probe.unlink(missing_ok=True)
        return False

    def rows(self, statement, *values):
        return self.db.execute(statement, values).fetchall()

    def get(self, key, default=None):
        found = self.rows("SELECT value FROM meta WHERE key=?", key)
        return found[0][0] if found else default

    def put(self, key, value):
        self.write("INSERT OR REPLACE INTO meta VALUES(?,?)", key, value)

    def get_json(self, key, default):
        found = self.get(key)
        return default if found is None else json.loads(found)
