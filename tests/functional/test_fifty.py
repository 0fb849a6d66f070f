#!/usr/bin/python3
"""Fifty programs on one machine find each other and any pair exchanges a message."""
import random

import harness

COUNT, PAIRS = 50, 12


class Fifty(harness.Case):
    def test_fifty_nodes_settle_and_any_pair_talks(self):
        choice = random.Random(1)
        nodes = [self.chat("user 0")]
        nodes[0].ready
        for number in range(1, COUNT):
            # Each knows only one that was there before, so that most pairs never heard of each other.
            known = nodes[choice.randrange(len(nodes))]
            nodes.append(self.chat(f"user {number}", known.wait("ready", 120)["endpoint"]))
        for node in nodes:
            node.wait("ready", 120)
        sent = []
        for number in range(PAIRS):
            sender, recipient = choice.sample(nodes, 2)
            sender.send(recipient.address, f"pair {number}", f"pair {number}")
            sent.append((number, sender, recipient))
        for number, sender, recipient in sent:
            received = recipient.wait("received", 120, text=f"pair {number}")
            self.assertEqual(received["from"], sender.address)
            sender.state(f"pair {number}", "delivered", 120)
        for number, sender, recipient in sent:
            self.assertEqual(recipient.count("received", text=f"pair {number}"), 1)
        self.assertTrue(all(node.running() for node in nodes))


if __name__ == "__main__":
    harness.main()
