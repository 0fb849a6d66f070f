"""The overlay (70-routing)."""
from comm_conformance import keyrecord, wire
from comm_conformance.base import now_week, param
from comm_conformance.crowd import answering, contact_of, known_id, opposite
from comm_conformance.registry import case

K = param("bucket_size")


def find(t, peer, target):
    kind, body = peer.ask("find_node", {"target": target})
    t.check(kind == "nodes", f"FindNode was answered by {kind}")
    return body.get("contacts", [])


@case("join-looks-up-own-id", "RTE-019 RTE-012", fresh=True)
def _(t):
    """When its first session is ready it asks for its own id."""
    peer = t.listen()
    t.start([peer])
    t.wait(lambda: peer.received("find_node"), "FindNode")
    targets = [body["target"].hex() for body in peer.received("find_node")]
    t.check(t.subject.ready["node_id"] in targets, "not for its own id")


@case("names-dialled-nodes", "REQ-007 RTE-011 RTE-001", fresh=True)
def _(t):
    """A node that it dialled itself is named, with its id, key and endpoint."""
    peer = t.listen()
    t.start([peer])
    t.wait(lambda: peer.ready and peer.received("find_node"), "a session")
    asking = t.dial()
    contacts = find(t, asking, peer.node_id())
    t.check([c["node_id"] for c in contacts] == [peer.node_id()], f"{len(contacts)} contacts")
    t.check(contacts[0]["node_key"] == peer.node_key, "another key")
    t.check(contacts[0]["endpoint"] == peer.endpoints[0], f"endpoint {wire.endpoint_text(contacts[0]['endpoint'])}")


@case("does-not-name-undialled", "RTE-002 RTE-011", fresh=True, negative=True)
def _(t):
    """Neither a node that only came by itself, nor one that another merely named, is named to others."""
    peer = t.listen()
    ghost = {"node_id": t.rnd("ghost", 20), "node_key": t.rnd("ghost key"), "endpoint": wire.endpoint_bytes("127.0.0.1", 9)}
    t.contacts = lambda asked: [ghost]
    t.start([peer])
    t.wait(lambda: peer.received("find_node"), "FindNode")
    t.tick(2_000)
    asking, silent = t.dial(), t.dial()
    named = [c["node_id"] for c in find(t, asking, peer.node_id())]
    t.check(peer.node_id() in named, "the dialled node is not named")
    t.positive()
    named = [c["node_id"] for target in (ghost["node_id"], silent.node_id()) for c in find(t, asking, target)]
    t.check(ghost["node_id"] not in named, "a node that was merely named is given to others")
    t.check(silent.node_id() not in named, "a node that was never dialled is given to others")
    t.positive()


@case("dials-back-observed-address", "RTE-009 RTE-011", optional=True, fresh=True)
def _(t):
    """A node that dialled in and states a listen port is dialled back there, without Auth, and named afterwards."""
    t.start()
    listening = t.listen("listening")
    coming = t.dial("coming", seed=listening.seed, endpoints=listening.endpoints)
    t.tick_until(lambda: listening.received("hello"), "a dial back", limit=30)
    t.wait(lambda: listening.closed or listening.ready, "the dial back to end")
    t.check(not listening.received("auth"), "the dial back went on to Auth")
    asking = t.dial()
    t.wait(lambda: any(c["node_id"] == coming.node_id() for c in find(t, asking, coming.node_id())), "to be named")


@case("does-not-dial-claimed-address", "RTE-010", fresh=True, negative=True)
def _(t):
    """A claimed address is not dialled back: only the observed one, at the claimed port."""
    t.start()
    victim, honest = t.listen("victim", host="127.0.0.2"), t.listen("honest")
    liar = t.dial("liar", endpoints=victim.endpoints)
    t.positive()
    t.dial("coming", seed=honest.seed, endpoints=honest.endpoints)
    t.tick_until(lambda: honest.received("hello"), "a dial back of the honest node", limit=30)
    t.positive()
    t.settle(seconds=0.3)
    t.check(not victim.received("hello"), "an address that a node merely claimed was dialled")
    t.control(liar)


@case("contacts-at-most-16", "REQ-007 PKT-017", fresh=True)
def _(t):
    """FindNode is answered by at most 16 contacts, the nearest to the target first or not, all of them dialled."""
    peers = [t.listen() for _ in range(20)]
    t.start(peers)
    t.wait(lambda: sum(p.ready for p in peers) >= 18, "sessions")
    asking = t.dial()
    target = t.rnd("target", 20)
    contacts = find(t, asking, target)
    t.check(8 <= len(contacts) <= 16, f"{len(contacts)} contacts")
    known = {p.node_id() for p in peers}
    t.check({c["node_id"] for c in contacts} <= known, "an unknown contact")


