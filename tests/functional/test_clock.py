#!/usr/bin/python3
"""Days pass in seconds: every node of a test reads its time from --virtual-clock."""
import time

import harness

MINUTE, HOUR = 60_000, 3_600_000


class ClockCase(harness.VirtualCase):
    def with_key_of_bob(self, *more_relays):
        """A relay and Alice, who has Bob's key from before; Bob is away."""
        relay = self.relay(virtual_clock=True)
        others = [r.endpoint for r in more_relays]
        alice = self.chat("alice", relay.endpoint, *others, virtual_clock=True)
        bob = self.chat("bob", relay.endpoint, virtual_clock=True)
        alice.send(bob.address, "hello", "k")
        self.assertAdvances(5 * MINUTE, relay, alice, bob, *more_relays, what="delivery on virtual time",
                            until=lambda: self.has_state(alice, "k", "delivered"))
        # A mailbox is granted thereupon.
        self.assertAdvances(5 * MINUTE, relay, alice, bob, *more_relays, step=1000, what="nothing is left to deliver",
                            until=lambda: all(self.newest(r)["live"] == 0 and self.newest(r).get("acknowledged") == 2
                                              for r in (relay, *more_relays)))
        address = bob.address
        bob.terminate()
        return relay, alice, address


class Minutes(ClockCase):
    def test_time_stands_still_without_ticks(self):
        relay = self.relay(virtual_clock=True)
        alice = self.chat("alice", relay.endpoint, virtual_clock=True)
        alice.send(self.address_of("bob"), "hello", "r")
        alice.state("r", "needs_key")
        lines = len(alice.events)
        time.sleep(2)
        self.assertEqual(alice.events[lines:], [])

    def test_a_relay_that_slept_through_the_acknowledgement(self):
        """It holds a copy when it comes back, offers it, and is told: every copy is gone in the end."""
        late = self.relay(name="late", virtual_clock=True)
        endpoint = late.endpoint
        relay, alice, bob_address = self.with_key_of_bob(late)
        alice.send(bob_address, "kept twice", "r")
        self.assertAdvances(MINUTE, relay, alice, late, what="on both relays",
                            until=lambda: self.newest(late)["live"] == 1 and self.newest(relay)["live"] == 1)
        late.kill()
        bob = self.chat("bob", relay.endpoint, name="bob again", virtual_clock=True)
        self.assertAdvances(MINUTE, relay, alice, bob, what="delivered",
                            until=lambda: self.has_state(alice, "r", "delivered"))
        bob.terminate()
        late = self.relay(relay.endpoint, name="late", listen=endpoint, virtual_clock=True)
        late.ready
        # By offering its copy, or by reconciling with the other relay as soon as they meet.
        self.assertAdvances(90 * MINUTE, relay, alice, late, step=5000, what="every copy is gone",  # reports come once a second
                            until=lambda: late.find("store") and self.newest(late)["live"] == 0 and self.newest(relay)["live"] == 0)

    def test_collecting_ends_the_backoff(self):
        """Hours of waiting later, the message comes as soon as its owner collects."""
        relay, alice, bob_address = self.with_key_of_bob()
        alice.send(bob_address, "patience", "r")
        self.assertAdvances(MINUTE, relay, alice, what="relayed", until=lambda: self.has_state(alice, "r", "relayed"))
        self.advance(2 * HOUR, relay, alice, step=MINUTE)
        bob = self.chat("bob", relay.endpoint, name="bob again", virtual_clock=True)
        self.assertAdvances(30_000, relay, alice, bob, what="received soon after collecting",
                            until=lambda: bob.find("received", text="patience"))
        self.assertAdvances(MINUTE, relay, alice, bob, what="delivered", until=lambda: self.has_state(alice, "r", "delivered"))


class Days(ClockCase):
    def test_an_expired_message_is_dropped_and_shown(self):
        relay, alice, bob_address = self.with_key_of_bob()
        alice.send(bob_address, "never read", "r")
        self.assertAdvances(MINUTE, relay, alice, what="relayed", until=lambda: self.has_state(alice, "r", "relayed"))
        uid = alice.find("state", ref="r")["uid"]
        alice.terminate()
        self.advance(2000, relay, step=500)
        self.assertEqual(self.newest(relay)["live"], 1)
        # The relay alone: kept for the whole lifetime, gone two hours after.
        self.assertFalse(self.advance(167 * HOUR, relay, step=HOUR, until=lambda: self.newest(relay)["live"] == 0))
        self.assertAdvances(4 * HOUR, relay, step=10 * MINUTE, what="dropped", until=lambda: self.newest(relay)["live"] == 0)
        # The sender alone, on a clock of its own.
        alice = self.chat("alice", name="alice again", virtual_clock=True)
        alice.ready
        self.assertFalse(self.advance(167 * HOUR, alice, step=HOUR,
                                      until=lambda: alice.find("state", uid=uid, state="expired")), "expired too early")
        self.assertAdvances(2 * HOUR, alice, step=10 * MINUTE, what="shown as expired",
                            until=lambda: alice.find("state", uid=uid, state="expired"))

    def test_a_message_without_a_key_expires(self):
        alice = self.chat("alice", virtual_clock=True)
        alice.send(self.address_of("nobody"), "hello?", "r")
        alice.state("r", "needs_key")
        self.assertAdvances(169 * HOUR, alice, step=HOUR, what="expired", until=lambda: self.has_state(alice, "r", "expired"))


if __name__ == "__main__":
    harness.main()
