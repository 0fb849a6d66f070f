"""A disk that is full for a while: nothing is claimed that is not written, and nothing is lost that was claimed."""
from comm_conformance import disk, wire
from comm_conformance.registry import case
from comm_conformance.senders import begin, copies, recipient_known_to, send


@case("full-disk-refuses", "CUS-032 CUS-003", fresh=True, negative=True)
def _(t):
    """The message whose write fails because the disk is full is answered by refused, reason disk, and so is what comes
    within 10 s, though there is room again; what was stored before stays; afterwards messages are stored."""
    t.start(disk=disk.FullDisk())
    peer, other = t.dial(), t.dial()
    kept = t.control(peer)
    late = [t.foreign_message(f"late {n}") for n in range(4)]
    disk.fill(t, peer, late[0])
    disk.refused(t, t.push(other, late[1]))
    since = other.mark()
    other.send("offer", {"items": [late[2].offer()]})
    t.wait(lambda: other.stored_items(late[2].id, since), "Stored in answer to Offer")
    disk.refused(t, other.stored_items(late[2].id, since)[0])
    t.check(t.is_held(other, kept), "what was stored before is not held while the disk is full")
    t.subject.disk.make_room(t)
    t.tick(9_000)
    disk.refused(t, t.push(peer, late[3]))
    t.tick(1_500)
    for one in late:
        t.check(not t.is_held(other, one), "a message that was refused is held")
        t.check(t.push(peer, one)["status"] == wire.STORED, "10 s after the last failed write it was not stored")
    t.positive()
    t.restart()
    peer = t.dial("after")
    t.check(all(t.is_held(peer, one) for one in (kept, *late)), "stored, and not held after a restart")


@case("full-disk-tells-the-sender", "CUS-032 CUS-003", fresh=True)
def _(t):
    """Of several messages in one packet that a full disk takes none of each is answered, in one Stored; one that was held
    before is a duplicate all the same."""
    t.start(disk=disk.FullDisk())
    peer = t.dial()
    kept, some = t.control(peer), [t.foreign_message(f"some {n}") for n in range(3)]
    disk.fill(t, peer, t.foreign_message("first"))
    t.subject.disk.make_room(t)
    t.tick(11_000)
    t.control(peer)
    t.subject.disk.fill(t)
    since = peer.mark()
    peer.send("message", {"items": [some[0].item(), kept.item(), *(one.item() for one in some[1:])]})
    t.wait(lambda: peer.received("stored", since=since), "Stored")
    answered = {item["id"]: item for body in peer.received("stored", since=since) for item in body["items"]}
    for one in some:
        disk.refused(t, answered.get(one.id, {"status": None}))
    t.check(answered.get(kept.id, {}).get("status") == wire.DUPLICATE, "what is held was not answered as a duplicate")


@case("full-disk-takes-no-ack", "CUS-032 CUS-004 ACK-014", fresh=True, negative=True)
def _(t):
    """An acknowledgement that cannot be written is neither stated nor passed on, and the message is held; when there is
    room it counts."""
    t.start(disk=disk.FullDisk())
    giver, taker = t.dial(), t.dial()
    sealed = t.control(giver)
    t.check(t.is_held(taker, sealed), "not held")
    disk.fill(t, giver, t.foreign_message("first"))
    t.acknowledge(giver, sealed.ack())
    claimed = t.push(giver, sealed)["status"] == wire.ACKNOWLEDGED
    taker.barrier()
    told = bool(taker.finals(sealed.id))
    t.restart()
    giver, taker = t.dial("giver again"), t.dial("taker again")
    status = t.push(giver, sealed)["status"]
    t.check(not (claimed or told) or status == wire.ACKNOWLEDGED, "an acknowledgement was stated and then lost by kill -9")
    t.check(status in (wire.DUPLICATE, wire.ACKNOWLEDGED), f"a message that was stored is answered by status {status}")
    t.acknowledge(giver, sealed.ack())
    t.check(t.push(taker, sealed)["status"] == wire.ACKNOWLEDGED, "the acknowledgement does not count")
    t.control(giver)


@case("full-disk-shows-nothing", "CUS-032 ACK-021 ACK-023", fresh=True, negative=True)
def _(t):
    """Own mail that cannot be written is neither shown nor acknowledged; when there is room it is, once."""
    t.start(disk=disk.FullDisk())
    peer = t.dial()
    t.control(peer)
    disk.fill(t, peer, t.foreign_message("first"))
    mail = t.own_mail("mail", text="written once")
    peer.send("message", {"items": [mail.item()]})
    peer.barrier()
    t.settle()
    t.check(not peer.finals(mail.id), "acknowledged on a full disk")
    t.check(not t.events("received"), "shown on a full disk")
    t.subject.disk.make_room(t)
    t.tick(11_000)
    t.control(peer)
    peer.send("message", {"items": [mail.item()]})
    t.expect_event("received", text="written once")
    t.wait(lambda: peer.finals(mail.id), "its acknowledgement")
    t.check(len(t.events("received")) == 1, "shown twice")


@case("full-disk-sends-nothing", "CUS-032 CUS-013", fresh=True)
def _(t):
    """A message of the user's that cannot be written does not reach the network; one sent when there is room does."""
    peer, = begin(t, disk=disk.FullDisk())
    who, _ = recipient_known_to(t, [peer])
    send(t, who, "before")
    t.wait(lambda: copies(t, peer, who), "the message before")
    other = t.dial()
    disk.fill(t, other, t.foreign_message("first"))
    since = peer.mark()
    send(t, who, "while full")
    t.tick(5_000)
    peer.barrier()
    t.check(not any(opened.content == "while full" for _, opened, _ in copies(t, peer, who, since)),
            "a message that could not be written was sent")
    t.subject.disk.make_room(t)
    t.tick(11_000)
    send(t, who, "after")
    t.tick_until(lambda: any(opened.content == "after" for _, opened, _ in copies(t, peer, who, since)), "the message after")
