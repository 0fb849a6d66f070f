"""Key records and Collect at a relay (60-mailboxes-and-records)."""
from .. import keyrecord, message, session, wire
from ..base import H, HOUR, Reject, param


class Records:
    def __init__(self, node):
        self.node = node
        self.read()
        node.timers.after(HOUR, self._expire)

    def read(self):
        rows = self.node.store.rows("SELECT address, record, signature, nonce FROM records")
        self.records = {address: keyrecord.parse(*fields) for address, *fields in rows}

    def on_get(self, link, request_id, body):
        self.answer(link, request_id, body["address"])

    def answer(self, link, request_id, address):
        held = self.records.get(address)
        fields = {} if held is None else {"record": held.raw, "signature": held.signature, "nonce": held.nonce}
        self.node.sessions.send(link, "record", {"address": address, **fields}, request_id)

    def on_put(self, link, request_id, body):
        if not link.costly.take():
            self.node.sessions.send(link, "error", {"code": wire.RATE_LIMITED}, request_id)
            return
        try:
            record = keyrecord.check(body["record"], body["signature"], body["nonce"], self.node.clock.wall())
        except Reject as reject:
            self.node.sessions.send(link, "error", {"code": wire.REFUSED, "text": reject.error}, request_id)
            self.node.sessions.fault(link, reject)
            return
        if record.address not in self.records and len(self.records) >= param("max_records"):
            self.node.sessions.send(link, "error", {"code": wire.REFUSED, "text": "record-quota"}, request_id)
            return
        self.keep(record)
        self.answer(link, request_id, record.address)

    def keep(self, record):
        """Takes a checked record unless a better one is held (REC-012, REC-013)."""
        held = self.records.get(record.address)
        if held is not None and held.expires_ms > self.node.clock.wall() and not record.supersedes(held):
            return
        self.records[record.address] = record
        self.node.store.write("INSERT OR REPLACE INTO records VALUES(?,?,?,?)", record.address, record.raw,
                              record.signature, record.nonce)
        if self.node.agent is not None:
            self.node.agent.saw_record(record)

    def on_collect(self, link, request_id, body):
        if not link.costly.take():
            self.node.sessions.send(link, "error", {"code": wire.RATE_LIMITED}, request_id)
            return
        if not session.collect_valid(body["mailbox_key"], body["signature"], link.transcript):
            self.node.sessions.fault(link, Reject("crypto/collect-signature"))
            return
        mailbox = message.mailbox_id(body["mailbox_key"])
        link.mailboxes.add(mailbox)
        waiting = self.node.custody.collected(link, mailbox)
        self.node.sessions.send(link, "collected", {"status": wire.SUBSCRIBED, "waiting": waiting}, request_id)

    def _expire(self):
        self.node.timers.after(HOUR, self._expire)
        if self.node.clock_suspect():
            return
        for address, record in list(self.records.items()):
            if record.expires_ms + 2 * HOUR <= self.node.clock.wall():
                del self.records[address]
                self.node.store.write("DELETE FROM records WHERE address=?", address)


assert H
