"""Reconciliation as relay that asks (80-sync): when, with whom, and what is fetched."""
from comm_conformance import crypto, identity, reconcile, wire
from comm_conformance.registry import case
from comm_conformance.syncing import element, open_session, reconciled, relay_with, sync_message

EVERYTHING = {"lower": reconcile.FIRST, "upper": reconcile.LAST, "mode": reconcile.LIST}


def listed(*elements):
    return {**EVERYTHING, "elements": reconcile.encode_elements(sorted(elements))}


@case("relay-opens-after-join", "SYN-011 SYN-007", fresh=True)
def _(t):
    """A relay that has joined opens a session with a relay of its region within 40 s (4 s in the test profile), then every
    hour (6 min)."""
    peer, = relay_with(t)
    t.tick_until(lambda: peer.reconciles.openings, "a session after the join", step=500, limit=20)
    opening = peer.reconciles.openings[0]
    t.check(opening["centre"] == bytes.fromhex(t.subject.ready["node_id"]), "the centre is not its node id")
    edge = (t.now + 14_400_000) // 60_000
    t.check(abs(opening["after"] - edge) <= 1, f"after {opening['after']}, expected {edge}")
    t.pass_time(420_000)
    t.check(2 <= len(peer.reconciles.openings) <= 3, f"{len(peer.reconciles.openings)} sessions in seven minutes")


@case("difference-is-fetched", "SYN-007 SYN-011 CUS-027", fresh=True)
def _(t):
    """Of a relay that holds five messages more, each is asked for by Want and stored, the key record by GetRecord; what it
    lacks itself is told in the same session."""
    peer, = relay_with(t)
    kept = sync_message(t, "kept here")
    other = t.dial()
    t.push(other, kept)
    sealed = [sync_message(t, f"held there {n}") for n in range(5)]
    for one in sealed:
        peer.messages[one.id] = one.item()
    who = t.stranger("known there")
    peer.records[who.address] = record = who.record(t.now)
    from comm_conformance import keyrecord
    parsed = keyrecord.parse(record["record"])
    peer.reconciles.elements = sorted([element(s) for s in sealed] + [(reconcile.record_key(who.address, parsed.hash), 0)])
    t.tick_until(lambda: all(peer.wants(s.id) for s in sealed), "Wants for all five", limit=20)
    t.wait(lambda: all(peer.stored_items(s.id) for s in sealed), "Stored of all five")
    t.wait(lambda: peer.received("get_record", lambda b: b["address"] == who.address), "GetRecord for the record")
    t.tick_until(lambda: element(kept) in peer.reconciles.told or peer.offers(kept.id), "the message it lacks", limit=20)
    t.check(element(kept) in peer.reconciles.told, "the session did not tell what the other side lacks")
    t.wait(lambda: other.ask("get_record", {"address": who.address})[1].get("record"), "the record to be kept")


@case("listed-to-responder-is-fetched", "SYN-007 SYN-004", fresh=True)
def _(t):
    """What a requester lists and the relay lacks is asked for, in a list and in extra; what it holds is not."""
    t.start(role="relay")
    peer = t.dial(role=wire.RELAY)
    held, first, second = (sync_message(t, name) for name in ("held", "in a list", "in extra"))
    t.push(peer, held)
    open_session(t, peer)
    for one, mode in ((first, reconcile.LIST), (second, reconcile.EXTRA)):
        peer.messages[one.id] = one.item()
        since = peer.mark()
        peer.ask("sync", {"ranges": [{**listed(element(held), element(one)), "mode": mode}]})
        t.wait(lambda o=one: peer.stored_items(o.id), "the element that was lacking to be fetched and stored")
        t.check(not peer.wants(held.id, since), "asked for what it holds")


@case("higher-state-is-fetched", "SYN-007 CUS-001", fresh=True)
def _(t):
    """An element in a higher state is asked for by Want; the Ack push that answers it ends the message here too."""
    t.start(role="relay")
    peer, other = t.dial(role=wire.RELAY), t.dial()
    sealed = sync_message(t, "acknowledged there")
    t.push(other, sealed)
    open_session(t, peer)
    t.answer_wants = False
    peer.ask("sync", {"ranges": [listed(element(sealed, 2))]})
    t.wait(lambda: peer.wants(sealed.id), "Want for the final record")
    number = next(n for _, kind, body, n in peer.log if kind == "want" and sealed.id in body["ids"])
    peer.send("ack", {"records": [sealed.ack()]})
    peer.send("error", {"code": wire.NOT_HELD}, number)
    t.wait(lambda: other.finals(sealed.id), "the acknowledgement at the one who gave the message")
    t.check(not t.is_held(other, sealed), "still held")


@case("lower-state-is-left", "SYN-007", fresh=True, negative=True)
def _(t):
    """An element in a lower or equal state is not asked for; one in a higher state is."""
    t.start(role="relay")
    peer = t.dial(role=wire.RELAY)
    ended, live = sync_message(t, "ended"), sync_message(t, "live")
    for one in (ended, live):
        t.push(peer, one)
    t.acknowledge(peer, ended.ack())
    t.answer_wants = False
    open_session(t, peer)
    t.positive()
    since = peer.mark()
    peer.ask("sync", {"ranges": [listed(element(ended, 0), element(live, 0))]})
    peer.ask("sync", {"ranges": [listed(element(ended, 1))]})
    peer.ask("sync", {"ranges": [listed(element(ended, 2))]})
    peer.barrier()
    t.check(not peer.received("want", since=since), "asked for what it holds in the same or a higher state")
    peer.ask("sync", {"ranges": [listed(element(live, 2))]})
    t.wait(lambda: peer.wants(live.id, since), "Want for the higher state")
    t.positive()