@case("known-are-not-replaced", "REQ-007 REQ-017", fresh=True)
def _(t):
    """Who asks with the first bytes of ids that it knows is named them or not, and no others in their place."""
    peers = [t.listen() for _ in range(20)]
    t.start(peers)
    t.wait(lambda: sum(p.ready for p in peers) >= 18, "sessions")
    asking, target = t.dial(), t.rnd("target", 20)
    nearest = {c["node_id"] for c in find(t, asking, target)}
    some = sorted(nearest)[:4]
    kind, body = asking.ask("find_node", {"target": target, "known": b"".join(one[:4] for one in some)})
    t.check(kind == "nodes", f"answered by {kind}")
    named = {c["node_id"] for c in body.get("contacts", [])}
    t.check(named <= nearest, f"{len(named - nearest)} others in the place of the known ones")
    t.check(nearest - set(some) <= named, "contacts left out that were not among the known ones")


@case("dialable-takes-a-place", "RTE-004 RTE-001", optional=True, fresh=True)
def _(t):
    """In a bucket full of nodes that cannot be dialled, one that was dialled takes somebody's place: it is named."""
    own, held = known_id(t), []
    first, *others = opposite(t, own, "bucket", K + 1)
    peer = t.listen(seed=first)
    welcome = peer._on_hello
    peer._on_hello = lambda *hello: held.append(hello)
    t.start([peer])
    t.wait(lambda: held, "Hello")
    asking, *_ = [t.dial(seed=seed) for seed in others]
    t.check(find(t, asking, peer.node_id()) == [], "a node is named that cannot be dialled")
    welcome(*held[-1])
    peer._on_hello = welcome
    t.wait(lambda: peer.ready, "the session with a node that was dialled")
    asking.barrier()
    t.wait(lambda: [c["node_id"] for c in find(t, asking, peer.node_id())] == [peer.node_id()], "the dialled node to be named")


@case("remembered-over-a-restart", "RTE-007", optional=True, fresh=True)
def _(t):
    """A node that was dialled with success is dialled again after a restart that names nobody."""
    peer = t.listen()
    t.start([peer])
    t.wait(lambda: peer.ready, "a session")
    t.dial().barrier()
    t.subject.peers, mark = [], peer.mark()
    t.restart()
    t.wait(lambda: peer.ready and peer.received("auth", since=mark), "a session with the node that was known before")


@case("random-points-are-looked-up", "RTE-028", optional=True, fresh=True)
def _(t):
    """After two minutes, and four more, a point is looked up that is nobody's: neither the own id nor one of the user's."""
    peers = [t.listen() for _ in range(3)]
    t.start(peers)
    t.wait(lambda: all(p.ready for p in peers) and any(p.collected for p in peers), "sessions and the join")
    week = now_week(t.now)
    known = {bytes.fromhex(t.subject.ready["node_id"]), keyrecord.record_region(t.address)}
    known |= {t.owner.mailbox_id(w) for w in range(week - 12, week + 3)}

    def looked_up():
        return {body["target"] for p in peers for body in p.received("find_node")} - known
    t.within(4, looked_up, "a lookup of a random point")
    first = looked_up()
    t.within(8, lambda: looked_up() > first, "a lookup of another")
    t.check(len(looked_up()) < 6, f"{len(looked_up())} random points within ten minutes")


@case("known-is-what-the-path-has", "RTE-029", optional=True, fresh=True)
def _(t):
    """Who is asked for the own id after others have been named hears whom the path has already."""
    bootstrap, named = t.listen("bootstrap"), [t.listen() for _ in range(3)]
    answering(bootstrap, lambda target: [contact_of(peer) for peer in named])
    t.start([bootstrap])
    own = bytes.fromhex(t.subject.ready["node_id"])
    t.wait(lambda: all(p.received("find_node", lambda body: body["target"] == own) for p in named), "FindNode at those named")
    wanted = {p.node_id()[:4] for p in (bootstrap, *named)}
    for peer in named:
        known = peer.received("find_node", lambda body: body["target"] == own)[0].get("known", b"")
        told = {known[i:i + 4] for i in range(0, len(known), 4)}
        t.check(told == wanted, f"{len(told & wanted)} of the {len(wanted)} that the path has, and {len(told - wanted)} others")
