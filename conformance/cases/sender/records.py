"""How the implementation as sender deals with records, copies, prices and late sessions."""
from comm_conformance import message, wire
from comm_conformance.base import DAY
from comm_conformance.registry import case
from comm_conformance.senders import ack_of, begin, copies, first_copy, recipient_known_to, send


@case("other-copies-withdrawn", "CUS-044 ACK-033", fresh=True, optional=True)
def _(t):
    """When the dearer copy of a message is acknowledged, the cheap one, still in custody, is withdrawn by its own
    acknowledgement. (Optional, because only a sender that pays a price has two copies at once.)"""
    peer, = begin(t)
    who, _ = recipient_known_to(t, [peer])
    send(t, who, "twice")
    item, opened, _ = first_copy(t, [peer], who)
    first = message.message_id(item["header"])
    peer.send("stored", {"items": [{"id": first, "status": wire.ST_REFUSED, "reason": wire.PRICE, "price": 4}]})
    t.tick_until(lambda: len(copies(t, peer, who)) >= 2, "a second copy", limit=120)
    second, inside, _ = copies(t, peer, who)[1]
    peer.send("ack", {"records": [ack_of(second, inside)]})
    t.tick_until(lambda: ack_of(item, opened) in peer.finals(first), "the acknowledgement of the first copy", limit=30)


@case("old-record-looked-up", "REC-027 REC-028", fresh=True)
def _(t):
    """Before it seals to a record made nine days ago it looks for a newer one; if there is none it seals to it."""
    peer, = begin(t)
    who = t.stranger("old record")
    peer.records[who.address] = who.record(t.now - 9 * DAY)
    for number, text in enumerate(("first", "second"), 1):
        mark = peer.mark()
        send(t, who, text)
        t.tick_until(lambda n=number: len(copies(t, peer, who)) >= n, "the message", step=2000, limit=100)
        asked = [b for b in peer.received("get_record", since=mark) if b["address"] == who.address]
        t.check(asked, f"the {text} message was sealed to an old record without a look for a newer one")
        t.pass_time(2 * 3_600_000)


@case("record-inside-message-used", "REC-030 CRY-014", fresh=True)
def _(t):
    """The record that came inside a message serves to answer its sender, without any lookup that finds one."""
    t.start()
    peer = t.dial()
    sender = t.stranger("sender")
    sealed = t.own_mail("with my record", sender=sender)
    peer.send("message", {"items": [sealed.item()]})
    t.wait(lambda: peer.finals(sealed.id), "the acknowledgement")
    send(t, sender, "answer")
    t.tick_until(lambda: copies(t, peer, sender), "the answer", step=500, limit=40)


@case("session-later-is-entry", "CUS-019", fresh=True, optional=True)
def _(t):
    """A message that fewer than three nodes hold is given to a node whose session becomes ready later."""
    peer, = begin(t)
    who, _ = recipient_known_to(t, [peer])
    send(t, who, "few entries")
    first_copy(t, [peer], who)
    late = t.dial("late")
    t.tick_until(lambda: copies(t, late, who), "the message at the node that came later", limit=20)


@case("price-is-paid", "CUS-020 MSG-013", fresh=True, optional=True)
def _(t):
    """Refused with reason price, the message is sealed again with the effort named."""
    peer, = begin(t)
    who, _ = recipient_known_to(t, [peer])
    send(t, who, "cheap")
    item, _, _ = first_copy(t, [peer], who)
    peer.send("stored", {"items": [{"id": message.message_id(item["header"]), "status": wire.ST_REFUSED,
                                    "reason": wire.PRICE, "price": 6}]})
    t.tick_until(lambda: len(copies(t, peer, who)) >= 2, "a copy with more effort", limit=120)
    header = message.parse_header(copies(t, peer, who)[1][0]["header"])
    t.check(header.effort >= 6, f"effort {header.effort}")
    message.check_message(header, copies(t, peer, who)[1][0]["nonce"], copies(t, peer, who)[1][0]["body"])
    t.check(copies(t, peer, who)[0][1].uid == copies(t, peer, who)[1][1].uid, "another uid")


@case("two-records-of-one-seq-reported", "REC-015 REC-025", fresh=True, negative=True)
def _(t):
    """Two different records of one address and seq are reported to the user; the same record twice, or two of different
    seq, are not."""
    first, second = begin(t, 2)
    for label, seqs in (("same", (7, 7)), ("newer", (7, 8))):
        who = t.stranger(label)
        for peer, seq in zip((first, second), seqs):
            peer.records[who.address] = who.record(t.now - (seq - 7), seq=seq)
        send(t, who, "to the " + label)
        first_copy(t, [first, second], who)
        t.check(not t.events("error", address=who.address.hex()), f"reported: {label}")
        t.positive()
    who = t.stranger("in use elsewhere")
    for peer, made in ((first, t.now), (second, t.now - 1000)):
        peer.records[who.address] = who.record(made, seq=7)
    send(t, who, "to whom")
    t.expect_event("error", address=who.address.hex())
