"""Reconciliation as responder (80-sync): every node answers."""
from comm_conformance import reconcile, wire
from comm_conformance.registry import case
from comm_conformance.syncing import FAR, held_elements, open_session, sync_message


@case("equal-sets-two-packets", "SYN-002 SYN-004", fresh=True)
def _(t):
    """A request with a nonce is answered by nonce, centre, radius, after and the fingerprint of all that counts."""
    t.start()
    peer = t.dial()
    sealed = [sync_message(t, f"held {n}") for n in range(3)]
    for one in sealed:
        t.check(t.push(peer, one)["status"] == wire.STORED, "not stored")
    key, body = open_session(t, peer)
    t.check(len(body["nonce"]) == 32 and body["centre"] == bytes.fromhex(t.subject.ready["node_id"]), "another centre")
    t.check(body["after"] == peer.asked_after, f"after {body['after']}, asked for {peer.asked_after}")
    kind, ranges = reconcile.FINGERPRINT, body.get("ranges", [])
    t.check([r["mode"] for r in ranges] == [kind], f"modes {[r['mode'] for r in ranges]}, expected one fingerprint")
    t.check((ranges[0]["lower"], ranges[0]["upper"]) == (reconcile.FIRST, reconcile.LAST), "not of everything")
    expected = reconcile.fingerprint(key, held_elements(t, peer, sealed))
    t.check(ranges[0]["fingerprint"] == expected, "another fingerprint than of the three messages (and the key record)")


@case("other-fingerprint-lists", "SYN-004", fresh=True)
def _(t):
    """Another fingerprint of everything is answered by the list of what the node has; the right one by nothing; again by
    its fingerprint."""
    t.start()
    peer = t.dial()
    sealed = [sync_message(t, f"held {n}") for n in range(3)]
    for one in sealed:
        t.push(peer, one)
    key, body = open_session(t, peer)
    ours = body["ranges"][0]["fingerprint"]
    everything = {"lower": reconcile.FIRST, "upper": reconcile.LAST}
    _, answer = peer.ask("sync", {"ranges": [{**everything, "mode": reconcile.FINGERPRINT, "fingerprint": bytes(16)}]})
    t.check([r["mode"] for r in answer["ranges"]] == [reconcile.LIST], f"answered by {answer}")
    listed = reconcile.elements_of(answer["ranges"][0]["elements"])
    t.check(listed == held_elements(t, peer, sealed), "listed other elements than it holds")
    t.check(reconcile.fingerprint(key, listed) == ours, "list and fingerprint differ")
    _, answer = peer.ask("sync", {"ranges": [{**everything, "mode": reconcile.FINGERPRINT, "fingerprint": ours}]})
    t.check(not answer.get("ranges"), "equal fingerprints were answered by ranges")
    _, answer = peer.ask("sync", {"ranges": [{**everything, "mode": reconcile.AGAIN}]})
    t.check([r.get("fingerprint") for r in answer["ranges"]] == [ours], "again was not answered by the fingerprint")


@case("list-answered-by-extra", "SYN-004", fresh=True)
def _(t):
    """A list is answered by extra: what it lacks or has in a lower state; nothing if there is none."""
    t.start()
    peer = t.dial()
    live, ended = sync_message(t, "live"), sync_message(t, "ended")
    for one in (live, ended):
        t.push(peer, one)
    t.acknowledge(peer, ended.ack())
    open_session(t, peer)
    held = held_elements(t, peer, [live], ended=[ended])
    everything = {"lower": reconcile.FIRST, "upper": reconcile.LAST, "mode": reconcile.LIST}
    _, answer = peer.ask("sync", {"ranges": [{**everything, "elements": reconcile.encode_elements(held)}]})
    t.check(not answer.get("ranges"), f"an equal list was answered by {answer}")
    lower = [(k, 0) for k, _ in held]
    _, answer = peer.ask("sync", {"ranges": [{**everything, "elements": reconcile.encode_elements(lower)}]})
    extra = [e for r in answer.get("ranges", []) if r["mode"] == reconcile.EXTRA
             for e in reconcile.elements_of(r["elements"])]
    t.check(extra == [e for e in held if e[1] == 2], f"extra {extra}, expected the tombstone alone")
    _, answer = peer.ask("sync", {"ranges": [{**everything}]})
    extra = [e for r in answer.get("ranges", []) for e in reconcile.elements_of(r["elements"])]
    t.check(extra == held, "an empty list was not answered by everything")


