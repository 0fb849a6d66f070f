#!/usr/bin/python3
"""Days pass in seconds: every node of a test reads its time from --virtual-clock."""
import time

import harness

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


class Clock(harness.Case):
    def advance(self, milliseconds, *processes, step=1000, until=None, pause=0.02):
        """Moves all clocks together; true as soon as `until` holds."""
        passed = 0
        while passed < milliseconds:
            if until and until():
                return True
            for process in processes:
                if process.running():
                    process.tick(step)
            passed += step
            time.sleep(pause)
        return bool(until and self.settled(until))

    def settled(self, condition, seconds=3):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return True
            time.sleep(0.05)
        return False

    def with_key_of_bob(self):
        """A relay and Alice, who has Bob's key from before; Bob is away."""
        relay = self.relay(virtual_clock=True)
        alice = self.chat("alice", relay.endpoint, virtual_clock=True)
        bob = self.chat("bob", relay.endpoint, virtual_clock=True)
        alice.send(bob.address, "hello", "k")
        self.assertTrue(self.advance(5 * MINUTE, relay, alice, bob, step=200,
                                     until=lambda: alice.find("state", state="delivered")), "no delivery on virtual time")
        address = bob.address
        bob.terminate()
        return relay, alice, address

    def test_time_stands_still_without_ticks(self):
        relay = self.relay(virtual_clock=True)
        alice = self.chat("alice", relay.endpoint, virtual_clock=True)
        alice.send(self.address_of("bob"), "hello", "r")
        alice.state("r", "needs_key")
        lines = len(alice.events)
        time.sleep(2)
        self.assertLessEqual(len([e for e in alice.events[lines:] if e["ev"] != "ticked"]), 1)

    def test_an_expired_message_is_shown_and_dropped(self):
        relay, alice, bob_address = self.with_key_of_bob()
        alice.send(bob_address, "never read", "r")
        self.assertTrue(self.advance(MINUTE, relay, alice, step=200,
                                     until=lambda: alice.find("state", ref="r") and
                                     alice.find("state", uid=alice.find("state", ref="r")["uid"], state="relayed")))
        uid = alice.find("state", ref="r")["uid"]
        relay.store(live=1)
        self.assertFalse(self.advance(6 * DAY, relay, alice, step=HOUR,
                                      until=lambda: alice.find("state", uid=uid, state="expired")), "expired a day early")
        relay.store(live=1)
        self.assertTrue(self.advance(2 * DAY, relay, alice, step=HOUR,
                                     until=lambda: alice.find("state", uid=uid, state="expired")), "never shown as expired")
        self.advance(4 * HOUR, relay, alice, step=10 * MINUTE)
        relay.store(live=0)
        bob = self.chat("bob", relay.endpoint, name="bob, too late", virtual_clock=True)
        bob.ready
        bob.tick(8 * DAY + 4 * HOUR)
        self.advance(MINUTE, relay, alice, bob, step=500)
        self.assertEqual(bob.count("received", text="never read"), 0)

    def test_a_message_without_a_key_expires(self):
        relay = self.relay(virtual_clock=True)
        alice = self.chat("alice", relay.endpoint, virtual_clock=True)
        alice.send(self.address_of("nobody"), "hello?", "r")
        uid = alice.state("r", "needs_key")["uid"]
        self.assertTrue(self.advance(8 * DAY, relay, alice, step=HOUR,
                                     until=lambda: alice.find("state", uid=uid, state="expired")))


if __name__ == "__main__":
    harness.main()