@case("refused-is-not-fetched-again", "SYN-008 SYN-007", fresh=True, negative=True)
def _(t):
    """A message refused for want of room, or expired, is not asked for by reconciliation; another is."""
    t.start(role="relay", mailbox_quota=1_048_576)
    peer = t.dial(role=wire.RELAY)
    big = [t.foreign_message(f"big {n}", lifetime=600, text="x" * 50_000) for n in range(18)]
    statuses = [t.push(peer, one)["status"] for one in big]
    t.check(statuses == [wire.STORED] * 17 + [wire.ST_REFUSED], f"statuses {statuses}, expected the 18th refused")
    t.positive()
    t.answer_wants = False
    old = sync_message(t, "expired", lifetime=1)
    t.tick(120_000)
    peer.barrier()
    open_session(t, peer)
    since = peer.mark()
    fine = sync_message(t, "fine")
    peer.ask("sync", {"ranges": [listed(element(big[17]), element(old), element(fine))]})
    t.wait(lambda: peer.wants(fine.id, since), "Want for the one that is lacking")
    t.check(not peer.wants(big[17].id, since), "asked for what it has just refused")
    t.check(not peer.wants(old.id, since), "asked for what has expired")
    t.positive()


@case("client-does-not-fetch", "SYN-009", fresh=True, negative=True, optional=True)
def _(t):
    """A client answers, and asks only for final records of what it holds."""
    t.start()
    peer = t.dial(role=wire.RELAY)
    held, other = sync_message(t, "held"), sync_message(t, "not held")
    t.push(peer, held)
    t.answer_wants = False
    open_session(t, peer)
    t.positive()
    since = peer.mark()
    peer.ask("sync", {"ranges": [listed(element(other), element(held, 2))]})
    t.wait(lambda: peer.wants(held.id, since), "Want for the final record of what it holds")
    t.check(not peer.wants(other.id, since), "a client fetched others' mail")
    t.positive()


@case("lower-id-opens-on-meeting", "SYN-012", fresh=True, negative=True)
def _(t):
    """When a session of two relays begins, the one with the lower node id opens a session of reconciliation within a
    minute (6 s); the other does not."""
    t.start(role="relay")
    mine = bytes.fromhex(t.subject.ready["node_id"])
    first = t.dial(role=wire.RELAY)
    from comm_conformance.syncing import Responder
    t.tick(60_000)
    first.barrier()
    seeds = [t.rnd(f"met {number}") for number in range(20_000)]  # the ids of a few are computed, unless its own is extreme
    lower, higher = (next(s for s in seeds if (identity.node_id(crypto.ed25519_public(s), "test") > mine) == above)
                     for above in (False, True))
    lower, higher = (t.dial(connect=False, role=wire.RELAY, seed=seed) for seed in (lower, higher))
    for peer in (lower, higher):
        peer.reconciles = Responder(t)
        peer.connect()
    t.positive()
    t.tick_until(lambda: higher.reconciles.openings, "a session with the node of the higher id", step=500, limit=14)
    t.check(not lower.reconciles.openings, "the one with the higher id opened too")
    t.positive()


@case("silent-partner-asked-again", "SYN-011", fresh=True)
def _(t):
    """A session that is not answered is forgotten; the next round begins another."""
    peer, = relay_with(t)
    peer.reconciles = None
    t.tick_until(lambda: peer.received("sync"), "an opening", limit=20)
    from comm_conformance.syncing import Responder
    peer.reconciles = Responder(t)
    t.pass_time(420_000)
    t.check(peer.reconciles.openings, "no other session within seven minutes")


@case("round-after-a-member-left", "SYN-013", fresh=True, optional=True)
def _(t):
    """When a session with a relay ends, the next round comes within five minutes (30 s), not a whole interval later."""
    stays, leaves = relay_with(t, 2)
    reconciled(t, stays)
    t.pass_time(100_000)
    before = len(stays.reconciles.openings)
    leaves.transport.close()
    leaves.close()
    t.listeners.remove(leaves)
    t.transports.remove(leaves.transport)
    t.tick_until(lambda: len(stays.reconciles.openings) > before, "a round soon after", step=2_000, limit=20)


@case("answer-states-what-is-durable", "SYN-010 CUS-041", fresh=True)
def _(t):
    """kill -9 after a tombstone was told by reconciliation: after the restart the tombstone is there."""
    t.start()
    peer = t.dial()
    sealed = sync_message(t, "ended")
    t.push(peer, sealed)
    t.acknowledge(peer, sealed.ack())
    open_session(t, peer)
    _, answer = peer.ask("sync", {"ranges": [EVERYTHING]})
    told = [e for r in answer["ranges"] for e in reconcile.elements_of(r["elements"])]
    t.check(element(sealed, 2) in told, "the tombstone was not told")
    t.restart()
    again = t.dial("again")
    item = t.push(again, sealed)
    t.check(item["status"] == wire.ACKNOWLEDGED and item["ack"] == sealed.ack(), "the tombstone is gone")
