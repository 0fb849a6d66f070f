"""A wall clock that somebody sets: it is suspect, and nothing is lost on its account (40-custody, Clock)."""
from comm_conformance import message, wire
from comm_conformance.base import DAY
from comm_conformance.registry import case
from comm_conformance.senders import begin, first_copy, recipient_known_to, send, state

MINUTE = 60_000
HOUR = 60 * MINUTE


def dial_at(t, name, offset):
    """A peer whose clock is so far from the others'."""
    peer = t.dial(name, connect=False)
    peer.time_offset = offset
    return peer.connect()


@case("suspect-clock-deletes-nothing", "CUS-038 CUS-046 CUS-039", fresh=True, negative=True)
def _(t):
    """The clock is set three days ahead while peers know better: mail of three hours, which has long expired by it, is not deleted,
    and is given and offered on once the clock is right again."""
    t.start()
    giver, mute = t.dial(), t.dial()
    sealed = t.foreign_message("hours", lifetime=180)
    t.check(t.push(giver, sealed)["status"] == wire.STORED, "not stored")
    t.tick_until(lambda: mute.offers(sealed.id), "an offer", step=100, limit=50)
    t.positive()
    t.step(3 * DAY)
    t.pass_time(5 * MINUTE)
    mark = mute.mark()
    t.step(-3 * DAY)
    t.pass_time(3 * MINUTE)
    t.check(t.is_held(t.dial(), sealed), "deleted by a clock that was wrong")
    t.within(68, lambda: mute.offers(sealed.id, mark), "an offer to who has not answered")
    t.positive()


@case("suspect-clock-without-peers", "CUS-040 CUS-038", fresh=True, negative=True)
def _(t):
    """With nobody to confirm it a clock that was set ahead is not trusted, however long that lasts: nothing is deleted."""
    t.start()
    giver = t.dial("giver", seed=t.rnd("giver"))
    sealed = t.foreign_message("hours", lifetime=300)
    t.check(t.push(giver, sealed)["status"] == wire.STORED, "not stored")
    t.positive()
    giver.send("error", {"code": wire.NO_SESSION})
    giver.expect_closed("the link to be closed after no_session")
    t.step(3 * DAY)
    t.tick(2 * HOUR)
    t.step(-3 * DAY)
    t.tick(2 * MINUTE)
    t.check(t.is_held(t.dial(), sealed), "deleted by a clock that nobody has confirmed")
    t.positive()


@case("suspect-clock-tells-nothing", "CUS-048 CUS-036", fresh=True, negative=True)
def _(t):
    """While peers contradict a clock that was set 40 days ahead, the user is not told that a message has expired; it is
    delivered afterwards as if nothing had been."""
    peers = begin(t, 2)
    who, _ = recipient_known_to(t, peers)
    send(t, who, "patient")
    item, opened, _ = first_copy(t, peers, who)
    t.step(40 * DAY)
    t.pass_time(5 * MINUTE)
    t.check("expired" not in state(t, "patient"), "reported as expired by a clock that is not trusted")
    t.positive()
    t.step(-40 * DAY)
    t.pass_time(2 * MINUTE)
    peers[0].send("ack", {"records": [item["header"] + item["nonce"] + opened.ack_secret]})
    t.wait(lambda: "delivered" in state(t, "patient"), "the state delivered")
    t.check("expired" not in state(t, "patient"), "reported as expired afterwards")
    t.positive()


@case("clock-confirmed-by-median", "CUS-039 CUS-036", fresh=True, negative=True)
def _(t):
    """A clock that was set is trusted once the median of the peers' times agrees, of an even number both middle ones: not by one
    of two, but by two of three; then the user is told what has expired."""
    old, = begin(t)
    who, _ = recipient_known_to(t, [old])
    send(t, who, "late")
    item, _, _ = first_copy(t, [old], who)
    old.send("stored", {"items": [{"id": message.message_id(item["header"]), "status": wire.STORED}]})
    t.step(31 * DAY)
    dial_at(t, "first", 31 * DAY)
    t.pass_time(4 * MINUTE)
    t.check("expired" not in state(t, "late"), "trusted although one of two peers contradicts")
    t.positive()
    dial_at(t, "second", 31 * DAY)
    t.pass_time(4 * MINUTE)
    t.wait(lambda: "expired" in state(t, "late"), "the state expired, two of three peers having confirmed the time")
    t.positive()


@case("due-after-clock-ran-ahead", "CUS-049", fresh=True)
def _(t):
    """What became due by a clock that ran ahead is not waited for: back in time, an offer follows within backoff_cap."""
    t.start()
    giver, mute = t.dial(), t.dial()
    sealed = t.foreign_message("weeks", lifetime=43_200)
    t.check(t.push(giver, sealed)["status"] == wire.STORED, "not stored")
    t.tick_until(lambda: mute.offers(sealed.id), "an offer", step=100, limit=50)
    t.step(3 * DAY)
    before = len(mute.offers(sealed.id))
    t.tick_until(lambda: len(mute.offers(sealed.id)) > before + 2, "offers meanwhile: it has not expired", step=1000, limit=120)
    t.step(-3 * DAY)
    before = len(mute.offers(sealed.id))
    t.within(68, lambda: len(mute.offers(sealed.id)) > before, "an offer")
