"""The handshake with the implementation as dialler."""
import time

from comm_conformance import session
from comm_conformance.identity import node_id
from comm_conformance.registry import case


@case("dialler-says-hello", "SES-001 SES-006 NET-002 CRY-010", fresh=True)
def _(t):
    """The dialler's first packet is a Hello with all its fields and a request id; after Welcome comes a valid Auth."""
    peer = t.listen()
    t.start([peer])
    t.wait(lambda: peer.ready, "a session with the bootstrap")
    way, kind, body, request_id = peer.log[0]
    t.check((way, kind) == ("<", "hello") and request_id != 0, f"the first packet is {kind} with id {request_id}")
    t.check(peer.their["version"] == 1 and peer.their["role"] in (1, 2), "version or role")
    t.check(node_id(peer.their["node_key"], "test").hex() == t.subject.ready["node_id"], "the id of another key")
    t.check(abs(peer.their["time_ms"] - time.time() * 1000) < 600_000, f"Hello states the time {peer.their['time_ms']}")
    port = int(t.endpoint.rpartition(":")[2])
    ports = [int.from_bytes(e[16:], "big") for e in peer.their.get("endpoints", [])]
    t.check(port in ports, f"Hello states the ports {ports}, not {port}")


@case("false-welcome-ends-link", "SES-005 SES-006", negative=True, fresh=True)
def _(t):
    """A Welcome whose signature does not verify ends the link without Auth; a valid one gets Auth."""
    peer = t.listen(auto=False)
    good = t.listen()
    t.start([peer, good])
    t.wait(lambda: good.ready, "a session with the honest bootstrap")
    t.positive()
    for forge in (lambda p, d: session.sign_welcome(t.rnd("other"), d), lambda p, d: session.sign_auth(p.seed, d)):
        t.tick_until(lambda: peer.received("hello") and not peer.closed, "Hello")
        hello = [e for e in peer.log if e[1] == "hello"][-1]
        body = peer.hello_body()
        digest = session.transcript(peer.channel.client_key, hello[2]["bytes"], body)
        peer.send("welcome", {"body": body, "signature": forge(peer, digest)}, hello[3])
        peer.expect_closed("the link to end after a false Welcome")
        t.check(not peer.received("auth"), "a false Welcome was answered by Auth")
        peer.log.clear()
    peer.auto, peer.closed = True, False
    t.tick_until(lambda: peer.ready, "a session once the Welcome is valid")
    t.positive()


@case("error-before-welcome-closes", "SES-014", negative=True, fresh=True)
def _(t):
    """Any Error before the Welcome ends the dial; a later dial succeeds."""
    peer, good = t.listen(auto=False), t.listen()
    t.start([peer, good])
    t.wait(lambda: good.ready and peer.received("hello"), "sessions")
    t.positive()
    peer.send("error", {"code": 999}, peer.log[0][3])
    peer.expect_closed("the link to be closed by an Error before Welcome")
    peer.auto = True
    t.tick_until(lambda: peer.ready, "a session later")
    t.positive()


@case("pinned-id-checked", "SES-010 LIM-004", negative=True, fresh=True)
def _(t):
    """A bootstrap named with an id that its key does not have gets no session; with the right id it does."""
    wrong, right = t.listen(), t.listen()
    right.listens = f"{right.node_id().hex()}@{right.listens}"
    wrong.listens = f"{t.rnd('no id', 20).hex()}@{wrong.listens}"
    t.start([wrong, right])
    t.wait(lambda: right.ready, "a session with the bootstrap of the right id")
    t.positive()
    t.wait(lambda: wrong.closed, "the link to the bootstrap of another id to end")
    t.check(not wrong.received("collect") and not wrong.received("find_node"), "a false id was used")
    t.control(t.dial())
    t.positive()


@case("crossing-links", "SES-016", fresh=True)
def _(t):
    """Two links dialled by different sides: the one dialled by the lower node id stays, either way."""
    listeners = [t.listen(f"listener {number}") for number in range(4)]
    t.start(listeners)
    t.wait(lambda: all(peer.ready for peer in listeners), "the sessions")
    own = int(t.subject.ready["node_id"], 16)
    for listening in listeners:
        mine = int.from_bytes(listening.node_id(), "big")
        dialled = t.dial(connect=False, seed=listening.seed, endpoints=listening.endpoints)
        dialled.say_hello()
        t.wait(lambda d=dialled: d.welcome_body or d.closed, "Welcome")
        if dialled.welcome_body:
            dialled.say_auth()
        stays, goes = (dialled, listening) if mine < own else (listening, dialled)
        goes.expect_closed(f"the link dialled by the {'implementation' if mine < own else 'suite'} to be closed")
        stays.ready = True
        stays.barrier()


@case("idle-session-pinged", "SES-018 REQ-003", optional=True, fresh=True)
def _(t):
    """The dialler of an idle session pings; two unanswered pings close the link."""
    peer = t.listen()
    t.start([peer])
    t.wait(lambda: peer.ready, "a session")
    t.tick_until(lambda: peer.received("ping"), "Ping on an idle session", step=10_000, limit=40)
    peer.auto = False
    t.tick_until(lambda: peer.closed, "the link to be closed after unanswered pings", step=5_000, limit=60)
