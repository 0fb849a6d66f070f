"""A disk that is slow: what states that something is held, or rests on it, waits until that is durable."""
from comm_conformance import disk, wire
from comm_conformance.quotas import MEBIBYTE, bulk
from comm_conformance.registry import case
from comm_conformance.senders import begin, copies, recipient_known_to, send

COST = 61_440 + 96


def until_durable(t, what, came):
    """Waits for a sync (the disk is held), sees that what claims something does not come before it returns, and that it does
    afterwards."""
    slow = t.subject.disk
    t.wait(lambda: slow.waiting or came(), "a call of fsync")
    t.settle(came, 0.5)
    t.check(not came(), f"{what} left before it was durable")
    slow.free()
    t.wait(came, what)


def with_peer(t, **options):
    """A slow disk, one peer, and a message of it that is held: acknowledged by nobody yet."""
    t.start(disk=disk.SlowDisk(), **options)
    peer = t.dial()
    return peer, t.control(peer)


@case("stored-waits-for-the-disk", "CUS-004", fresh=True)
def _(t):
    """Stored leaves when fsync, or its like, has returned."""
    peer, _ = with_peer(t)
    sealed = t.foreign_message("slow")
    t.subject.disk.hold(t)
    peer.send("message", {"items": [sealed.item()]})
    until_durable(t, "Stored", lambda: peer.stored_items(sealed.id))
    t.check(peer.stored_items(sealed.id)[0]["status"] == wire.STORED, "not stored")


@case("ack-waits-for-the-disk", "CUS-004 ACK-014", fresh=True)
def _(t):
    """A final record is passed on when it is durable."""
    giver, sealed = with_peer(t)
    taker = t.dial()
    t.check(t.is_held(taker, sealed), "not held")
    t.subject.disk.hold(t)
    giver.send("ack", {"records": [sealed.ack()]})
    until_durable(t, "the acknowledgement", lambda: taker.finals(sealed.id))


@case("record-waits-for-the-disk", "REC-016 CUS-004", fresh=True)
def _(t):
    """PutRecord is answered when the record is durable."""
    peer, _ = with_peer(t)
    who = t.stranger("recorded")
    record = who.record(t.now)
    t.subject.disk.hold(t)
    number = peer.request("put_record", record)
    until_durable(t, "the answer to PutRecord", lambda: number in peer.answers)
    t.check(peer.answers[number][1].get("record") == record["record"], "the record is not in the answer")


@case("own-mail-waits-for-the-disk", "ACK-021 CUS-004", fresh=True)
def _(t):
    """Own mail is acknowledged when it is durable."""
    peer, _ = with_peer(t)
    mail = t.own_mail("mail", text="on a slow disk")
    t.subject.disk.hold(t)
    peer.send("message", {"items": [mail.item()]})
    until_durable(t, "the acknowledgement", lambda: peer.finals(mail.id))
    t.expect_event("received", text="on a slow disk")


@case("sending-waits-for-the-disk", "CUS-013", fresh=True)
def _(t):
    """An own message goes to the network when it is durable."""
    peer, = begin(t, disk=disk.SlowDisk())
    who, _ = recipient_known_to(t, [peer])
    send(t, who, "one")
    t.wait(lambda: copies(t, peer, who), "the first message")
    since = peer.mark()
    t.subject.disk.hold(t)
    send(t, who, "two")
    until_durable(t, "the message", lambda: copies(t, peer, who, since))


@case("disk-behind-answers-busy", "CUS-054 CUS-003", fresh=True, negative=True)
def _(t):
    """While 1 MiB and more are not durable messages are answered busy and not kept; final records are taken. Those answered
    stored stay so, the others are stored when they come again."""
    peer, ended = with_peer(t, max_staged=MEBIBYTE)
    some = [bulk(t, f"message {n}") for n in range(12 * MEBIBYTE // COST)]
    t.subject.disk.hold(t)
    for one in some:
        peer.send("message", {"items": [one.item()]})
    peer.send("ack", {"records": [ended.ack()]})
    number = peer.request("ping")
    taken = staged_at_once(t, peer, some, number)
    t.check(taken <= MEBIBYTE + 2 * COST, f"{taken} bytes of messages were taken that were not durable")
    t.subject.disk.free()
    t.wait(lambda: number in peer.answers and all(peer.stored_items(one.id) for one in some), "an answer to each")
    status = {one.id: peer.stored_items(one.id)[0]["status"] for one in some}
    stored, busy = ([one for one in some if status[one.id] == s] for s in (wire.STORED, wire.ST_BUSY))
    t.check(len(stored) + len(busy) == len(some), f"answered by statuses {sorted(set(status.values()))}")
    t.check(t.push(peer, ended)["status"] == wire.ACKNOWLEDGED, "an acknowledgement was not taken")
    for one in (*stored[:2], *stored[-2:]):
        t.check(t.is_held(peer, one), "answered stored, and not held")
    for one in (*busy[:2], *busy[-2:]):
        t.check(not t.is_held(peer, one), "answered busy, and kept")
        t.check(t.push(peer, one)["status"] == wire.STORED, "answered busy, and not stored when it came again")
    t.control(peer)


def staged_at_once(t, peer, some, number):
    """How much was taken that was not durable, with the disk held. An implementation that reads on says so by the Ping behind
    the messages: what it has not answered by then it has taken. Of one that does not syncs return until it has read all: so
    many as there were, so often it may have taken what it may, and answered it stored."""
    slow = t.subject.disk

    def count(status):
        return COST * sum(item["status"] == status for one in some for item in peer.stored_items(one.id)[:1])
    if t.settle(lambda: number in peer.answers, 5):
        t.settle(lambda: COST * len(some) - count(wire.ST_BUSY) <= MEBIBYTE, t.patience)
        return COST * len(some) - count(wire.ST_BUSY)
    returned = 0
    while number not in peer.answers:
        t.wait(lambda: slow.waiting or number in peer.answers, "a call of fsync")
        returned += slow.let_go()
    return count(wire.STORED) // max(1, returned)
