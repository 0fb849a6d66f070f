"""What cases of pairwise mailboxes share: contacts of the implementation, grants of both directions."""
from . import crypto, message, sealing, wire
from .base import now_week
from .casework import CaseFailure, NotApplicable
from .senders import ack_of, begin, copies, recipient_known_to, send, state

DAY = 86_400_000


def sent_to(t, peer, who, seed=None):
    """What the implementation pushed for `who`: at the public mailboxes, or at that of `seed`: [(item, Opened)]."""
    if seed is None:
        return [(item, opened) for item, opened, _ in copies(t, peer, who)]
    wanted, week = message.mailbox_id(crypto.ed25519_public(seed)), now_week(t.now)
    items = [item for body in peer.received("message") for item in body["items"] if item["header"][12:32] == wanted]
    prekeys = [who.prekey(w)[0] for w in range(week - 2, week + 2)]
    return [(item, sealing.open_message(item["header"], item["body"], who.address, prekeys)) for item in items]


def texts(t, peer, who, seed=None):
    return [opened.content for _, opened in sent_to(t, peer, who, seed) if opened.kind == "text"]


def granted(t, peer, who):
    """The grants that `who` got, as (item, Opened)."""
    return [(item, opened) for item, opened in sent_to(t, peer, who) if opened.kind == "mailbox_grant"]


def stored(peer, item):
    peer.send("stored", {"items": [{"id": message.message_id(item["header"]), "status": wire.STORED}]})


def acknowledge(peer, item, opened):
    peer.send("ack", {"records": [ack_of(item, opened)]})
    peer.barrier()


def written_to(t, peer, label, text=None):
    """Somebody whose record is known and to whom the user has written a text, which is stored: (who, item, Opened)."""
    who, _ = recipient_known_to(t, [peer], label)
    text = text or "to " + label
    send(t, who, text)
    t.wait(lambda: text in texts(t, peer, who), "the text")
    item, opened = next(pair for pair in sent_to(t, peer, who) if pair[1].content == text)
    stored(peer, item)
    return who, item, opened


def contact(t, peer, label):
    """A contact that has answered: the user's text to it is acknowledged."""
    who, item, opened = written_to(t, peer, label)
    acknowledge(peer, item, opened)
    t.wait(lambda: "delivered" in state(t, opened.content), "the state delivered")
    return who


def await_grant(t, peer, who):
    """The first grant to `who`, once it has come and is acknowledged. Granting is a SHOULD (MBX-019)."""
    try:
        t.tick_until(lambda: granted(t, peer, who), "a grant", limit=30)
    except CaseFailure:
        if t.spec.optional:
            raise
        raise NotApplicable("it grants no mailbox") from None
    item, opened = granted(t, peer, who)[0]
    stored(peer, item)
    acknowledge(peer, item, opened)
    return opened.content


def deliver(t, peer, sealed):
    """Mail to the user; waits for its final record."""
    peer.send("message", {"items": [sealed.item()]})
    t.wait(lambda: peer.finals(sealed.id), "a final record of own mail")
    t.check(peer.finals(sealed.id)[0] == sealed.ack(), "own mail was not acknowledged")


def mail(t, who, label, mailbox=None, **content):
    """A message of `who` to the user, by the public mailbox unless one is named."""
    plain = t.plain(label, sender=who, **content)
    return t.crafted(label, plain=plain, sender=who, **({} if mailbox is None else {"mailbox": mailbox}))


def grant(t, peer, who, label, ends=None, seed=None, key=None):
    """`who` grants a mailbox to the user (by default one that lasts 80 days), and the grant is acknowledged; its seed."""
    seed = seed or t.rnd("granted " + label)
    content = {"mailbox_key": key or crypto.ed25519_public(seed), "expires_ms": t.now + 80 * DAY if ends is None else ends}
    deliver(t, peer, mail(t, who, "grant " + label, text=None, mailbox_grant=content))
    return seed


def goes_to(t, peer, who, text, seed=None):
    """Sends a text, which has to go to the public mailbox, or to that of `seed`; (item, Opened)."""
    send(t, who, text)
    t.wait(lambda: text in texts(t, peer, who, seed), f"'{text}' at the {'public' if seed is None else 'granted'} mailbox")
    item, opened = next(pair for pair in sent_to(t, peer, who, seed) if pair[1].content == text)
    stored(peer, item)
    return item, opened


def acquainted(t):
    """A peer, and a contact to whom a text has gone by the public mailbox."""
    peer, = begin(t)
    who = contact(t, peer, "contact")
    goes_to(t, peer, who, "before")
    t.positive()
    return peer, who


def only_the_last_is_used(t, peer, who, unusable, **good):
    """Grants of `unusable`, (name, what is odd of it) each, change nothing; a good one that comes behind them does."""
    for name, odd in unusable:
        grant(t, peer, who, name, **odd)
        goes_to(t, peer, who, "after " + name)
    goes_to(t, peer, who, "good", grant(t, peer, who, "good", **good))
    t.positive()
