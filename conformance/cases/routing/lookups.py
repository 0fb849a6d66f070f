"""Lookups (70-routing): how many are asked at once, on which paths, and what false names do."""
from comm_conformance import routing, wire
from comm_conformance.base import param
from comm_conformance.casework import CaseFailure, NotApplicable
from comm_conformance.crowd import answering, contact_of
from comm_conformance.registry import case

K = param("bucket_size")
PATHS, PARALLEL = param("lookup_paths"), param("lookup_parallelism")
NOWHERE = wire.endpoint_bytes("127.0.0.1", 9)


def holding(peer, asked, wanted=lambda target: True):
    """FindNode for a wanted target is not answered by itself: (peer, request id, target) goes to `asked`."""
    serve = peer._serve

    def hold(kind, body, request_id):
        if kind == "find_node" and wanted(body["target"]):
            asked.append((peer, request_id, body["target"]))
        else:
            serve(kind, body, request_id)
    peer._serve = hold


def answer(held, contacts=()):
    peer, request_id, _ = held
    peer.send("nodes", {"contacts": list(contacts)}, request_id)


@case("named-stay-on-their-path", "RTE-013 RTE-019", fresh=True)
def _(t):
    """Of sixteen contacts that one node names, three are asked at a time until the nearest eight have been: whom a node
    names belongs to its own path."""
    bootstrap, asked, done = t.listen("bootstrap"), [], []
    named = [t.listen() for _ in range(2 * K)]
    answering(bootstrap, lambda target: [contact_of(peer) for peer in named])
    for peer in named:
        holding(peer, asked, lambda target: not done)
    t.start([bootstrap])
    for answered in range(K - PARALLEL):  # the one who named them may be among the eight itself
        t.wait(lambda n=answered: len(asked) >= n + PARALLEL, f"{answered + PARALLEL} of the named asked")
        t.settle(seconds=0.3)
        t.check(len(asked) - answered <= PARALLEL, f"{len(asked) - answered} requests open on the one path there is")
        answer(asked[answered])
    done.append(True)
    for held in asked[K - PARALLEL:]:
        answer(held)
    own = bytes.fromhex(t.subject.ready["node_id"])
    nearest = sorted([bootstrap, *named], key=lambda peer: routing.distance(peer.node_id(), own))[:K]
    t.wait(lambda: all(peer.received("find_node") for peer in nearest), "the nearest eight to be asked")


@case("paths-have-starts-of-their-own", "RTE-013", fresh=True)
def _(t):
    """A lookup that knows sixteen nodes to begin with asks some on each of its four paths, three at most, while nobody
    answers."""
    peers, asked = [t.listen() for _ in range(2 * K)], []
    t.start(peers)
    t.wait(lambda: all(peer.ready for peer in peers) and any(peer.collected for peer in peers), "sessions and the join")
    own = bytes.fromhex(t.subject.ready["node_id"])
    for peer in peers:
        holding(peer, asked, lambda target: target != own)
    t.pass_time(110_000)
    try:
        t.tick_until(lambda: asked, "a lookup", step=1000, limit=200)
    except CaseFailure:
        raise NotApplicable("it looks up no random point in its first five minutes (RTE-028)") from None
    t.settle(seconds=0.3)
    t.check(len({target for *_, target in asked}) == 1, "two lookups at once")
    t.check(PATHS <= len(asked) <= PATHS * PARALLEL, f"{len(asked)} requests open, not {PATHS} to {PATHS * PARALLEL}")
    t.check(len({id(peer) for peer, *_ in asked}) == len(asked), "one node asked on two paths")


@case("asked-after-the-paths", "RTE-015 RTE-019", fresh=True)
def _(t):
    """Eight names next to the own id, under which nobody is, use up most of what a path may ask: the four behind them, who
    are the nearest that live, are asked all the same."""
    bootstrap = t.listen("bootstrap")
    real = [t.listen() for _ in range(4)]

    def contacts(target):
        ghosts = [{"node_id": target[:-1] + bytes([target[-1] ^ number]), "node_key": t.rnd(f"key {number}"),
                   "endpoint": NOWHERE} for number in range(1, K + 1)]
        return ghosts + [contact_of(peer) for peer in real]
    answering(bootstrap, contacts)
    t.start([bootstrap])
    own = bytes.fromhex(t.subject.ready["node_id"])
    t.wait(lambda: all(peer.received("find_node", lambda body: body["target"] == own) for peer in real),
           "FindNode of the join at everyone who lives")


@case("false-names-do-no-harm", "RTE-024", fresh=True, negative=True)
def _(t):
    """Nodes that were dialled are named still after another has named them at an endpoint where somebody else is, or nobody."""
    peers, asked, told = [t.listen() for _ in range(5)], [], []
    other = t.listen("other")
    for peer in peers:
        holding(peer, asked, lambda target: not told)
    t.start(peers)
    t.wait(lambda: asked and all(peer.ready for peer in peers), "sessions, and the join's lookup")
    teller = asked[0][0]  # whose session was ready first; the others are known by then, and not asked by this lookup
    elsewhere, nowhere = known = [peer for peer in peers if peer not in [one for one, *_ in asked]][:2]
    asking = t.dial()

    def named():
        found = {}
        for peer in known:
            t.tick(300)  # lookups have a rate
            kind, body = asking.ask("find_node", {"target": peer.node_id()})
            t.check(kind == "nodes", f"FindNode was answered by {kind}")
            found |= {contact["node_id"]: contact["endpoint"] for contact in body.get("contacts", [])}
        return [peer.name for peer in known if found.get(peer.node_id()) == peer.endpoints[0]]
    t.check(len(named()) == len(known), f"only {named()} of those it dialled are named")
    t.positive()
    for peer in known:
        peer.channel.close(linger=0)
        peer.ready = False
    t.settle(seconds=0.3)
    lies = [{**contact_of(elsewhere), "endpoint": other.endpoints[0]}, {**contact_of(nowhere), "endpoint": NOWHERE}]
    told.append(lies)
    for held in asked:
        answer(held, lies)
    t.wait(lambda: teller.collected, "the join's lookup to end and the first Collect")
    t.check(len(named()) == len(known), f"only {named()} are named after another named them elsewhere")
    t.positive()
