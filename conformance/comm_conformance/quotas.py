"""What cases of quotas share: messages that fill a quota quickly. A message of class 3 costs 61,440 + 96 bytes, so 17 of
them fill 1 MiB and leave 2,464 bytes."""
from . import crypto, message, sealing
from .base import CLASS_BYTES, H

MEBIBYTE = 1_048_576
FITTING = 17


def bulk(t, label, size_class=3, lifetime=600, effort=0, mailbox=None):
    """A message between strangers whose body nobody needs to open; its acknowledgement is known."""
    body, secret = t.rnd("body " + label, 64) * (CLASS_BYTES[size_class] // 64), t.rnd("secret " + label)
    header = message.encode_header(size_class, t.now // 60_000 + lifetime, lifetime,
                                   t.rnd("mailbox " + label, 20) if mailbox is None else mailbox, H("ack", secret),
                                   crypto.blake2b(body), effort)
    return sealing.SealedMessage(header, message.make_stamp(message.message_id(header), effort), body, secret)


def give(t, peer, messages):
    """Pushes them one by one; their StoredItems."""
    return [t.push(peer, one) for one in messages]


def statuses(items):
    return [item["status"] for item in items]
