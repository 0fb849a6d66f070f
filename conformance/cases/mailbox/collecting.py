"""Collect at a relay (60-mailboxes-and-records)."""
from comm_conformance import session, wire
from comm_conformance.base import now_week
from comm_conformance.registry import case


@case("owner-is-offered-what-waits", "MBX-005 MBX-006 MBX-010")
def _(t):
    """After Collected the owner is offered every waiting message, whatever it was offered before."""
    giver, owner = t.dial(), t.dial()
    sealed = [t.control(giver) for _ in range(3)]
    t.tick_until(lambda: all(owner.offers(s.id) for s in sealed), "offers as to any node", step=100, limit=50)
    for s in sealed:
        owner.send("stored", {"items": [{"id": s.id, "status": wire.DUPLICATE}]})
    owner.barrier()
    mark = owner.mark()
    status = t.collect(owner, t.stranger().mailbox_seed(now_week(t.now)))
    t.check(status == wire.SUBSCRIBED, f"Collect was answered by status {status}")
    t.wait(lambda: all(owner.offers(s.id, mark) for s in sealed), "offers after Collect")


@case("owner-is-offered-at-once", "MBX-007 CUS-030")
def _(t):
    """While a node is owner, messages that arrive are offered to it without a tick of the clock."""
    giver, owner = t.dial(), t.dial()
    t.collect(owner, t.stranger().mailbox_seed(now_week(t.now)))
    mark = owner.mark()
    sealed = t.control(giver)
    t.wait(lambda: owner.offers(sealed.id, mark), "an Offer at once")


@case("false-collect-unanswered", "MBX-004", negative=True)
def _(t):
    """A Collect with another session's signature, a bad one, or another mailbox's key has no answer and no effect."""
    giver, other, thief = t.dial(), t.dial(), t.dial()
    seed = t.stranger().mailbox_seed(now_week(t.now))
    good, mark = session.sign_collect(seed, other.transcript), thief.mark()
    stolen = [good, {**good, "signature": t.rnd("s", 64)},
              {**session.sign_collect(t.rnd("own"), thief.transcript), "mailbox_key": good["mailbox_key"]}]
    for body in stolen:
        thief.request("collect", body)
    sealed = t.control(giver)
    thief.barrier()
    t.check(not thief.received("collected", since=mark), "a false Collect was answered")
    t.check(not thief.received("error", since=mark), "a false Collect was answered by an Error")
    t.check(t.collect(other, seed) == wire.SUBSCRIBED, "the owner itself was not subscribed")
    t.wait(lambda: other.offers(sealed.id), "an Offer to the owner")
    t.control(giver)


@case("ownership-ends-with-session", "MBX-005 MBX-007", negative=True)
def _(t):
    """Another session of anybody is not the owner's: what arrives is offered at once to the owner alone."""
    giver, owner, bystander = t.dial(), t.dial(), t.dial()
    seed = t.stranger().mailbox_seed(now_week(t.now))
    t.collect(owner, seed)
    first = t.control(giver)
    t.wait(lambda: owner.offers(first.id), "an Offer to the owner")
    t.check(t.collect(bystander, t.stranger("else").mailbox_seed(now_week(t.now))) == wire.SUBSCRIBED, "not subscribed")
    owner.close()
    second = t.control(giver)
    back = t.dial()
    t.check(t.collect(back, seed) == wire.SUBSCRIBED, "not subscribed again")
    t.wait(lambda: back.offers(second.id) and back.offers(first.id), "both messages offered in the new session")
    t.control(giver)
