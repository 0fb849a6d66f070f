"""The implementation as sender (30-crypto, 40-custody The origin, 60 finding records)."""
from comm_conformance import keyrecord, message, sealing, wire
from comm_conformance.base import DAY, H, Reject, now_week
from comm_conformance.registry import case
from comm_conformance.senders import (ack_of, all_stored, begin, copies, entries, first_copy, recipient_known_to, send,
                                      state)

MINUTE = 60_000


@case("sealed-as-specified", "CRY-012 CRY-013 CRY-014 CRY-023 MSG-009 MSG-010 MSG-011 MSG-019 MBX-001 CUS-015 CUS-013 "
      "REC-025", fresh=True)
def _(t):
    """A text is given to an entry as a push whose every byte follows the specification, and opens at the recipient."""
    peer, = begin(t)
    who, record = recipient_known_to(t, [peer])
    send(t, who, "Grüße")
    item, opened, number = first_copy(t, [peer], who)
    header = message.parse_header(item["header"])
    t.check(number == 0, "the first transmission is no push")
    message.check_message(header, item["nonce"], item["body"])
    message.check_lifetime(header, t.now)
    t.check(opened.content == "Grüße" and opened.sender == t.address, "text or sender")
    t.check(header.size_class == 0, f"class {header.size_class} for a short text")
    t.check(header.expires - header.lifetime == t.now // MINUTE, "expires - lifetime is not the minute of sending")
    t.check(header.mailbox == who.mailbox_id(now_week(t.now)), "not the mailbox of the current week")
    t.check(opened.record is not None or opened.record_hash, "neither record nor hash")
    if opened.record is not None:
        own = keyrecord.check(opened.record.raw, opened.record.signature, bytes(8), t.now)
        t.check(own.address == t.address, "the record inside is another's")
    send(t, who, "second")
    t.wait(lambda: len(copies(t, peer, who)) >= 2, "the second message")
    t.check(copies(t, peer, who)[0][0]["body"][:32] != copies(t, peer, who)[1][0]["body"][:32], "one ephemeral key twice")
    t.check(copies(t, peer, who)[0][1].uid != copies(t, peer, who)[1][1].uid, "one uid twice")


@case("classes-chosen-by-size", "MSG-010 CRY-016", fresh=True)
def _(t):
    """Texts of several lengths are in the smallest class that holds them."""
    peer, = begin(t)
    who, _ = recipient_known_to(t, [peer])
    texts = {"a": 0, "b" * 2000: 1, "c" * 9000: 2, "d" * 30_000: 3, "e" * 57_344: 3}
    for text in texts:
        send(t, who, text, ref=text[0])
    t.wait(lambda: len(copies(t, peer, who)) >= len(texts), "all messages")
    for item, opened, _ in copies(t, peer, who):
        got, wanted = item["header"][3], texts[opened.content]
        t.check(got == wanted, f"{len(opened.content)} bytes in class {got}, expected {wanted}")


@case("too-long-not-sent", "CRY-016", fresh=True, negative=True)
def _(t):
    """A text of 57,345 bytes is an error to the user and is not sent."""
    peer, = begin(t)
    who, _ = recipient_known_to(t, [peer])
    send(t, who, "before")
    first_copy(t, [peer], who)
    t.positive()
    send(t, who, "x" * 57_345, ref="long")
    t.wait(lambda: t.events("error") or "failed" in state(t, "long"), "an error event or the state failed")
    send(t, who, "after")
    t.wait(lambda: len(copies(t, peer, who)) >= 2, "the message after")
    t.positive()
    t.check({c[1].content for c in copies(t, peer, who)} == {"before", "after"}, "the long text was sent")


@case("waits-for-key", "CUS-045 MSG-019 REC-029 REC-018 RTE-021", fresh=True)
def _(t):
    """Without a record a message waits as needs_key; when the record appears it is sealed with the minute of sending."""
    peer, = begin(t)
    who = t.stranger("appears later")
    send(t, who, "waiting")
    t.wait(lambda: "needs_key" in state(t, "waiting"), "the state needs_key")
    sent = t.now // MINUTE
    t.pass_time(5 * MINUTE)
    t.check(not copies(t, peer, who), "sealed without a record")
    peer.records[who.address] = who.record(t.now)
    t.tick_until(lambda: copies(t, peer, who), "the message once the record is there", step=2000, limit=400)
    header = message.parse_header(copies(t, peer, who)[0][0]["header"])
    t.check(header.expires - header.lifetime == sent, f"sent minute {header.expires - header.lifetime}, not {sent}")


@case("delivered-by-ack-only", "ACK-030 ACK-004 ACK-007", fresh=True, negative=True)
def _(t):
    """Stored makes a message relayed, a forged acknowledgement nothing, a true one from anybody delivered."""
    peer, = begin(t)
    who, _ = recipient_known_to(t, [peer])
    send(t, who, "mine")
    item, opened, _ = first_copy(t, [peer], who)
    identifier = message.message_id(item["header"])
    peer.send("stored", {"items": [{"id": identifier, "status": wire.STORED}]})
    t.wait(lambda: "relayed" in state(t, "mine"), "the state relayed")
    t.positive()
    peer.send("ack", {"records": [item["header"] + item["nonce"] + t.rnd("forged")]})
    peer.barrier()
    t.settle(seconds=0.2)
    t.check("delivered" not in state(t, "mine"), "delivered by a forged acknowledgement")
    stranger = t.dial()
    stranger.send("ack", {"records": [ack_of(item, opened)]})
    t.wait(lambda: "delivered" in state(t, "mine"), "the state delivered")
    t.positive()


@case("refusal-reseals", "ACK-031 ACK-032 ACK-030", fresh=True, negative=True)
def _(t):
    """A refusal is no delivery: the record is looked up anew and the message sealed again, same uid, same expiry, at most
    three times; then it has failed."""
    peer, = begin(t)
    who, _ = recipient_known_to(t, [peer])
    send(t, who, "again")
    seen = []
    for round_number in range(4):
        t.tick_until(lambda n=round_number: len(copies(t, peer, who)) > n, f"copy {round_number + 1}", limit=120)
        item, opened, _ = copies(t, peer, who)[round_number]
        seen.append((opened.uid, message.parse_header(item["header"]).expires, item["body"][:32]))
        fresh = who.record(t.now, seq=t.now + 1000 * (round_number + 1))
        peer.records[who.address] = fresh
        week = next(w for w in range(now_week(t.now) - 1, now_week(t.now) + 2) if who.mailbox_id(w) == item["header"][12:32])
        peer.send("ack", {"records": [message.encode_refusal(item["header"], item["nonce"], who.mailbox_seed(week))]})
        peer.barrier()
        if round_number == 0:
            t.positive()
    t.check(len({s[0] for s in seen}) == 1, "another uid")
    t.check(len({s[1] for s in seen}) == 1, "another expiry")
    t.check(len({s[2] for s in seen}) == 4, "an ephemeral key twice")
    t.tick_until(lambda: "failed" in state(t, "again"), "the state failed", limit=60)
    t.check("delivered" not in state(t, "again"), "a refusal was shown as delivery")
    t.check(len(copies(t, peer, who)) == 4, f"{len(copies(t, peer, who))} copies")
    t.positive()


@case("three-entries", "CUS-014 CUS-015", fresh=True)
def _(t):
    """With six ready nodes a message goes to exactly three of them, by Message; no other is told of it at once."""
    peers = begin(t, 6)
    who, _ = recipient_known_to(t, peers)
    send(t, who, "three")
    entries(t, peers, who)
    for peer in peers:
        peer.barrier()
    given, identifier = entries(t, peers, who)
    offered = [p for p in peers if p.offers(identifier)]
    t.check(len(given) == 3, f"{len(given)} entries")
    t.check(not [p for p in offered if p not in given], "another node was told of it at once")


@case("relays-before-clients", "CUS-014", fresh=True)
def _(t):
    """Nodes of role relay are entries before nodes of role client."""
    relays = [t.listen() for _ in range(3)]
    clients = [t.listen(role=wire.CLIENT) for _ in range(3)]
    t.start(relays + clients)
    t.wait(lambda: all(p.ready and len(p.collected) >= 7 for p in relays + clients), "sessions")
    who, _ = recipient_known_to(t, relays + clients)
    send(t, who, "first relays")
    t.wait(lambda: all(copies(t, p, who) for p in relays), "the message at all relays")
    for peer in clients:
        peer.barrier()
        t.check(not copies(t, peer, who), "a client is an entry although there are three relays")


@case("refusing-entry-replaced", "CUS-018", fresh=True)
def _(t):
    """When an entry refuses, another is added."""
    peers = begin(t, 5)
    who, _ = recipient_known_to(t, peers)
    send(t, who, "refused by one")
    (one, *_), identifier = entries(t, peers, who)
    one.send("stored", {"items": [{"id": identifier, "status": wire.ST_REFUSED, "reason": wire.QUOTA}]})
    t.tick_until(lambda: sum(bool(copies(t, p, who)) for p in peers) >= 4, "a fourth entry", limit=30)


@case("unanswered-push-then-offers", "CUS-015 CUS-022", fresh=True)
def _(t):
    """An entry that does not answer is offered the message: only the first transmission is Message."""
    peer, = begin(t)
    who, _ = recipient_known_to(t, [peer])
    send(t, who, "slow entry")
    item, _, _ = first_copy(t, [peer], who)
    identifier = message.message_id(item["header"])
    t.tick_until(lambda: peer.offers(identifier), "an Offer of an own message", step=200, limit=100)
    t.check(len(copies(t, peer, who)) == 1, "Message was pushed twice")
    kind, body = peer.ask("want", {"ids": [identifier]})
    t.check(kind == "message" and body["items"][0]["header"] == item["header"], f"Want was answered by {kind}")


@case("newest-record-counts", "REC-025 REC-014 CRY-013", fresh=True)
def _(t):
    """Of different answers the record with the highest seq is sealed to; later answers of a lower seq change nothing."""
    low, high = begin(t, 2)
    who = t.stranger("two records")
    other_prekey = who.prekey(now_week(t.now) - 1)[1]
    low.records[who.address] = who.record(t.now, seq=7)
    high.records[who.address] = who.record(t.now, seq=8, prekey=other_prekey)
    send(t, who, "to the newest")
    item, opened, _ = first_copy(t, [low, high], who)
    try:
        sealing.open_message(item["header"], item["body"], who.address, [who.prekey(now_week(t.now) - 1)[0]])
    except Reject:
        t.check(False, "sealed to the prekey of the older record")


@case("false-records-ignored", "REC-026 REC-008 REC-011 REC-025", fresh=True, negative=True)
def _(t):
    """A record of another address, with a bad signature, or expired is not sealed to; a valid one is."""
    good, bad = begin(t, 2)
    fine, _ = recipient_known_to(t, [good, bad], "fine")
    send(t, fine, "fine")
    first_copy(t, [good, bad], fine)
    t.positive()
    who, other = t.stranger("lied about"), t.stranger("other")
    right = who.record(t.now)
    lies = [other.record(t.now), {**right, "signature": t.rnd("s", 64)},
            who.record(t.now - 60 * DAY, expires_ms=t.now - 20 * DAY)]
    bad.records[who.address] = lies[0]
    send(t, who, "lied")
    mark = 0
    for lie in lies:
        bad.records[who.address] = lie
        t.tick_until(lambda m=mark: bad.received("get_record", lambda b: b["address"] == who.address, m), "GetRecord",
                     step=1000, limit=700)
        mark = bad.mark()
        bad.barrier()
        good.barrier()
        t.pass_time(3_000)
        t.check(not copies(t, bad, who) and not copies(t, good, who), "sealed to a false record")
        t.check(not copies(t, bad, other) and not copies(t, good, other), "sealed to another's record")
    good.records[who.address] = who.record(t.now)
    t.tick_until(lambda: copies(t, good, who) or copies(t, bad, who), "the message to the true record", step=2000, limit=400)
    t.positive()


@case("own-message-survives-kill", "CUS-013 CUS-042 CUS-043 ACK-030", fresh=True)
def _(t):
    """kill -9 once the message is relayed: after the restart it is offered at once, and its acknowledgement counts."""
    peer, = begin(t)
    who, record = recipient_known_to(t, [peer])
    send(t, who, "durable")
    item, opened, _ = first_copy(t, [peer], who)
    identifier = message.message_id(item["header"])
    uid = t.expect_event("state", ref="durable")["uid"]
    mark = peer.mark()
    t.restart()
    t.tick_until(lambda: peer.ready, "the session after the restart", step=200)  # a dial that fails is repeated in virtual time
    answered = 0
    for _ in range(30):  # its offers are answered by the acknowledgement, as a custodian would; an answer may be lost
        t.tick_until(lambda n=answered: len(peer.offers(identifier, mark)) + len(copies(t, peer, who, mark)) > n,
                     "the own message offered or given after the restart", step=100, limit=600)
        answered = len(peer.offers(identifier, mark)) + len(copies(t, peer, who, mark))
        peer.send("ack", {"records": [ack_of(item, opened)]})
        if t.settle(lambda: [e for e in t.events("state", uid=uid) if e["state"] == "delivered"], 5):
            return
    t.check(False, "not delivered, though each offer was answered by the acknowledgement")


@case("expires-and-late-ack", "CUS-036 CUS-037 CUS-024", fresh=True, slow=True)
def _(t):
    """Without acknowledgement a message is shown as expired after its lifetime; one that comes within two hours still
    shows it as delivered."""
    t.start()
    peer = t.dial()
    who, _ = recipient_known_to(t, [peer])
    send(t, who, "old")
    item, opened, _ = first_copy(t, [peer], who)
    header = message.parse_header(item["header"])
    peer.send("stored", {"items": [{"id": header.id, "status": wire.STORED}]})
    peer.barrier()
    left = header.expires_ms - t.now
    uid = t.expect_event("state", ref="old")["uid"]

    def states():
        return [e["state"] for e in t.events("state", uid=uid)]
    peer.close()
    t.tick(left - 5 * MINUTE)
    t.settle(seconds=0.3)
    t.check("expired" not in states(), "expired too early")
    # days without a peer make no clock suspect: it agrees with the monotonic one
    t.tick(7 * MINUTE)
    t.wait(lambda: "expired" in states(), "the state expired")
    late = t.dial()
    late.send("ack", {"records": [ack_of(item, opened)]})
    t.wait(lambda: states()[-1] == "delivered", "delivered, late")


@case("subscriber-served-at-once", "CUS-016 CUS-030", fresh=True)
def _(t):
    """A node that collects the recipient's mailbox at the origin is given the message at once, whoever the entries are."""
    peers = begin(t, 4)
    who, _ = recipient_known_to(t, peers)
    owner = t.dial("owner", role=wire.CLIENT)
    t.check(t.collect(owner, who.mailbox_seed(now_week(t.now))) == wire.SUBSCRIBED, "not subscribed")
    send(t, who, "to the owner")
    t.wait(lambda: owner.received("message") or owner.received("offer"), "the message at its owner")


@case("hourly-new-entry", "CUS-017", fresh=True)
def _(t):
    """Every origin_refresh another entry is added and settled ones are offered the message again."""
    peers = begin(t, 6)
    who, _ = recipient_known_to(t, peers)
    send(t, who, "refresh")
    given, identifier = entries(t, peers, who)
    all_stored(given, identifier)
    marks = {p.name: p.mark() for p in peers}
    t.pass_time(420_000)
    added = [p for p in peers if p not in given and (copies(t, p, who) or p.offers(identifier))]
    again = [p for p in given if p.offers(identifier, marks[p.name])]
    t.check(added, "no entry was added within 7 minutes (origin_refresh is 6 in the test profile)")
    t.check(again, "no settled node was offered the message again")


@case("digest-of-record-later", "CRY-015 CRY-014", optional=True, fresh=True)
def _(t):
    """Once an acknowledged message carried the record, its hash is sent in its place."""
    peer, = begin(t)
    who, _ = recipient_known_to(t, [peer])
    send(t, who, "one")
    item, opened, _ = first_copy(t, [peer], who)
    t.check(opened.record is not None, "the first message carries no record")
    peer.send("ack", {"records": [ack_of(item, opened)]})
    t.wait(lambda: "delivered" in state(t, "one"), "delivered")
    send(t, who, "two")
    texts = lambda: [opened for _, opened, _ in copies(t, peer, who) if opened.content == "two"]  # a grant may come too
    t.wait(texts, "the second message")
    second = texts()[0]
    t.check(second.record_hash == H("record", opened.record.raw) or second.record is not None, "neither")
    t.check(second.record is None, "the record is sent again after an acknowledged message carried it")


@case("older-record-not-returned-to", "REC-014 ACK-032", fresh=True, negative=True)
def _(t):
    """After a record of seq 8 was seen, one of seq 7 is not sealed to, even if it is all that a new look finds; one of seq 9
    is."""
    peer, = begin(t)
    who, week = t.stranger("goes back"), now_week(t.now)

    def prekeys(copy):
        """Which prekey a copy is sealed to: of this week (seq 8), the last (7) or the one before (9)."""
        for seq, back in ((8, 0), (7, 1), (9, 2)):
            try:
                sealing.open_message(copy[0]["header"], copy[0]["body"], who.address, [who.prekey(week - back)[0]])
                return seq
            except Reject:
                pass
        return None

    def refuse(copy):
        box = next(w for w in range(week - 1, week + 2) if who.mailbox_id(w) == copy[0]["header"][12:32])
        peer.send("ack", {"records": [message.encode_refusal(copy[0]["header"], copy[0]["nonce"], who.mailbox_seed(box))]})

    peer.records[who.address] = who.record(t.now, seq=8)
    send(t, who, "forward only")
    sealed = [prekeys(first_copy(t, [peer], who))]
    for seq, back in ((7, 1), (9, 2)):
        peer.records[who.address] = who.record(t.now, seq=seq, prekey=who.prekey(week - back)[1])
        refuse(copies(t, peer, who)[-1])
        t.tick_until(lambda n=len(sealed): len(copies(t, peer, who)) > n, f"a copy after the refusal, seq {seq}", limit=120)
        sealed.append(prekeys(copies(t, peer, who)[-1]))
        t.positive()
    t.check(sealed == [8, 8, 9], f"sealed to records of seq {sealed}, expected 8, 8, 9")
