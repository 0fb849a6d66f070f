"""Pairwise mailboxes (60-mailboxes-and-records): granting them and writing to them."""
from comm_conformance import crypto, message, pairwise
from comm_conformance.base import now_week, param
from comm_conformance.generators.pairwise import unusable_keys
from comm_conformance.grants import (DAY, acquainted, await_grant, contact, deliver, goes_to, grant, granted, mail,
                                     only_the_last_is_used, sent_to, texts, written_to)
from comm_conformance.registry import case
from comm_conformance.senders import ack_of, begin, first_copy, recipient_known_to, send

HOUR = 3_600_000


def renewed_within(t, least, most):
    """The label of somebody whose next period begins after so many milliseconds at least, at most."""
    for number in range(20_000):
        who = t.stranger(f"renewed {number}")
        begins = (pairwise.period(t.owner, who.address, t.now) + 1) * pairwise.PERIOD - pairwise.phase(t.owner, who.address)
        if least <= begins - t.now <= most:
            return f"renewed {number}"
    raise AssertionError("of 20,000 contacts none has a period that begins then")


@case("contact-is-granted-once", "MBX-017 MBX-019", fresh=True)
def _(t):
    """A contact that has acknowledged is sent one grant: the mailbox of the two and of this period, with its end."""
    peer, = begin(t)
    who = contact(t, peer, renewed_within(t, DAY, pairwise.PERIOD))  # no other grant is due meanwhile
    content = await_grant(t, peer, who)
    wanted = pairwise.describe(t.owner, who.address, t.now)
    t.check(content["mailbox_key"].hex() == wanted["mailbox_key"], "not the mailbox of the contact and the current period")
    t.check(content["expires_ms"] == wanted["expires_ms"], f"ends at {content['expires_ms']}, not {wanted['expires_ms']}")
    deliver(t, peer, mail(t, who, "later", mailbox=message.mailbox_id(content["mailbox_key"])))
    t.pass_time(2 * HOUR)
    t.check(len(granted(t, peer, who)) == 1, "granted again although the grant was acknowledged")


@case("stranger-is-not-granted", "MBX-018 MBX-019", fresh=True, negative=True)
def _(t):
    """No grant goes to who writes without having been accepted, nor to who was written to and has not answered."""
    peer, = begin(t)
    await_grant(t, peer, contact(t, peer, "contact"))
    t.positive()
    stranger = t.stranger("stranger")
    peer.records[stranger.address] = stranger.record(t.now)
    deliver(t, peer, mail(t, stranger, "request"))
    t.wait(lambda: t.events("received", text="request"), "the request")
    silent, item, opened = written_to(t, peer, "silent")
    t.pass_time(10 * 60_000)
    t.check(not granted(t, peer, stranger), "a stranger was granted a mailbox")
    t.check(not granted(t, peer, silent), "who has not answered was granted a mailbox")
    await_grant(t, peer, contact(t, peer, "another"))
    t.positive()


@case("message-counts-as-answer", "MBX-019 MBX-017", fresh=True, optional=True)
def _(t):
    """A contact whose message comes, although it has acknowledged nothing, is granted a mailbox too."""
    peer, = begin(t)
    who, *_ = written_to(t, peer, "contact")
    deliver(t, peer, mail(t, who, "answer"))
    content = await_grant(t, peer, who)
    t.check(content["expires_ms"] == pairwise.describe(t.owner, who.address, t.now)["expires_ms"], "another end")


@case("granted-mailbox-is-collected", "MBX-021 CRY-025", fresh=True)
def _(t):
    """What was granted is collected, a mail that lies there is shown, and so it is after a crash."""
    peer, = begin(t)
    who = contact(t, peer, "contact")
    key = await_grant(t, peer, who)["mailbox_key"]
    t.within(100, lambda: key in peer.collected, "a Collect of the granted mailbox")
    before = pairwise.mailbox_seed(t.owner, who.address, pairwise.period(t.owner, who.address, t.now) - 1)
    t.within(100, lambda: crypto.ed25519_public(before) in peer.collected, "a Collect of the period before")
    deliver(t, peer, mail(t, who, "by the granted mailbox", mailbox=message.mailbox_id(key)))
    t.wait(lambda: t.events("received", text="by the granted mailbox"), "the text")
    peer.collected.clear()
    t.restart()
    t.wait(lambda: peer.ready, "a session after the restart")
    t.within(100, lambda: key in peer.collected, "a Collect after the restart")
    deliver(t, peer, mail(t, who, "after the crash", mailbox=message.mailbox_id(key)))
    t.wait(lambda: t.events("received", text="after the crash"), "the text")


