"""Offering: to whom, how often, how long (40-custody, Offering again; Spreading)."""
from comm_conformance import wire
from comm_conformance.base import now_week
from comm_conformance.registry import case


@case("pushed-message-spreads", "CUS-026 CUS-011 RTE-021 RTE-023")
def _(t):
    """A pushed message is offered at once to every other session, and not back to the one that gave it."""
    giver, others = t.dial(), [t.dial() for _ in range(3)]
    sealed = t.control(giver)
    t.tick_until(lambda: all(peer.offers(sealed.id) for peer in others), "Offers at all other peers", step=100, limit=50)
    t.tick(5_000)
    giver.barrier()
    t.check(not giver.offers(sealed.id), "the message was offered to the node that gave it")


@case("taker-is-served", "REQ-005 CUS-010")
def _(t):
    """A node that wants what it was offered gets it, and the message it names is the one it was offered."""
    giver, taker = t.dial(), t.dial()
    sealed = t.control(giver)
    t.tick_until(lambda: taker.offers(sealed.id), "Offer", step=100, limit=50)
    offer = taker.offers(sealed.id)[0]
    t.check(offer["header"] == sealed.header and offer["nonce"] == sealed.nonce, "offered with other bytes")
    t.check(t.is_held(taker, sealed), "offered and not given")


@case("offers-grow-apart", "CUS-022 CUS-021 LIM-003", fresh=True, slow=True)
def _(t):
    """A peer that does not answer is offered the message again, at growing distances: 1, 2, 4, 8 ... units."""
    t.start()
    giver, mute = t.dial(), t.dial()
    sealed = t.foreign_message("mute", lifetime=600)
    t.push(giver, sealed)
    t.wait(lambda: mute.offers(sealed.id), "the first offer")
    wanted, times, clock = (100, 300, 700, 1500, 3100, 6300), [0], 0
    for _ in range(260):
        t.tick(50)
        clock += 50
        mute.barrier()
        if len(times) <= len(wanted) and clock - times[-1] >= 0.9 * wanted[len(times) - 1]:
            t.settle(lambda: len(mute.offers(sealed.id)) > len(times), 0.25)  # it is due, and leaves once it is on the disk
        times += [clock] * (len(mute.offers(sealed.id)) - len(times))
    t.check(len(times) >= 6, f"only {len(times)} offers within 13 s of virtual time: {times}")
    for gap, about in zip((b - a for a, b in zip(times, times[1:])), wanted):
        t.check(about * 0.9 - 60 <= gap <= about * 1.1 + 110, f"offers at {times} ms: {gap} instead of about {about}")


@case("answer-ends-offers", "CUS-022 CUS-011", negative=True, fresh=True)
def _(t):
    """After Stored{stored} or Stored{refused, quota} no more offers; before, there were."""
    t.start()
    giver = t.dial()
    settled = [t.dial("stored"), t.dial("duplicate"), t.dial("refused")]
    mute = t.dial("mute")
    sealed = t.control(giver)
    t.tick_until(lambda: all(len(p.offers(sealed.id)) >= 2 for p in settled), "two offers each", step=100, limit=60)
    for peer, status, reason in zip(settled, (wire.STORED, wire.DUPLICATE, wire.ST_REFUSED), (0, 0, wire.QUOTA)):
        peer.send("stored", {"items": [{"id": sealed.id, "status": status, "reason": reason}]})
        peer.barrier()
    marks = [peer.mark() for peer in settled]
    before = len(mute.offers(sealed.id))
    t.tick_until(lambda: len(mute.offers(sealed.id)) >= before + 3, "offers to the mute peer", step=100, limit=400)
    for peer, mark in zip(settled, marks):
        peer.barrier()
        t.check(not peer.offers(sealed.id, mark), f"the peer that answered {peer.name} was offered the message again")
    t.control(giver)


@case("refused-for-disk-is-tried-again", "CUS-022", fresh=True)
def _(t):
    """Refused with reason disk does not settle: the message is offered again."""
    t.start()
    giver, full = t.dial(), t.dial()
    sealed = t.control(giver)
    t.tick_until(lambda: full.offers(sealed.id), "an offer", step=100, limit=60)
    full.send("stored", {"items": [{"id": sealed.id, "status": wire.ST_REFUSED, "reason": wire.DISK}]})
    full.barrier()
    mark = full.mark()
    t.tick_until(lambda: full.offers(sealed.id, mark), "an offer after refused for disk", step=500, limit=400)


@case("at-most-32-offers", "CUS-021 CUS-022", fresh=True, negative=True, slow=True)
def _(t):
    """In 17 hours, in which 32 attempts of the capped backoff fit, a mute peer gets more than 24 offers, at most 32."""
    t.start()
    giver, mute = t.dial(), t.dial()
    sealed = t.foreign_message("long", lifetime=43_200)
    t.positive()
    t.check(t.push(giver, sealed)["status"] == wire.STORED, "not stored")
    t.pass_time(17 * 3_600_000)
    count = len(mute.offers(sealed.id))
    t.check(24 < count <= 32, f"{count} offers within 17 hours")
    t.control(giver)


