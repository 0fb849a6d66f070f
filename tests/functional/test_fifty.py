#!/usr/bin/python3
"""Fifty programs on one machine find each other and any pair exchanges a message."""
import random

import harness

COUNT = 50
STRIDES = 1, 7, 24  # neighbours, strangers, almost opposite: each node writes to three and hears from three
PATIENCE = 120


class Fifty(harness.Case):
    def setUp(self):
        super().setUp()
        choice = random.Random(1)
        self.nodes = [self.chat("user 0")]
        for number in range(1, COUNT):
            # Each knows only one that was there before, so that most pairs never heard of each other.
            known = choice.choice(self.nodes)
            self.nodes.append(self.chat(f"user {number}", known.wait("ready", PATIENCE)["endpoint"]))
        for node in self.nodes:
            node.wait("ready", PATIENCE)

    def exchange(self, pairs):
        """All at once, each of (sender, recipient) by number; each text arrives once and its sender learns of it."""
        texts = [(a, b, f"from {a} to {b}") for a, b in pairs]
        for sender, recipient, text in texts:
            self.nodes[sender].send(self.nodes[recipient].address, text, text)
        for sender, recipient, text in texts:
            received = self.nodes[recipient].wait("received", PATIENCE, text=text)
            self.assertEqual(received["from"], self.nodes[sender].address)
            self.nodes[sender].state(text, "delivered", PATIENCE)
        return texts

    def ring(self, stride):
        return [(number, (number + stride) % COUNT) for number in range(COUNT)]

    def assertOnce(self, texts):
        for _, recipient, text in texts:
            self.assertEqual(self.nodes[recipient].count("received", text=text), 1, text)
        self.assertTrue(all(node.running() for node in self.nodes))


class Some(Fifty):
    def test_fifty_nodes_settle_and_any_pair_talks(self):
        """Every node to three others; then all to one at once, and one to all."""
        done = [text for stride in STRIDES for text in self.exchange(self.ring(stride))]
        others = [n for n in range(COUNT) if n not in (0, *STRIDES, *(COUNT - stride for stride in STRIDES))]
        done += self.exchange([(n, 0) for n in others])
        done += self.exchange([(0, n) for n in others])
        self.assertOnce(done)


class All(Fifty):
    def test_every_ordered_pair(self):
        """2,450 messages; part of `make check-long`."""
        self.assertOnce([text for stride in range(1, COUNT) for text in self.exchange(self.ring(stride))])


if __name__ == "__main__":
    harness.main()
