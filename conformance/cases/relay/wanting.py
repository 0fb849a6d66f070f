"""How many messages are asked for at a time (40-custody)."""
from comm_conformance import message, wire
from comm_conformance.registry import case

MOST, PER_OFFER = 1024, 512


def false_offers(t, label, count):
    """Offers of messages that nobody has: a header is all that an offer shows."""
    headers = [message.encode_header(0, t.now // 60_000 + 60, 60, t.rnd(f"{label} mailbox {n}", 20), t.rnd(f"{label} ack {n}"),
                                     t.rnd(f"{label} body {n}")) for n in range(count)]
    return [{"header": header, "nonce": bytes(8)} for header in headers]


def offer(peer, items):
    for start in range(0, len(items), PER_OFFER):
        peer.send("offer", {"items": items[start:start + PER_OFFER]})
    peer.barrier()


def asked(peer, items):
    """Those of the items that were asked for here."""
    ids = {one for body in peer.received("want") for one in body["ids"]}
    return [item for item in items if message.message_id(item["header"]) in ids]


@case("too-many-offers-are-busy", "CUS-047", fresh=True, optional=True, negative=True)
def _(t):
    """A node that leaves 1,024 Wants unanswered is not asked for more: further offers are answered busy. Others are asked
    all the same, and it is too as soon as a Want is answered."""
    t.start()
    flooder, honest = t.dial(), t.dial()
    t.control(flooder)
    t.answer_wants = False
    flood, more = false_offers(t, "flood", MOST), false_offers(t, "more", 8)
    offer(flooder, flood)
    t.wait(lambda: len(asked(flooder, flood)) == MOST, f"Wants for {MOST} ids")
    offer(flooder, more)
    t.check(not asked(flooder, more), f"asked for more than {MOST} ids at a time")
    for item in more:
        answers = flooder.stored_items(message.message_id(item["header"]))
        t.check([a["status"] for a in answers] == [wire.ST_BUSY], f"an offer too many was answered by {answers}")
    sealed = t.foreign_message("of another")
    t.want_of(honest, sealed)
    t.positive()
    for _, kind, body, number in list(flooder.log):
        if kind == "want":
            flooder.send("error", {"code": wire.NOT_HELD}, number)
    flooder.barrier()
    offer(flooder, more)
    t.wait(lambda: len(asked(flooder, more)) == len(more), "Wants for what was too many before")


@case("rest-is-asked-for-again", "REQ-010", optional=True)
def _(t):
    """Of a Want that is answered by one message of three the other two are asked for again, until there are none left."""
    peer = t.dial()
    t.control(peer)
    t.answer_wants = False
    some = [t.foreign_message(f"part {n}") for n in range(3)]
    peer.send("offer", {"items": [one.offer() for one in some]})
    for given, one in enumerate(some):
        left = {s.id for s in some[given:]}
        t.wait(lambda w=left: any(set(body["ids"]) == w for body in peer.received("want")), f"a Want for {len(left)} messages")
        number = next(n for way, kind, body, n in peer.log if way == "<" and kind == "want" and set(body["ids"]) == left)
        peer.send("message", {"items": [one.item()]}, number)
        t.wait(lambda s=one: peer.stored_items(s.id), "Stored")
    t.check(all(t.is_held(peer, one) for one in some), "not all are held")