@case("mute-peer-asked-hourly", "CUS-028 CUS-021", fresh=True, slow=True)
def _(t):
    """A peer that never answered and has used up its attempts is settled with: it is still asked from time to time."""
    t.start()
    giver, mute = t.dial(), t.dial()
    sealed = t.foreign_message("long", lifetime=43_200)
    t.check(t.push(giver, sealed)["status"] == wire.STORED, "not stored")
    t.pass_time(24 * 3_600_000)
    mark = mute.mark()
    t.pass_time(2 * 3_600_000)
    again = len(mute.offers(sealed.id, mark))
    t.check(1 <= again <= 24, f"{again} offers in two hours, a day later")


@case("offline-peer-later-receives", "CUS-023 CUS-022 MBX-006 MBX-008", negative=True, slow=True)
def _(t):
    """Nothing is lost while the recipient is away: after days it collects and is offered what waits."""
    giver = t.dial()
    recipient = t.stranger("late")
    sealed = t.foreign_message("waits", recipient=recipient, lifetime=2000)
    t.check(t.push(giver, sealed)["status"] == wire.STORED, "not stored")
    t.positive()
    week = now_week(t.now)
    t.tick(3 * 3_600_000)
    owner = t.dial()
    owner.messages.clear()
    mark = owner.mark()
    t.check(t.collect(owner, recipient.mailbox_seed(week)) == wire.SUBSCRIBED, "not subscribed")
    t.wait(lambda: owner.offers(sealed.id, mark), "an Offer after Collect")
    t.check(t.is_held(owner, sealed), "offered and not given")
    t.control(owner)


@case("fetched-message-spreads-lazily", "CUS-027", fresh=True)
def _(t):
    """A message that was fetched by Want is offered 6 to 12 s later (60 to 120 by default), to two other members."""
    t.start()
    offering, others = t.dial(), [t.dial() for _ in range(5)]
    sealed = t.foreign_message("fetched", lifetime=600)
    offering.messages[sealed.id] = sealed.item()
    offering.send("offer", {"items": [sealed.offer()]})
    t.wait(lambda: offering.stored_items(sealed.id), "Stored")
    t.tick(5_000)
    for peer in others:
        peer.barrier()
    t.check(not [p for p in others if p.offers(sealed.id)], "offered before 6 s")
    t.tick_until(lambda: [p for p in others if p.offers(sealed.id)], "offers", step=500, limit=20)
    t.tick(5_000)
    for peer in others:
        peer.barrier()
    chosen = [p for p in others if p.offers(sealed.id)]
    t.check(len(chosen) == 2, f"offered to {len(chosen)} members, expected two")


@case("settled-offered-again", "CUS-028", fresh=True, slow=True)
def _(t):
    """Every settled_reoffer (6 minutes in the test profile) a node that has settled is offered the message again."""
    t.start()
    giver = t.dial()
    sealed = t.control(giver)
    mark = giver.mark()
    t.pass_time(300_000)
    t.check(not giver.offers(sealed.id, mark), "the giver was offered its own message within 5 minutes")
    t.pass_time(150_000)
    t.check(giver.offers(sealed.id, mark), "the giver was not offered the message within 7.5 minutes")


@case("absence-is-no-attempt", "CUS-023 CUS-021", fresh=True, negative=True)
def _(t):
    """While a node is away nothing counts against it: after ten hours, in which more attempts would have been made than there
    are, it is back and is offered the message by the backoff, not once and no more."""
    t.start()
    giver, away = t.dial(), t.dial("away", seed=t.rnd("away"))
    sealed = t.foreign_message("waits", lifetime=43_200)
    t.check(t.push(giver, sealed)["status"] == wire.STORED, "not stored")
    t.tick_until(lambda: away.offers(sealed.id), "an offer", step=100, limit=50)
    t.positive()
    away.send("error", {"code": wire.NO_SESSION})  # it ends the link itself, so that it knows that nobody is there
    away.expect_closed("the link to be closed after no_session")
    t.tick(10 * 3_600_000)
    back = t.dial("back", seed=t.rnd("away"))
    for _ in range(80):  # without a session the next attempt may be an hour away
        t.tick(60_000)
        back.barrier()
        if back.offers(sealed.id):
            break
    t.tick(10_000)
    back.barrier()
    count = len(back.offers(sealed.id))
    t.check(count >= 3, f"{count} offers to the node that is back; the backoff had only begun when it left")
    t.control(t.dial())


@case("collect-begins-backoff-anew", "MBX-008 MBX-006", fresh=True)
def _(t):
    """When a mailbox is collected, who has not answered so far is offered its mail by the backoff from its beginning."""
    t.start()
    giver, mute, owner = t.dial(), t.dial(), t.dial()
    sealed = t.foreign_message("waits", lifetime=600)
    t.check(t.push(giver, sealed)["status"] == wire.STORED, "not stored")
    for _ in range(35):  # eight offers within 25 s; the ninth would come after 51 s
        t.tick(1000)
        mute.barrier()
    before = len(mute.offers(sealed.id))
    t.check(before == 8, f"{before} offers within 35 s, expected 8")
    t.collect(owner, t.stranger().mailbox_seed(now_week(t.now)))
    for _ in range(35):
        t.tick(1000)
        mute.barrier()
    again = len(mute.offers(sealed.id)) - before
    t.check(again >= 4, f"{again} offers within 35 s after Collect, expected the beginning of the backoff")
