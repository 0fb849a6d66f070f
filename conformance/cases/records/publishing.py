"""The implementation publishes its own record and collects (60)."""
from comm_conformance import keyrecord
from comm_conformance.base import DAY, now_week
from comm_conformance.registry import case


def begin(t, peers=1):
    listeners = [t.listen() for _ in range(peers)]
    t.start(listeners)
    t.wait(lambda: all(p.ready for p in listeners), "sessions")
    return listeners


@case("publishes-own-record", "REC-021 REC-022 CRY-006 REC-012 MBX-001", fresh=True)
def _(t):
    """After the join it publishes a valid record: seq, 45 days, the derived prekey of the week, nine mailboxes."""
    peer, = begin(t)
    t.wait(lambda: peer.put_records, "PutRecord")
    fields = peer.put_records[0]
    record = keyrecord.check(fields["record"], fields["signature"], fields["nonce"], t.now)
    week = now_week(t.now)
    t.check(record.address == t.address, "the record of another address")
    t.check(record.expires_ms - record.created_ms == 45 * DAY, "does not live 45 days")
    t.check(record.seq >= t.now - 60_000, f"seq {record.seq} is not the time in ms")
    t.check(record.prekey == t.owner.prekey(week)[1], "not the derived prekey of this week")
    wanted = tuple((w, t.owner.mailbox_id(w)) for w in range(week, week + 9))
    t.check(record.mailboxes == wanted, "not the mailboxes of this week and the next eight")


@case("publishes-again-next-week", "REC-021 REC-022 CRY-006", fresh=True, slow=True)
def _(t):
    """In the next week there is a new record with a higher seq and that week's prekey."""
    t.start()
    peer = t.dial()
    t.wait(lambda: peer.put_records, "PutRecord")
    first = keyrecord.parse(peer.put_records[0]["record"])
    peer.close()
    t.tick((now_week(t.now) + 1) * 7 * DAY - t.now + 120_000)
    again = t.dial("next week")
    t.tick_until(lambda: any(keyrecord.parse(p["record"]).seq > first.seq for p in again.put_records),
                 "a record of a higher seq in the next week", step=30_000, limit=140)
    second = keyrecord.parse(again.put_records[-1]["record"])
    t.check(second.prekey == t.owner.prekey(now_week(t.now))[1], "not the prekey of that week")
    t.check(second.mailboxes[0][0] == now_week(t.now), "its first mailbox is of another week")


@case("found-record-collected", "MBX-003 REC-024", fresh=True)
def _(t):
    """A record of its own identity that it did not make, and whose last mailbox is of a week long past, is found: that mailbox is
    collected from then on, since whoever has only that record writes to it."""
    peer, = begin(t)
    t.wait(lambda: peer.put_records and len(peer.collected) >= 7, "PutRecord and Collects")
    made, week = keyrecord.parse(peer.put_records[-1]["record"]), now_week(t.now)
    past = [(w, t.owner.mailbox_id(w)) for w in (week - 9, week - 8)]
    t.check(t.owner.mailbox_key(week - 8) not in peer.collected, "collected without reason")
    peer.records[t.address] = t.owner.record(t.now, seq=made.seq + 5000, mailboxes=past)
    t.dial("carrier").ask("put_record", peer.records[t.address])
    t.within(130, lambda: t.owner.mailbox_key(week - 8) in peer.collected, "a Collect of the found record's last mailbox")


@case("collects-seven-weeks", "MBX-002 MBX-011 MBX-012 MBX-016", fresh=True)
def _(t):
    """It collects the mailboxes of the past five weeks, this and the next, after its join lookup, with valid proofs."""
    peer, = begin(t)
    t.wait(lambda: len(peer.collected) >= 7, "seven Collects")
    week = now_week(t.now)
    wanted = {t.owner.mailbox_key(w) for w in range(week - 5, week + 2)}
    t.check(set(peer.collected) == wanted, "other mailboxes than those of weeks -5 to +1")
    kinds = [kind for way, kind, _, _ in peer.log if way == "<"]
    t.check("find_node" in kinds and kinds.index("find_node") < kinds.index("collect"), "collected before the join lookup")