@case("many-are-split", "SYN-004", fresh=True)
def _(t):
    """Above 32 elements another fingerprint is answered by fingerprints of parts that make up the range."""
    t.start()
    peer = t.dial()
    sealed = [sync_message(t, f"one of many {n}") for n in range(40)]
    for start in range(0, 40, 20):
        peer.send("message", {"items": [s.item() for s in sealed[start:start + 20]]})
    t.wait(lambda: all(peer.stored_items(s.id) for s in sealed), "Stored of all")
    key, _ = open_session(t, peer)
    held = held_elements(t, peer, sealed)
    _, answer = peer.ask("sync", {"ranges": [{"lower": reconcile.FIRST, "upper": reconcile.LAST,
                                              "mode": reconcile.FINGERPRINT, "fingerprint": bytes(16)}]})
    parts = answer["ranges"]
    t.check({r["mode"] for r in parts} == {reconcile.FINGERPRINT} and 1 < len(parts) <= 32,
            f"{len(parts)} ranges of modes { {r['mode'] for r in parts} }")
    t.check(parts[0]["lower"] == reconcile.FIRST and parts[-1]["upper"] == reconcile.LAST
            and all(a["upper"] == b["lower"] for a, b in zip(parts, parts[1:])), "the parts do not make up the range")
    for part in parts:
        mine = reconcile.within(held, part["lower"], part["upper"])
        t.check(part["fingerprint"] == reconcile.fingerprint(key, mine), "a part's fingerprint is another")


@case("edge-and-circle", "SYN-002 SYN-003", fresh=True)
def _(t):
    """What expires before `after`, or lies outside the requester's radius, does not count."""
    t.start()
    peer = t.dial()
    near, soon = sync_message(t, "counts"), sync_message(t, "expires soon", lifetime=60)
    for one in (near, soon):
        t.push(peer, one)
    key, body = open_session(t, peer)
    t.check(body["ranges"][0]["fingerprint"] == reconcile.fingerprint(key, held_elements(t, peer, [near])),
            "what expires within four hours is in the fingerprint")
    t.tick(6_000)
    mailbox = near.header[12:32]
    key, body = open_session(t, peer, centre=mailbox, radius=bytes(20))
    t.check(body["ranges"][0]["fingerprint"] == reconcile.fingerprint(key, [(near.header[4:8] + near.id, 0)]),
            "a radius of 0 around one mailbox does not count that one's message alone")


@case("wrong-edge-refused", "SYN-003 SYN-002", fresh=True, negative=True)
def _(t):
    """A request whose `after` differs by more than two hours is refused; within, it is answered."""
    t.start()
    for offset, good in ((0, True), (119, True), (122, False), (-122, False), (-119, True)):
        peer = t.dial()
        number = peer.request("sync", peer_opening(t, peer, offset))
        t.wait(lambda p=peer, n=number: n in p.answers, "an answer")
        kind, body = peer.answers[number]
        t.check((kind == "sync") == good, f"{offset} minutes off: answered by {kind} {body.get('code')}")
        if good:
            t.positive()
        else:
            t.check(body["code"] == wire.REFUSED, f"code {body['code']}")


def peer_opening(t, peer, offset):
    return {"nonce": t.rnd(f"nonce {peer.name}"), "centre": peer.node_id(), "radius": FAR,
            "after": (t.now + 14_400_000) // 60_000 + offset}


@case("without-session-refused", "SYN-005 SYN-002", fresh=True, negative=True)
def _(t):
    """A request without a nonce and without a session is refused; with one it is answered."""
    t.start()
    peer, other = t.dial(), t.dial()
    open_session(t, other)
    t.positive()
    kind, body = peer.ask("sync", {})
    t.check(kind == "error" and body["code"] == wire.REFUSED, f"answered by {kind} {body}")
    kind, body = other.ask("sync", {})
    t.check(kind == "sync" and body.get("answer") and not body.get("ranges"), f"an empty request was answered by {kind} {body}")
    t.positive()


@case("answers-are-no-requests", "SYN-006", fresh=True, negative=True)
def _(t):
    """A Sync that says it is an answer is not answered, whatever its request id."""
    t.start()
    peer = t.dial()
    t.control(peer)
    since = peer.mark()
    peer.send("sync", {**peer_opening(t, peer, 0), "answer": True}, 77)
    peer.send("sync", {"answer": True}, 78)
    peer.barrier()
    t.check(not peer.received("sync", since=since) and not peer.received("error", since=since), "an answer was answered")
    open_session(t, peer)
    t.positive()


@case("bad-sync-counts", "SYN-001", fresh=True, negative=True)
def _(t):
    """Every negative vector of Sync, as a request: no answer; more than 64 of them cut the link."""
    import json
    from comm_conformance import packing
    from comm_conformance.base import CONFORMANCE
    rows = json.loads((CONFORMANCE / "vectors" / "sync" / "schema.json").read_text())["vectors"]
    bad = [bytes.fromhex(packing.unpack(v["input"]["bytes"])) for v in rows if v["expect"] == "reject"]
    t.start()
    peer, witness = t.dial(), t.dial()
    t.control(witness)
    since = peer.mark()
    for raw in bad:
        peer.send_raw(raw)
    peer.barrier()
    t.check(not peer.received("sync", since=since) and not peer.received("error", since=since), "a false Sync was answered")
    for raw in (bad * 2)[:65 - len(bad) % 65]:
        peer.send_raw(raw)
    peer.expect_closed("the link to be cut by more than 64 faults")
    t.control(witness)
