"""The implementation as recipient: what it opens, shows, acknowledges and refuses (30-crypto, 50-ack)."""
from comm_conformance import message, wire
from comm_conformance.base import now_week
from comm_conformance.gentools import flip
from comm_conformance.pb import encode_varint as varint
from comm_conformance.registry import case


def deliver(t, peer, sealed):
    """Pushes a message to the implementation's user; its final record."""
    since = peer.mark()
    peer.send("message", {"items": [sealed.item()]})
    t.wait(lambda: peer.finals(sealed.id, since) or peer.closed, "a final record for own mail")
    t.check(not peer.closed, "the link was cut")
    return peer.finals(sealed.id, since)[0]


def shown(t, text):
    return t.events("received", text=text)


def control(t, peer, label="control"):
    """The positive twin: a message that is shown and acknowledged."""
    sealed = t.own_mail(f"{label} {t.controls}")
    t.check(deliver(t, peer, sealed) == sealed.ack(), "a valid message was not acknowledged")
    t.wait(lambda: shown(t, f"{label} {t.controls}"), "a valid message to be shown")
    t.positive()
    return sealed


@case("opens-and-acknowledges", "CRY-017 CRY-023 CRY-006 ACK-020 ACK-024 CRY-005")
def _(t):
    """A message sealed to the derived prekey of the week is shown with the sender's address and acknowledged."""
    peer = t.dial()
    sender = t.stranger("sender")
    sealed = t.own_mail("hello", text="Grüße 🙂")
    t.check(deliver(t, peer, sealed) == sealed.ack(), "not acknowledged, or by another record")
    t.wait(lambda: shown(t, "Grüße 🙂"), "the text to be shown")
    event = shown(t, "Grüße 🙂")[-1]
    t.check(event["from"] == sender.address.hex(), f"shown as from {event['from']}, sent by {sender.address.hex()}")


@case("opens-last-weeks-prekey", "CRY-017 REC-031")
def _(t):
    """What was sealed to the prekey of an earlier week, to that week's mailbox, is opened."""
    peer = t.dial()
    for back in (1, 4):
        week = now_week(t.now) - back
        sealed = t.crafted(f"week {back}", prekey=t.owner.prekey(week)[1], mailbox=t.owner.mailbox_id(week))
        t.check(deliver(t, peer, sealed) == sealed.ack(), f"the prekey of {back} weeks ago did not open it")
        t.wait(lambda b=back: shown(t, f"week {b}"), "the text")


@case("longest-text", "CRY-016 MSG-010")
def _(t):
    """A text of 57,344 bytes in the largest class."""
    peer = t.dial()
    text = "x" * 57_343 + "!"
    sealed = t.own_mail("longest", text=text)
    t.check(deliver(t, peer, sealed) == sealed.ack(), "not acknowledged")
    t.wait(lambda: shown(t, text), "the text")


@case("larger-class-than-needed", "CRY-017 MSG-010")
def _(t):
    """The smallest class is the sender's duty: a recipient opens a larger one."""
    peer = t.dial()
    sealed = t.crafted("roomy", size_class=2)
    t.check(deliver(t, peer, sealed) == sealed.ack(), "not acknowledged")


@case("fetched-by-offer", "CRY-017 ACK-024 CUS-003")
def _(t):
    """Own mail that is offered is asked for, opened and acknowledged to the node that offered it."""
    peer = t.dial()
    sealed = t.own_mail("offered")
    peer.messages[sealed.id] = sealed.item()
    peer.send("offer", {"items": [sealed.offer()]})
    t.wait(lambda: peer.finals(sealed.id), "the acknowledgement")
    t.wait(lambda: shown(t, "offered"), "the text")


@case("ack-goes-to-subscribed-nodes", "ACK-024 MBX-011", fresh=True)
def _(t):
    """The acknowledgement goes to every node at which the recipient is subscribed, not only to the giver."""
    custodian, other = t.listen(), t.listen()
    t.start([custodian, other])
    t.wait(lambda: len(custodian.collected) >= 7 and len(other.collected) >= 7, "Collects")
    giver = t.dial()
    sealed = t.own_mail("to all")
    t.check(deliver(t, giver, sealed) == sealed.ack(), "not acknowledged")
    t.wait(lambda: custodian.finals(sealed.id) and other.finals(sealed.id), "the acknowledgement at both custodians")


