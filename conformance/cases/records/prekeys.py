"""Random prekeys of a generated identity: how they change, how long they open mail, and when they are gone (30-crypto, 60)."""
from comm_conformance import keyrecord, sealing, wire
from comm_conformance.base import DAY, HOUR, MINUTE, now_week
from comm_conformance.registry import case


def own_record(t, peer):
    """What the implementation published last at this peer."""
    t.wait(lambda: peer.put_records, "PutRecord")
    fields = peer.put_records[-1]
    record = keyrecord.parse(fields["record"], fields["signature"], fields["nonce"])
    t.check(record.address == t.owner.address, "the record of another address")
    return record


def derived(t, record):
    """Whether its prekey is one that an identity from a SECRET would have."""
    week = now_week(record.created_ms)
    return record.prekey in {t.owner.prekey(w)[1] for w in range(week - 1, week + 2)}


def mail_to(t, prekey, label):
    """Mail for the implementation's user, sealed to a prekey of its own and sent now by its own clock."""
    now, sender = t.its_now, t.stranger("sender")
    keys = keyrecord.parse(t.owner.record(now, stamp=False, prekey=prekey)["record"])
    return sealing.seal_text(sender, t.owner.address, keys, label, now, 60, t.rnd("uid " + label, 16), t.rnd("e " + label),
                             sender.record(now, stamp=False))


def opened(t, peer, prekey, label):
    """Whether the user is shown what was sealed to a prekey."""
    sealed = mail_to(t, prekey, label)
    peer.send("message", {"items": [sealed.item()]})
    t.wait(lambda: peer.finals(sealed.id) or peer.stored_items(sealed.id), "an answer to own mail")
    if not peer.finals(sealed.id):
        return False
    t.wait(lambda: t.events("received", text=label), "the text to be shown")
    return True


def still_opened(t, peer, prekey, label):
    t.check(opened(t, peer, prekey, label), f"what was sealed to an earlier prekey was not opened: {label}")
    t.positive()


def gone(t, peer, prekey, label):
    """What is sealed to the prekey is not shown, and what is sealed to the newest one is."""
    t.check(not opened(t, peer, prekey, label), f"opened with a prekey that was to be deleted: {label}")
    t.check(opened(t, peer, own_record(t, peer).prekey, label + ", newest"), "what was sealed to the newest prekey was not opened")


def away(t, peer):
    """The only session ends: nobody contradicts a clock that is set now."""
    peer.send("error", {"code": wire.NO_SESSION})
    peer.expect_closed("the link to be closed after no_session")


def back_at(t, name):
    """A session with somebody who has the time to which the implementation's clock was set, which is trusted by that."""
    peer = t.dial(name, connect=False)
    peer.time_offset = t.stepped
    return peer.connect()


def second_week(t):
    """An implementation that has replaced its first prekey: (a peer, the first prekey)."""
    t.start(generated=True)
    peer = t.dial()
    first = own_record(t, peer)
    away(t, peer)
    t.step(8 * DAY)
    peer = back_at(t, "a week later")
    t.pass_time(65 * MINUTE)
    t.wait(lambda: peer.put_records and own_record(t, peer).seq > first.seq, "a record of the next week")
    second = own_record(t, peer)
    t.check(second.prekey != first.prekey, "the prekey of the week before")
    t.check(not derived(t, second), "the prekey derives from the seed")
    return peer, first.prekey


@case("prekeys-of-generated-are-random", "CRY-007", fresh=True, negative=True)
def _(t):
    """A generated identity's prekey is none of those that derive from its seed, and another on another machine: it does not
    follow from the seed at all. What is sealed to it is opened."""
    peer = t.listen()
    t.start([peer], generated=True)
    here = own_record(t, peer)
    t.check(not derived(t, here), "the prekey derives from the seed")
    still_opened(t, peer, here.prekey, "here")
    t.move()
    t.wait(lambda: peer.ready and own_record(t, peer).raw != here.raw, "PutRecord of the other machine")
    there = own_record(t, peer)
    t.check(there.prekey != here.prekey, "two machines made the same prekey of one seed")
    still_opened(t, peer, there.prekey, "there")


@case("random-prekey-survives-kill", "REC-031 CRY-007 CUS-041", fresh=True)
def _(t):
    """A random prekey is kept: mail sealed to it before kill -9 is opened afterwards, and the record of the week stays."""
    t.start(generated=True)
    peer = t.dial()
    first = own_record(t, peer)
    t.restart()
    peer = t.dial("after")
    t.check(opened(t, peer, first.prekey, "waited"), "what was sealed before kill -9 was not opened")
    t.check(own_record(t, peer).prekey == first.prekey, "another prekey in the same week")


@case("one-random-prekey-a-week", "REC-021 REC-024 CRY-007", fresh=True)
def _(t):
    """A record that takes the place of one of the same week has that week's prekey, a random one too."""
    peer = t.listen()
    t.start([peer], generated=True)
    made = own_record(t, peer)
    peer.records[t.address] = t.owner.record(t.now, seq=made.seq + 5000, prekey=t.rnd("foreign"))
    t.dial("carrier").ask("put_record", peer.records[t.address])
    t.within(100, lambda: own_record(t, peer).seq > made.seq + 5000, "a record that supersedes the foreign one")
    t.check(own_record(t, peer).prekey == made.prekey, "another prekey in the same week")


@case("replaced-prekey-is-deleted", "REC-032 REC-031", fresh=True, negative=True)
def _(t):
    """A random prekey opens mail for 76 days after it was replaced, and after 77 no more; nor does it come back with a restart."""
    peer, first = second_week(t)
    still_opened(t, peer, first, "replaced just now")
    away(t, peer)
    t.step(75 * DAY)
    peer = back_at(t, "75 days")
    t.pass_time(65 * MINUTE)
    still_opened(t, peer, first, "replaced 75 days ago")
    away(t, peer)
    t.step(2 * DAY)
    peer = back_at(t, "77 days")
    t.pass_time(65 * MINUTE)
    gone(t, peer, first, "replaced 77 days ago")
    t.restart()
    gone(t, t.dial("after the restart"), first, "before the restart")


@case("waiting-mail-has-an-hour", "REC-033 REC-032", fresh=True, negative=True)
def _(t):
    """Who was away for longer than prekeys are kept is given an hour from its first session on: until then what was sealed to an
    old prekey is opened."""
    _, first = second_week(t)
    t.restart()
    t.step(86 * DAY)
    t.tick(150 * MINUTE)
    peer = back_at(t, "first")
    still_opened(t, peer, first, "first session")
    t.pass_time(55 * MINUTE)
    still_opened(t, peer, first, "55 minutes later")
    t.pass_time(70 * MINUTE)
    gone(t, peer, first, "two hours later")


@case("suspect-clock-keeps-prekeys", "REC-033 CUS-038", fresh=True, negative=True)
def _(t):
    """While a clock is not trusted no prekey is deleted for its age: not alone, nor with a peer who contradicts. Once peers have
    confirmed it the prekey goes."""
    peer, first = second_week(t)
    away(t, peer)
    before = t.stepped
    t.step(78 * DAY)
    t.tick(2 * HOUR)
    peer = t.dial("contradicts", connect=False)
    peer.time_offset = before
    peer.connect()
    still_opened(t, peer, first, "nobody has confirmed the time")
    t.pass_time(65 * MINUTE)
    still_opened(t, peer, first, "a peer contradicts")
    away(t, peer)
    peer = back_at(t, "confirms")
    t.pass_time(65 * MINUTE)
    gone(t, peer, first, "confirmed")