@case("written-to-granted-mailbox", "MBX-023 MBX-001 CRY-025", fresh=True, negative=True)
def _(t):
    """Without a grant messages go to the public mailbox, with one to that, for this contact alone and until it ends. A grant
    is not shown."""
    peer, = begin(t)
    who, other = contact(t, peer, "contact"), contact(t, peer, "other")
    goes_to(t, peer, who, "before")
    t.positive()
    seed = grant(t, peer, who, "one", ends=t.now + HOUR)
    item, _ = goes_to(t, peer, who, "after", seed)
    t.check(item["header"][12:32] not in [who.mailbox_id(w) for w in range(now_week(t.now), now_week(t.now) + 9)], "public")
    t.check("after" not in texts(t, peer, who), "sealed to the public mailbox as well")
    goes_to(t, peer, other, "to the other")
    t.check(not t.events("received", **{"from": who.address.hex()}), "a grant was shown as a message")
    t.pass_time(HOUR + 60_000)
    goes_to(t, peer, who, "after its end")
    t.positive()


@case("newer-grant-replaces", "MBX-023 MBX-026", fresh=True, negative=True)
def _(t):
    """A grant that ends later replaces the one held; one that ends no later, or is sent again, changes nothing."""
    peer, = begin(t)
    who = contact(t, peer, "contact")
    older = grant(t, peer, who, "older", ends=t.now + 20 * DAY)
    goes_to(t, peer, who, "to the older", older)
    t.positive()
    ends = t.now + 40 * DAY
    newer = grant(t, peer, who, "newer", ends=ends)
    goes_to(t, peer, who, "to the newer", newer)
    grant(t, peer, who, "older again", ends=t.now + 20 * DAY, seed=older)
    goes_to(t, peer, who, "the older again", newer)
    grant(t, peer, who, "same end", ends=ends)
    goes_to(t, peer, who, "the same end", newer)
    grant(t, peer, who, "last", ends=ends + 1)
    goes_to(t, peer, who, "a millisecond more", t.rnd("granted last"))
    t.positive()


@case("absurd-end-not-used", "MBX-026 CRY-025", fresh=True, negative=True)
def _(t):
    """A grant that has expired or ends later than any period does is acknowledged, not used and not shown."""
    peer, who = acquainted(t)
    ends = {"expired": t.now - 1000, "never ends": 253_402_300_799_999, "zero": 0,
            "an hour too long": t.now + pairwise.LIFETIME + pairwise.SKEW + HOUR}
    longest = t.now + pairwise.LIFETIME + pairwise.SKEW - 60_000
    only_the_last_is_used(t, peer, who, [(name, {"ends": end}) for name, end in ends.items()], ends=longest)
    t.check(not t.events("received", **{"from": who.address.hex()}), "a grant was shown as a message")


@case("unusable-key-not-used", "MBX-026 CRY-025", fresh=True, negative=True)
def _(t):
    """A grant whose key nobody can sign with alone is acknowledged and not used."""
    peer, who = acquainted(t)
    keys = unusable_keys(crypto.ed25519_public(t.rnd("a good key")))
    only_the_last_is_used(t, peer, who, [(name, {"key": key}) for name, key in keys])


@case("foreign-mailbox-not-used", "MBX-026", fresh=True, negative=True)
def _(t):
    """A grant of an own mailbox of the user, public or pairwise, or of one that another contact has granted is not used."""
    peer, = begin(t)
    who, other = contact(t, peer, "contact"), contact(t, peer, "other")
    own = await_grant(t, peer, who)["mailbox_key"]
    theirs = grant(t, peer, other, "of the other")
    goes_to(t, peer, other, "to the other", theirs)
    t.positive()
    keys = {"own public": t.owner.mailbox_key(now_week(t.now)), "own pairwise": own,
            "another contact's": crypto.ed25519_public(theirs)}
    only_the_last_is_used(t, peer, who, [(name, {"key": key}) for name, key in keys.items()])