@case("not-openable-kept-not-refused", "CRY-018 ACK-027 ACK-028 CRY-004", negative=True)
def _(t):
    """Own mail that no prekey opens is not shown, not refused, and kept like anybody's message."""
    from comm_conformance import crypto, sealing
    peer, witness = t.dial(), t.dial()
    control(t, peer)
    base, before = t.own_mail("spoilt"), len(t.events("received"))
    for name, body in (("flipped", flip(base.body, 500)), ("flipped static", flip(base.body, 40)),
                       ("low-order e", bytes(32) + base.body[32:]), ("noise", t.rnd("noise", 1024))):
        raw = base.header[:64] + crypto.blake2b(body)
        sealed = sealing.SealedMessage(raw, bytes(8), body, b"")
        since = peer.mark()
        peer.send("message", {"items": [sealed.item()]})
        t.wait(lambda s=sealed, m=since: peer.stored_items(s.id, m), f"{name}: Stored")
        t.check(peer.stored_items(sealed.id, since)[0]["status"] == wire.STORED, f"{name}: not kept")
        t.check(not peer.finals(sealed.id), f"{name}: a final record was sent")
        t.check(t.is_held(witness, sealed), f"{name}: not given out")
    t.check(len(t.events("received")) == before, "the user was told of mail that no prekey opens")
    control(t, peer)


def refused(t, peer, sealed, name):
    record = deliver(t, peer, sealed)
    t.check(len(record) == 200, f"{name}: answered by a record of {len(record)} bytes, expected a refusal")
    try:
        message.check_final(record, t.now)
    except Exception as error:  # noqa: BLE001
        t.check(False, f"{name}: the refusal does not verify: {error}")


@case("own-fault-refused", "CRY-019 CRY-020 CRY-021 CRY-022 CRY-014 ACK-026", negative=True)
def _(t):
    """What opens and is wrong inside is answered by a valid refusal and not shown."""
    peer = t.dial()
    control(t, peer)
    other = t.stranger("third party")
    theirs = other.record(t.now, stamp=False)
    plain = t.plain("wrong")
    room = 1024 - 96 - 4 - len(plain)
    wrong = {
        "ack hash": dict(ack_hash=t.rnd("random")), "padding": dict(padding=bytes(room - 1) + b"\1"),
        "length": dict(length=2000), "garbage": dict(plain=plain + b"\xff"),
        "no sign key": dict(plain=t.plain("wrong", sign_key=b"")), "uid of 15": dict(plain=t.plain("wrong", uid=bytes(15))),
        "no record and no hash": dict(plain=t.plain("wrong", record=None, record_signature=None)),
        "record and hash": dict(plain=t.plain("wrong", record_hash=bytes(32))),
        "record garbage": dict(plain=t.plain("wrong", record=b"\xff\xff")),
        "record of a third party": dict(plain=t.plain("wrong", record=theirs["record"], record_signature=theirs["signature"])),
        "sign key of a third party": dict(plain=t.plain("wrong", sign_key=other.sign_key)),
        "dh key of a third party": dict(sender_dh_secret=other.dh_secret),
        "text of 0xff": dict(plain=t.plain("wrong", text=None) + b"\x3a\1\xff"),
    }
    for name, changes in wrong.items():
        refused(t, peer, t.crafted("wrong " + name, **{"plain": plain, **changes}), name)
    t.check(not shown(t, "wrong"), "one of them was shown")
    control(t, peer)


@case("unknown-content-acknowledged", "CRY-024 CRY-025 ACK-020")
def _(t):
    """Content that the recipient does not know is acknowledged, and so are a receipt and a mailbox grant."""
    peer = t.dial()
    grant = {"mailbox_key": t.rnd("gk"), "expires_ms": t.now + 1000}
    for name, plain in (("unknown field", t.plain("u", text=None) + varint(60 << 3 | 2) + b"\2ab"),
                        ("nothing", t.plain("n", text=None)), ("receipt", t.plain("r", text=None, receipt=b"x")),
                        ("grant", t.plain("g", text=None, mailbox_grant=grant))):
        sealed = t.crafted(name, plain=plain)
        t.check(deliver(t, peer, sealed) == sealed.ack(), f"{name}: not acknowledged")


@case("record-hash-accepted", "CRY-014 CRY-015")
def _(t):
    """A message that names the hash of the sender's record in its place is opened too."""
    from comm_conformance.base import H
    peer = t.dial()
    sender = t.stranger("sender")
    first = t.own_mail("with record")
    deliver(t, peer, first)
    digest = H("record", sender.record(t.now, stamp=False)["record"])
    sealed = t.crafted("by hash", plain=t.plain("by hash", record=None, record_signature=None, record_hash=digest))
    t.check(deliver(t, peer, sealed) == sealed.ack(), "not acknowledged")
    t.wait(lambda: shown(t, "by hash"), "the text")
