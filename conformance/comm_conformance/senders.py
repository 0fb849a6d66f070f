"""What cases of the implementation as sender share."""
from . import message, sealing, wire
from .base import now_week


def recipient_known_to(t, peers, label="recipient", **changes):
    """A recipient whose record the peers serve."""
    who = t.stranger(label)
    record = who.record(t.now, **changes)
    for peer in peers:
        peer.records[who.address] = record
    return who, record


def send(t, who, text, ref=None):
    t.say(cmd="send", to=who.address.hex(), text=text, ref=ref or text)


def state(t, ref):
    """The states of a message so far."""
    uids = {e.get("uid") for e in t.events("state", ref=ref)}
    return [e["state"] for e in t.events("state") if e.get("uid") in uids]


def copies(t, peer, who, since=0):
    """Messages to `who` that the implementation pushed to this peer, opened: [(item, Opened, request id)]."""
    out = []
    for way, kind, body, number in peer.log[since:]:
        if way == "<" and kind == "message":
            for item in body["items"]:
                header = message.parse_header(item["header"])
                weeks = range(now_week(t.now) - 2, now_week(t.now) + 2)
                if header.mailbox in [who.mailbox_id(w) for w in range(now_week(t.now) - 10, now_week(t.now) + 12)]:
                    opened = sealing.open_message(item["header"], item["body"], who.address,
                                                  [who.prekey(w)[0] for w in weeks])
                    out.append((item, opened, number))
    return out


def first_copy(t, peers, who):
    t.wait(lambda: any(copies(t, p, who) for p in peers), "a message to an entry")
    return next(copies(t, p, who)[0] for p in peers if copies(t, p, who))


def entries(t, peers, who, count=3):
    """The peers that were given the message, once they are so many, and its id."""
    t.wait(lambda: sum(bool(copies(t, p, who)) for p in peers) >= count, f"{count} entries")
    given = [p for p in peers if copies(t, p, who)]
    return given, message.message_id(copies(t, given[0], who)[0][0]["header"])


def all_stored(peers, identifier):
    """Each answers Stored."""
    for peer in peers:
        peer.send("stored", {"items": [{"id": identifier, "status": wire.STORED}]})
        peer.barrier()


def ack_of(item, opened):
    return item["header"] + item["nonce"] + opened.ack_secret


def begin(t, peers=1, **settings):
    """An implementation that dialled so many peers, has joined and collects; `settings` as Case.start."""
    listeners = [t.listen() for _ in range(peers)]
    t.start(listeners, **settings)
    t.wait(lambda: all(p.ready and len(p.collected) >= 7 for p in listeners), "sessions, join and Collects")
    return listeners
