"""Whom the user has blocked (50-ack, 60-mailboxes-and-records)."""
from comm_conformance.grants import await_grant, contact, deliver, mail
from comm_conformance.registry import case
from comm_conformance.senders import begin


@case("blocked-is-acknowledged-not-shown", "ACK-029", fresh=True, negative=True)
def _(t):
    """Mail of a blocked sender is acknowledged like any and not shown; before it was blocked, and of others, it is shown."""
    peer, = begin(t)
    who, other = t.stranger("blocked"), t.stranger("other")
    for one, text in ((who, "before"), (other, "of another")):
        peer.records[one.address] = one.record(t.now)
        deliver(t, peer, mail(t, one, text))
        t.wait(lambda x=text: t.events("received", text=x), f"the text '{text}'")
        t.positive()
    t.obey(cmd="block", address=who.address.hex())
    deliver(t, peer, mail(t, who, "blocked"))
    deliver(t, peer, mail(t, other, "the last"))
    t.wait(lambda: t.events("received", text="the last"), "the text 'the last'")
    t.check(not t.events("received", text="blocked"), "mail of a blocked sender was shown")
    t.positive()


@case("blocked-is-not-collected", "MBX-022 MBX-021", fresh=True, negative=True)
def _(t):
    """What was granted to a contact is collected, after a restart too; not any more once the contact is blocked."""
    peer, = begin(t)
    who, other = contact(t, peer, "blocked"), contact(t, peer, "other")
    keys = [await_grant(t, peer, one)["mailbox_key"] for one in (who, other)]
    t.within(100, lambda: set(keys) <= set(peer.collected), "a Collect of both granted mailboxes")
    t.positive()
    t.obey(cmd="block", address=who.address.hex())
    t.restart()
    peer.collected.clear()
    t.wait(lambda: peer.ready, "a session after the restart")
    t.within(100, lambda: keys[1] in peer.collected, "a Collect of the other's mailbox after the restart")
    t.pass_time(70 * 60_000)
    t.check(keys[0] not in peer.collected, "a blocked contact's mailbox was collected")
    t.positive()
