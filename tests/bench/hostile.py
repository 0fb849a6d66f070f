"""A step of `make bench`: the relay's memory under each hostile load, before, at its most, and after."""
import os
import socket
import sys
import tempfile
import threading
import time

from systems import ROOT, Relay

sys.path.insert(0, str(ROOT / "tests/functional"))
SECONDS = 8


class Watch:
    """The greatest resident size of a process while it is watched."""

    def __init__(self, relay):
        self.relay, self.most, self.going = relay, relay.rss(), True
        self.before = self.most
        self.thread = threading.Thread(target=self.look)
        self.thread.start()

    def look(self):
        while self.going:
            self.most = max(self.most, self.relay.rss())
            time.sleep(0.05)

    def done(self, name, what):
        self.going = False
        self.thread.join()
        alive = self.relay.process.poll() is None
        row = {"facts": {"load": name, "what": what, "RSS before MiB": self.before >> 20, "at most": self.most >> 20,
                         "alive": alive, "machine": round(os.getloadavg()[0], 1)}}
        print(f"  {row['facts']}", flush=True)
        return row


def connect(endpoint):
    host, port = endpoint.rsplit(":", 1)
    return socket.create_connection((host, int(port)), 5)


def silent(relay):
    """Connections that say nothing, as many as the limit of descriptors allows, for as long as they are let."""
    links, end = [], time.monotonic() + 3 * SECONDS
    while len(links) < 9_500 and time.monotonic() < end:
        try:
            links.append(connect(relay.endpoint))
        except OSError:
            time.sleep(0.01)
    count = len(links)
    time.sleep(1)
    for link in links:
        link.close()
    return f"{count} silent connections"


def storm(relay):
    """Greetings and broken handshakes as fast as one can connect."""
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x01CURVE" + bytes(47)
    count, end = 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            with connect(relay.endpoint) as link:
                link.sendall(greeting[:64] + b"\x04\xc8\x05HELLO" + os.urandom(194))
            count += 1
        except OSError:
            pass
    return f"{count} broken handshakes"


def half_frames(relay):
    """Sessions' encryption in place, then half of the largest frame, on as many links as form."""
    import stranger
    links, end = [], time.monotonic() + 2 * SECONDS
    while len(links) < 400 and time.monotonic() < end:
        try:
            link = stranger.CurveStranger(relay.endpoint, timeout=2)
            link.socket.sendall(b"\x02" + (98_300).to_bytes(8, "big") + b"\x07MESSAGE" + bytes(49_000))
            links.append(link)
        except OSError:
            pass
    count = len(links)
    for link in links:
        link.close()
    return f"{count} half frames of 98,300 bytes"


def oversized(relay):
    import stranger
    count, end = 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            link = stranger.CurveStranger(relay.endpoint, timeout=2)
            link.socket.sendall(b"\x02" + (1 << 40).to_bytes(8, "big") + bytes(1 << 20))
            count += 1
            link.close()
        except OSError:
            pass
    return f"{count} frames that claim a terabyte"


def hostile():
    rows = []
    with tempfile.TemporaryDirectory(prefix="comm-bench-") as folder:
        relay = Relay(folder, sessions=24)
        relay.options = ("--links", "12000")
        with relay:
            loads = [("silent", lambda: silent(relay)), ("storm", lambda: storm(relay)),
                     ("half frames", lambda: half_frames(relay)), ("oversized", lambda: oversized(relay)),
                     ("flood", lambda: f"{relay.driver.do('flood', connections=16, seconds=SECONDS)['messages']} questions"),
                     ("slow readers", lambda: f"{relay.driver.do('slow', connections=32, seconds=SECONDS)['messages']} wants unread")]
            for name, load in loads:
                watch = Watch(relay)
                try:
                    what = load()
                except BaseException:
                    watch.going = False
                    raise
                rows.append(watch.done(name, what))
    return rows