@case("few-are-asked-every-half-hour", "MBX-012", fresh=True)
def _(t):
    """While fewer than three nodes have answered, those that were not asked within half an hour are asked again."""
    peer, = begin(t)
    t.wait(lambda: len(peer.collected) >= 7, "seven Collects")
    key, before = t.owner.mailbox_key(now_week(t.now)), len(peer.collected)
    t.pass_time(40 * 60_000)
    t.check(key in peer.collected[before:], "the only custodian was not asked again within 40 minutes")


@case("failed-collect-sent-again", "MBX-014 REQ-003", fresh=True)
def _(t):
    """A Collect that is answered by an Error is sent again within seconds."""
    peer, = begin(t)
    t.wait(lambda: len(peer.collected) >= 7, "seven Collects")
    peer.close()
    peer.closed = False
    serve, refused = peer._serve, []

    def refuse(kind, body, request_id):
        if kind == "collect" and len(refused) < 7:
            refused.append(body["mailbox_key"])
            peer.send("error", {"code": 5}, request_id)
        else:
            serve(kind, body, request_id)
    peer._serve = refuse
    peer.collected.clear()
    t.tick_until(lambda: len(refused) == 7, "seven Collects in the new session")
    t.tick_until(lambda: set(refused) <= set(peer.collected), "the refused Collects again", step=500, limit=40)


@case("publishes-until-held", "REC-023", fresh=True)
def _(t):
    """While nobody takes the record it is published again, after 2 s (0.2 in the test profile), doubling."""
    peer = t.listen()
    serve, attempts = peer._serve, []

    def refuse(kind, body, request_id):
        if kind == "put_record":
            attempts.append(t.ticks)
            peer.send("error", {"code": 7, "text": "no"}, request_id)
        else:
            serve(kind, body, request_id)
    peer._serve = refuse
    t.start([peer])
    t.wait(lambda: attempts, "PutRecord")
    first = len(attempts)
    t.tick_until(lambda: len(attempts) >= first + 3, "PutRecord three more times", step=200, limit=200)


@case("foreign-own-record-superseded", "REC-024", fresh=True)
def _(t):
    """A valid record of its own identity that it did not make, with a higher seq, is superseded by a new one."""
    peer, = begin(t)
    t.wait(lambda: peer.put_records, "PutRecord")
    made = keyrecord.parse(peer.put_records[-1]["record"])
    foreign = t.owner.record(t.now, seq=made.seq + 5000)
    mark = len(peer.put_records)
    other = t.dial("carrier")
    kind, _ = other.ask("put_record", foreign)
    peer.records[t.address] = foreign
    t.within(100, lambda: any(keyrecord.parse(p["record"]).seq > made.seq + 5000 for p in peer.put_records[mark:]),
             "a record that supersedes the foreign one")
    assert kind in ("record", "error")


@case("later-session-given-record", "REC-034", optional=True, fresh=True)
def _(t):
    """A node whose session becomes ready after the record was published is given it too."""
    peer, = begin(t)
    t.wait(lambda: peer.put_records, "PutRecord")
    t.tick(2_000)
    late = t.dial("late")
    t.tick_until(lambda: late.put_records, "PutRecord to the node that came later", limit=20)


@case("given-once-at-start", "REC-035 REC-022", negative=True, optional=True, fresh=True)
def _(t):
    """A node that has taken the record at a start is not given it again within ten seconds; one that comes later is given
    it."""
    peer, = begin(t)
    t.wait(lambda: peer.put_records, "PutRecord")
    t.positive()
    for _ in range(9):
        t.tick(1_000)
        peer.barrier()
    times = sum(put["record"] == peer.put_records[0]["record"] for put in peer.put_records)
    t.check(times == 1, f"the same record was given {times} times")
    late = t.dial("late")
    t.tick_until(lambda: late.put_records, "PutRecord to the node that came later", limit=20)
    t.positive()
