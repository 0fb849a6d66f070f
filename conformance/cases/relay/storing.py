"""What a relay answers to Message, Offer and Want (40-custody, What arrives)."""
from comm_conformance import message, sealing, wire
from comm_conformance.crypto import blake2b
from comm_conformance.gentools import flip
from comm_conformance.registry import case


@case("message-stored-and-given", "CUS-003 MSG-012 REQ-001 REQ-005 MSG-009")
def _(t):
    """A pushed message is answered by Stored{stored} with request id 0, and is given out in answer to Want."""
    peer = t.dial()
    sealed = t.foreign_message("one")
    item = t.push(peer, sealed)
    t.check((item["status"], item.get("reason", 0)) == (wire.STORED, 0), f"answered by {item}")
    number = next(n for way, kind, _, n in peer.log if way == "<" and kind == "stored")
    t.check(number == 0, f"Stored carries request id {number}")
    t.check(t.is_held(t.dial(), sealed), "stored, but not given out")


@case("message-again-is-duplicate", "CUS-003")
def _(t):
    """The same message again is answered by Stored{duplicate}, whoever brings it."""
    peer = t.dial()
    sealed = t.control(peer)
    for again in (peer, t.dial()):
        item = t.push(again, sealed)
        t.check(item["status"] == wire.DUPLICATE, f"answered by status {item['status']}")


@case("other-nonce-is-duplicate", "MSG-014 MSG-009")
def _(t):
    """With effort 0 another nonce is valid and names the same message."""
    peer = t.dial()
    sealed = t.control(peer)
    other = sealing.SealedMessage(sealed.header, b"\xff" * 8, sealed.body, b"")
    t.check(t.push(peer, other)["status"] == wire.DUPLICATE, "another nonce made another message")


@case("several-items-one-stored", "CUS-003 MSG-007", negative=True)
def _(t):
    """Each valid item of a Message is answered in one Stored; an item with a bad header does not spoil the others."""
    peer = t.dial()
    t.control(peer)
    good = [t.foreign_message(f"item {i}") for i in range(3)]
    bad = [dict(good[0].item(), header=flip(good[0].header, at, 2)) for at in (0, 1, 2, 11)]
    since = peer.mark()
    peer.send("message", {"items": [good[0].item(), *bad, good[1].item(), good[2].item()]})
    peer.barrier()
    stored = peer.received("stored", since=since)
    t.wait(lambda: peer.received("stored", since=since), "Stored")
    stored = peer.received("stored", since=since)
    ids = sorted(item["id"] for body in stored for item in body["items"])
    t.check(ids == sorted(s.id for s in good) and len(stored) == 1, f"{len(stored)} packets of {len(ids)} items")
    t.control(peer)


@case("bad-header-not-stored", "MSG-001 MSG-002 MSG-003 MSG-005 MSG-006", negative=True)
def _(t):
    """Messages whose header breaks one rule are neither stored nor answered; 65 of them cut the link."""
    witness, peer = t.dial(), t.dial()
    t.control(peer)
    variants = [dict(version=2), dict(suite=0), dict(kind=1), dict(lifetime=0), dict(lifetime=43201), dict(reserved=1)]
    since, count = peer.mark(), 0
    for number in range(65):
        body = t.rnd(f"b{number}", 1024)
        fields = {"size_class": 0, "expires": t.now // 60_000 + 30, "lifetime": 60, "mailbox": bytes(20),
                  "ack_hash": bytes(32), "body_hash": blake2b(body), **variants[number % len(variants)]}
        sealed = sealing.SealedMessage(message.encode_header(**fields), bytes(8), body, b"")
        peer.send("message", {"items": [sealed.item()]})
        if number < 12:
            t.check(not t.is_held(witness, sealed), f"stored although {variants[number % len(variants)]}")
        count += 1
    peer.expect_closed("the link to be cut by 65 bad headers")
    t.check(not peer.received("stored", since=since), "a bad header was answered by Stored")
    t.control(witness)


@case("wrong-body-not-stored", "MSG-011", negative=True)
def _(t):
    """A body that does not hash to the header's is not stored; the true one is afterwards."""
    peer = t.dial()
    t.control(peer)
    sealed = t.foreign_message("true")
    false = sealing.SealedMessage(sealed.header, sealed.nonce, flip(sealed.body, 1023), b"")
    since = peer.mark()
    peer.send("message", {"items": [false.item()]})
    peer.barrier()
    t.check(not peer.stored_items(sealed.id, since), "a false body was answered")
    t.check(not t.is_held(peer, sealed), "a false body was stored")
    t.check(t.push(peer, sealed)["status"] == wire.STORED, "the id was occupied by a false body")
    t.positive()


@case("stamp-checked", "MSG-013", negative=True)
def _(t):
    """A message whose nonce does not have the effort that its header claims is not stored; with a good nonce it is."""
    peer = t.dial()
    paid = t.foreign_message("paid", effort=9)
    t.check(t.push(peer, paid)["status"] == wire.STORED, "a paid message was not stored")
    t.positive()
    other = t.foreign_message("other", effort=9)
    nonce = next(bytes([0] * 7 + [n]) for n in range(256) if not message.stamp_valid(other.id, bytes([0] * 7 + [n]), 9))
    since = peer.mark()
    peer.send("message", {"items": [dict(other.item(), nonce=nonce)]})
    peer.barrier()
    t.check(not peer.stored_items(other.id, since), "an unpaid stamp was answered")
    t.check(t.push(peer, other)["status"] == wire.STORED, "the id was occupied")
    t.positive()


