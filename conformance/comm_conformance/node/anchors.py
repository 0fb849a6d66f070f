"""Nodes that were dialled with success, remembered over restarts and dialled when nobody else is there (70-routing, RTE-007)."""
import json

from ..base import param

KEPT, AT_START = 128, 3


class Anchors:
    def __init__(self, node, besides):
        self.node, self.besides = node, set(besides)        # endpoints that are dialled anyway
        self.row = "anchors " + node.scale.profile          # ids of another profile are others
        self.known = self.node.store.get_json(self.row, {})  # node id (hex) -> endpoint, the newest last

    def remember(self, node_id, endpoint):
        if self.known.get(node_id.hex()) == endpoint:
            return
        self.known.pop(node_id.hex(), None)
        self.known[node_id.hex()] = endpoint
        for oldest in list(self.known)[:-KEPT]:
            del self.known[oldest]
        self.node.store.put(self.row, json.dumps(self.known))

    def dial(self, pause):
        """Some, and others again while there is no session."""
        self.node.timers.after(pause, self.dial, min(2 * pause, param("bootstrap_retry_max")))
        left = [(i, endpoint) for i, endpoint in self.known.items() if endpoint not in self.besides]
        if not self.node.sessions.by_node:
            for node_id, endpoint in self.node.scale.random.sample(left, min(AT_START, len(left))):
                self.node.sessions.dial(endpoint, bytes.fromhex(node_id))