@case("fallback-to-public", "MBX-024 MBX-025", fresh=True, slow=True)
def _(t):
    """What nobody answers at a granted mailbox is sealed again to the public one after a day, same uid and expiry, and every
    further copy after that goes there too."""
    peer, = begin(t)
    who = contact(t, peer, "contact")
    seed = grant(t, peer, who, "one")
    item, opened = goes_to(t, peer, who, "unheard", seed)
    t.pass_time(23 * HOUR)
    t.check("unheard" not in texts(t, peer, who), "sealed to the public mailbox before a day has passed")
    t.pass_time(2 * HOUR)
    t.tick_until(lambda: "unheard" in texts(t, peer, who), "a copy for the public mailbox", limit=60)
    second, again = next(pair for pair in sent_to(t, peer, who) if pair[1].content == "unheard")
    t.check(again.uid == opened.uid, "another uid")
    t.check(message.parse_header(second["header"]).expires == message.parse_header(item["header"]).expires, "another expiry")
    peer.records[who.address] = who.record(t.now, seq=t.now + 1000)
    week = next(w for w in range(now_week(t.now) - 1, now_week(t.now) + 2) if who.mailbox_id(w) == second["header"][12:32])
    peer.send("ack", {"records": [message.encode_refusal(second["header"], second["nonce"], who.mailbox_seed(week))]})
    t.tick_until(lambda: len([x for x in texts(t, peer, who) if x == "unheard"]) == 2, "a third copy, public", limit=120)
    t.check(texts(t, peer, who, seed) == ["unheard"], "a further copy went to the granted mailbox")


@case("grant-once-more", "MBX-028", fresh=True, slow=True, optional=True)
def _(t):
    """A contact that has acknowledged a grant and yet writes to the public mailbox is granted it again, once a day."""
    peer, = begin(t)
    who = contact(t, peer, renewed_within(t, 2 * DAY, pairwise.PERIOD))  # no other grant is due meanwhile
    first = await_grant(t, peer, who)
    deliver(t, peer, mail(t, who, "too soon"))
    t.pass_time(10 * 60_000)
    t.check(len(granted(t, peer, who)) == 1, "granted again within a day")
    t.pass_time(DAY)
    deliver(t, peer, mail(t, who, "has lost it"))
    t.tick_until(lambda: len(granted(t, peer, who)) > 1, "the grant once more", limit=60)
    t.check(granted(t, peer, who)[-1][1].content == first, "another grant")


@case("successor-is-granted", "MBX-020 MBX-017", fresh=True, slow=True, optional=True)
def _(t):
    """When a contact's next period begins, a month before what it holds ends, it is granted that period's mailbox."""
    peer, = begin(t)
    who = contact(t, peer, renewed_within(t, HOUR, 5 * HOUR))
    first = await_grant(t, peer, who)
    t.pass_time(5 * HOUR + 10 * 60_000)
    t.within(30, lambda: len(granted(t, peer, who)) > 1, "a second grant")
    second, wanted = granted(t, peer, who)[-1][1].content, pairwise.describe(t.owner, who.address, t.now)
    t.check(second["mailbox_key"].hex() == wanted["mailbox_key"] != first["mailbox_key"].hex(), "not the period's mailbox")
    t.check(second["expires_ms"] == wanted["expires_ms"] > first["expires_ms"], f"ends at {second['expires_ms']}")


@case("few-custodians-of-granted", "MBX-027", fresh=True, optional=True)
def _(t):
    """What was granted is collected at a few nodes of its region, not at all of twenty."""
    few, others = param("pairwise_subscribed"), param("pairwise_polled")
    peers = begin(t, 20)
    who, _ = recipient_known_to(t, peers, "contact")
    send(t, who, "hello")
    item, opened, _ = first_copy(t, peers, who)
    peers[0].send("ack", {"records": [ack_of(item, opened)]})

    def grants():
        return [pair[1] for peer in peers for pair in granted(t, peer, who)]
    t.tick_until(grants, "a grant", limit=30)
    key = grants()[0].content["mailbox_key"]
    t.tick_until(lambda: sum(key in peer.collected for peer in peers) >= few, "Collects of what was granted", step=10_000)
    t.pass_time(10 * 60_000)
    asked = sum(key in peer.collected for peer in peers)
    t.check(few <= asked <= few + others, f"collected at {asked} of twenty nodes, not at {few} and {others} others at most")