@case("want-of-unknown", "REQ-008 REQ-004", negative=True)
def _(t):
    """Want of what is not held is answered by Error{not_held}; of a mixture by what is held."""
    peer = t.dial()
    sealed = t.control(peer)
    kind, body = peer.ask("want", {"ids": [t.rnd("no such")]})
    t.check(kind == "error" and body["code"] == wire.NOT_HELD, f"answered by {kind} {body}")
    kind, body = peer.ask("want", {"ids": [t.rnd("no such"), sealed.id, t.rnd("nor this")]})
    t.check(kind == "message" and [i["header"] for i in body["items"]] == [sealed.header], f"answered by {kind}")
    t.control(peer)


@case("offer-wanted-and-stored", "CUS-003 REQ-004 CUS-009")
def _(t):
    """An offered message that is lacking is asked for by Want (id not 0), and its body answered by Stored with id 0."""
    peer = t.dial()
    sealed = t.foreign_message("offered")
    since = peer.mark()
    number = t.want_of(peer, sealed)
    t.check(number != 0, "Want is no request")
    peer.send("message", {"items": [sealed.item()]}, number)
    t.wait(lambda: peer.stored_items(sealed.id, since), "Stored")
    t.check(peer.stored_items(sealed.id, since)[0]["status"] == wire.STORED, "not stored")
    t.check(t.is_held(t.dial(), sealed), "not given out")


@case("offer-of-held-is-duplicate", "CUS-003")
def _(t):
    """An offer of what is held is answered by Stored{duplicate} and no Want."""
    peer = t.dial()
    sealed = t.control(peer)
    other = t.dial()
    since = other.mark()
    other.send("offer", {"items": [sealed.offer()]})
    other.barrier()
    t.wait(lambda: other.stored_items(sealed.id, since), "Stored")
    t.check(other.stored_items(sealed.id, since)[0]["status"] == wire.DUPLICATE, "no duplicate")
    t.check(not other.wants(sealed.id, since), "asked for what it holds")


@case("one-want-at-a-time", "CUS-006 CUS-007 PKT-029", negative=True)
def _(t):
    """While a Want is open no second node is asked; when the first answers by an unknown error, the second is."""
    first, second, sealed, number = t.two_offer("offered twice")
    t.check(not second.wants(sealed.id), "the second was asked while the first Want is open")
    second.messages[sealed.id] = sealed.item()
    first.send("error", {"code": 999}, number)
    t.wait(lambda: second.stored_items(sealed.id), "the second to be asked and to be told Stored")
    t.check(len(first.wants(sealed.id)) == 1, "the first was asked again")
    t.control(first)


@case("want-timeout-asks-next", "CUS-007 REQ-003 CUS-006", negative=True)
def _(t):
    """When a Want is not answered within 10 s, the next node that offered is asked, and not within two seconds."""
    first, second, sealed, _ = t.two_offer("not given")
    t.tick(1_500)
    second.barrier()
    t.check(not second.wants(sealed.id), "the second was asked after 1.5 s")
    second.messages[sealed.id] = sealed.item()
    t.tick_until(lambda: second.stored_items(sealed.id), "the second to be asked", limit=10)
    t.control(first)


@case("offered-id-is-not-known", "CUS-008", negative=True)
def _(t):
    """A node that was offered an id and did not get the body takes it from whoever brings it."""
    peer, other = t.dial(), t.dial()
    t.control(peer)
    t.answer_wants = False
    sealed = t.foreign_message("offered only")
    t.want_of(peer, sealed)
    t.check(not t.is_held(other, sealed), "held before its body came")
    t.check(t.push(other, sealed)["status"] == wire.STORED, "the body was not taken from another node")
    t.control(peer)


@case("unsolicited-stored-ignored", "CUS-012 REQ-002", negative=True)
def _(t):
    """Stored for an id that was never exchanged has no effect: it does not count as a holder."""
    peer, liar = t.dial(), t.dial()
    t.control(peer)
    sealed = t.foreign_message("claimed before")
    liar.send("stored", {"items": [{"id": sealed.id, "status": wire.STORED}]})
    liar.barrier()
    since = liar.mark()
    t.check(t.push(peer, sealed)["status"] == wire.STORED, "not stored")
    t.tick_until(lambda: liar.offers(sealed.id, since), "the message to be offered to the one that lied", limit=20)
    t.control(peer)


@case("other-kind-does-not-end-a-want", "REQ-006", negative=True)
def _(t):
    """A Pong, a Record and Nodes with the id of an open Want do not end it: nobody else is asked, and Message still answers
    it."""
    first, second, sealed, number = t.two_offer("asked once")
    for kind, body in (("pong", None), ("record", {"address": bytes(20)}), ("nodes", {"contacts": []})):
        first.send(kind, body, number)
    first.barrier()
    second.barrier()
    t.check(not second.wants(sealed.id), "another kind of answer ended the Want")
    first.send("message", {"items": [sealed.item()]}, number)
    t.wait(lambda: first.stored_items(sealed.id), "Stored")
    t.control(first)
