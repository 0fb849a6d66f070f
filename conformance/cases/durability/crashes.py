"""kill -9 at once after an answer."""
from comm_conformance import wire
from comm_conformance.registry import case


@case("stored-survives-kill", "CUS-004 CUS-041 CUS-003", fresh=True)
def _(t):
    """Twenty messages, killed when the last Stored has arrived: all twenty are given out after the restart."""
    t.start()
    peer = t.dial()
    sealed = [t.foreign_message(f"durable {i}") for i in range(20)]
    since = peer.mark()
    for one in sealed:
        peer.send("message", {"items": [one.item()]})
    t.wait(lambda: all(peer.stored_items(s.id, since) for s in sealed), "Stored for all")
    t.restart()
    peer = t.dial("after")
    for one in sealed:
        t.check(t.is_held(peer, one), "answered by Stored, and not held after kill -9")


@case("tombstone-survives-kill", "CUS-004 CUS-041 ACK-012 CUS-001 CUS-033", fresh=True, negative=True)
def _(t):
    """An acknowledgement that was answered for survives: the message does not come back."""
    t.start()
    peer = t.dial()
    sealed = t.control(peer)
    t.acknowledge(peer, sealed.ack())
    item = t.push(peer, sealed)
    t.check(item["status"] == wire.ACKNOWLEDGED, "not acknowledged")
    t.restart()
    peer = t.dial("after")
    item = t.push(peer, sealed)
    t.check(item["status"] == wire.ACKNOWLEDGED and item["ack"] == sealed.ack(), f"answered by status {item['status']}")
    t.control(peer)


@case("record-survives-kill", "REC-016 CUS-041", fresh=True)
def _(t):
    """A key record that was answered for survives."""
    t.start()
    who = t.stranger("recorded")
    record = who.record(t.now)
    kind, _ = t.dial().ask("put_record", record)
    t.check(kind == "record", f"PutRecord was answered by {kind}")
    t.restart()
    kind, body = t.dial("after").ask("get_record", {"address": who.address})
    t.check(body.get("record") == record["record"], "lost by kill -9")


@case("keys-survive-kill", "CRY-010 CRY-005 CUS-041", fresh=True)
def _(t):
    """The node keeps its key and id, and the SECRET gives the same address."""
    t.start()
    before, key = dict(t.subject.ready), t.dial().their["node_key"]
    t.check(before["address"] == t.owner.address.hex(), f"address {before['address']}, expected {t.owner.address.hex()}")
    t.restart()
    t.check(t.dial("after").their["node_key"] == key, "another node key")
    for name in ("node_id", "address"):
        t.check(t.subject.ready[name] == before[name], f"another {name}")


@case("offers-go-on-after-kill", "CUS-041 CUS-025 CUS-022", fresh=True)
def _(t):
    """After a restart the node goes on offering to nodes that have not answered."""
    t.start()
    giver, mute = t.dial(), t.dial("mute", seed=t.rnd("mute"))
    sealed = t.control(giver)
    t.tick_until(lambda: mute.offers(sealed.id), "an offer", step=100, limit=50)
    t.restart()
    mute = t.dial("mute again", seed=t.rnd("mute"))
    t.tick_until(lambda: mute.offers(sealed.id), "an offer after the restart", step=1000, limit=900)


@case("half-written-store-survives", "CUS-004 CUS-041", fresh=True)
def _(t):
    """Killed in the middle of a stream of messages: whatever was answered by Stored is held."""
    t.start()
    peer = t.dial()
    sealed = [t.foreign_message(f"stream {i}") for i in range(60)]
    for one in sealed:
        peer.send("message", {"items": [one.item()]})
    t.wait(lambda: sum(bool(peer.stored_items(s.id)) for s in sealed) >= 10, "ten Stored")
    t.restart()
    answered = [s for s in sealed if peer.stored_items(s.id)]
    after = t.dial("after")
    lost = [s for s in answered if not t.is_held(after, s)]
    t.check(not lost, f"{len(lost)} of {len(answered)} messages answered by Stored are lost")


@case("another-machine-another-node", "CRY-011 CRY-005", fresh=True)
def _(t):
    """One SECRET on two machines: the same address, and nodes of two keys."""
    t.start()
    before, key = dict(t.subject.ready), t.dial().their["node_key"]
    t.move()
    t.check(t.subject.ready["address"] == before["address"] == t.owner.address.hex(), "another address of the same SECRET")
    t.check(t.dial("there").their["node_key"] != key, "the node key of another machine: it follows from the identity")
    t.check(t.subject.ready["node_id"] != before["node_id"], "the node id of another machine")
