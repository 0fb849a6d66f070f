"""A listener that lets clients in who do not use CURVE. libzmq's sockets have one mechanism each: a proxy reads which one a
client's greeting names, and leads it to the one socket or the other."""
import socket
import threading

from .. import transport
from .base import mutant, patch

GREETING = 64
BEGINNING = b"\xff" + bytes(8) + b"\x7f\x03"  # signature and version; the mechanism comes after the other side's


def _read(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise OSError("ended")
        data += part
    return data


def _pipe(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for one in (source, sink):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def _lead(client, curve, plain):
    try:
        client.sendall(BEGINNING)
        greeting = _read(client, GREETING)
        onward = socket.create_connection(("127.0.0.1", curve if greeting[12:17] == b"CURVE" else plain), 10)
        onward.settimeout(None)
        onward.sendall(greeting)
        client.sendall(_read(onward, GREETING)[len(BEGINNING):])
    except OSError:
        client.close()
        return
    threading.Thread(target=_pipe, args=(client, onward), daemon=True).start()
    _pipe(onward, client)


def _serve(server, curve, plain):
    while True:
        client, _ = server.accept()
        threading.Thread(target=_lead, args=(client, curve, plain), daemon=True).start()


@mutant("clients-without-curve", "NET-004")
def _():
    @patch(transport.Transport, "listen")
    def _(original, self, text):
        host, port = transport.hostport(text)
        server = socket.create_server((host, port))
        curve = transport.hostport(original(self, "127.0.0.1:0"))[1]
        self.plain, self.plain_channels = self._router(False), {}
        self.plain.bind("tcp://127.0.0.1:*")
        self.poller.register(self.plain, transport.zmq.POLLIN)
        plain = int(self.plain.getsockopt(transport.zmq.LAST_ENDPOINT).rstrip(b"\0").decode().rpartition(":")[2])
        threading.Thread(target=_serve, args=(server, curve, plain), daemon=True).start()
        return f"{host}:{server.getsockname()[1]}"

    @patch(transport.Transport, "process")
    def _(original, self, ready):
        events = original(self, ready)
        if self.plain in ready:
            name, *rest = self.plain.recv_multipart()
            channel = self.plain_channels.setdefault(name, transport.Channel(self, name, bytes(32), False, "", sock=self.plain))
            events += [("packet", channel, part) for part in rest]
        return events
