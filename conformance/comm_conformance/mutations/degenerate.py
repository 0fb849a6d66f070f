"""Nodes that break everything in one way."""
from .. import message, session, wire
from ..node import main, overlay, sessions
from .base import ignore, patch


def _slam():
    patch(sessions.Sessions, "receive")(lambda original, self, channel, raw: channel.close(linger=0))


def _silent():
    ignore(main.Node, "queue")


def _echo():
    patch(sessions.Sessions, "receive")(lambda original, self, channel, raw: channel.send(raw))


def _yes_man():
    """Believes everything, stores nothing, answers what pleases."""
    for module, name in ((session, "auth_valid"), (session, "welcome_valid"), (session, "collect_valid")):
        ignore(module, name, True)
    ignore(sessions.Sessions, "fault")
    ignore(sessions.Sessions, "out_of_order")
    ignore(sessions.Sessions, "multipart")

    @patch(overlay.Overlay, "proved")
    def _(original, self, link):
        original(self, link)
        for claimed in link.their.get("endpoints", [])[:1]:
            contact = self.table[link.node_id]
            contact.endpoint, contact.dialable = wire.endpoint_text(claimed), True

    @patch(main.Node, "dispatch")
    def _(original, self, link, request_id, kind, body):
        if kind == "message":
            self.sessions.send(link, "stored", {"items": [
                {"id": message.message_id(i["header"]), "status": wire.STORED} for i in body["items"]]}, request_id)
        elif kind == "put_record":
            address = bytes(20)
            self.sessions.send(link, "record", {"address": address, **body}, request_id)
        elif kind == "collect":
            self.sessions.send(link, "collected", {"status": wire.SUBSCRIBED}, request_id)
        elif kind in ("ping", "find_node", "get_record", "want"):
            original(self, link, request_id, kind, body)


def _claims_all():
    patch(main.Node, "command")(lambda original, self, command: (
        self.event(ev="ticked"), self.event(ev="received", text=command.get("text", "")), True)[-1])


DEGENERATE = {"slam": _slam, "silent": _silent, "echo": _echo, "yes-man": _yes_man, "claims-all": _claims_all}
