#!/usr/bin/python3
"""Mailboxes for one contact alone, with real programs: computed from the specification by the conformance suite's Python,
looked for in what a relay keeps."""
import hmac
import shutil
import sys
import time

import harness

sys.path.insert(0, str(harness.ROOT / "conformance"))
from comm_conformance import crypto, identity, message  # noqa: E402

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
PERIOD = 60 * DAY


def pairwise_mailboxes(secret, contact):
    """Where `contact` is to write to the user with this secret, in the periods around now."""
    root = crypto.kdf(identity.Identity.from_secret(secret).mailbox_root, "commpair", 0)
    pair = hmac.digest(root, contact, "sha256")
    phase = int.from_bytes(crypto.kdf(pair, "commphas", 0)[:8], "big") % PERIOD
    now = (int(time.time() * 1000) + phase) // PERIOD
    return [message.mailbox_id(crypto.ed25519_public(crypto.kdf(pair, "commpair", period)))
            for period in range(now - 1, now + 2)]


class Pairwise(harness.VirtualCase):
    def kept(self, relay_data, mailboxes):
        """Does the relay keep, or has it lately kept, a message for one of them?"""
        data = b"".join(path.read_bytes() for path in relay_data.rglob("*") if path.is_file())
        return any(mailbox in data for mailbox in mailboxes)

    def befriended(self):
        """A relay, Alice and Bob, who have written to each other and granted each other a mailbox."""
        relay = self.relay(virtual_clock=True)
        alice = self.chat("alice", relay.endpoint, virtual_clock=True)
        bob = self.chat("bob", relay.endpoint, virtual_clock=True, extra=["--data", self.home / "bob"])
        alice.send(bob.address, "first", "1")
        self.assertAdvances(5 * MINUTE, relay, alice, bob, what="the first", until=lambda: self.has_state(alice, "1", "delivered"))
        bob.send(alice.address, "answer", "1")
        self.assertAdvances(5 * MINUTE, relay, alice, bob, what="the answer", until=lambda: self.has_state(bob, "1", "delivered"))
        self.advance(MINUTE, relay, alice, bob)
        return relay, alice, bob

    def test_further_mail_takes_the_pairwise_mailbox(self):
        relay, alice, bob = self.befriended()
        theirs = pairwise_mailboxes(b"bob", bytes.fromhex(self.address_of("alice")))
        self.assertFalse(self.kept(self.home / "relay", theirs))
        bob.terminate()
        alice.send(bob.address, "second", "2")
        self.assertAdvances(MINUTE, relay, alice, what="relayed", until=lambda: self.has_state(alice, "2", "relayed"))
        self.assertTrue(self.kept(self.home / "relay", theirs))
        again = self.chat("bob", relay.endpoint, name="bob again", virtual_clock=True, extra=["--data", self.home / "bob"])
        self.assertAdvances(2 * MINUTE, relay, alice, again, what="at once", until=lambda: again.find("received", text="second"))
        self.assertEqual(alice.count("received"), 1)
        self.assertEqual(again.count("received"), 1)

    def test_a_machine_that_lost_everything_but_the_secret(self):
        """The grant is gone with it: after a day the message comes by the public mailbox, once."""
        relay, alice, bob = self.befriended()
        bob.terminate()
        alice.send(bob.address, "second", "2")
        self.assertAdvances(MINUTE, relay, alice, what="relayed", until=lambda: self.has_state(alice, "2", "relayed"))
        shutil.rmtree(self.home / "bob")
        fresh = self.chat("bob", relay.endpoint, name="bob anew", virtual_clock=True, extra=["--data", self.home / "bob"])
        self.advance(HOUR, relay, alice, fresh, step=MINUTE)
        self.assertEqual(fresh.count("received"), 0)
        self.advance(22 * HOUR, relay, alice, fresh, step=5 * MINUTE)
        self.assertEqual(fresh.count("received"), 0)
        self.assertAdvances(3 * HOUR, relay, alice, fresh, step=30_000, what="the fallback",
                            until=lambda: fresh.find("received", text="second") and self.has_state(alice, "2", "delivered"))
        # Having answered, it finds the pairwise mailboxes again.
        fresh.send(alice.address, "back", "3")
        self.assertAdvances(5 * MINUTE, relay, alice, fresh, what="back", until=lambda: self.has_state(fresh, "3", "delivered"))
        alice.send(bob.address, "third", "4")
        self.assertAdvances(5 * MINUTE, relay, alice, fresh, what="the third", until=lambda: self.has_state(alice, "4", "delivered"))
        self.assertEqual([e["text"] for e in fresh.events if e["ev"] == "received"], ["second", "third"])


if __name__ == "__main__":
    harness.main()
