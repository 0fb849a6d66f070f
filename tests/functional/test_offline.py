#!/usr/bin/python3
"""The main job: the recipient is offline, the sender leaves, relays are killed and restarted, nothing is lost and
nothing is shown twice."""
import harness


class Offline(harness.Case):
    def restarted(self, relay, **options):
        """The relay, killed without warning, again on the same port and data."""
        endpoint = relay.endpoint
        relay.kill()
        again = self.relay(name=relay.name, listen=endpoint, **options)
        self.assertEqual(again.endpoint, endpoint)
        return again

    def test_recipient_offline_sender_leaves_relay_killed(self):
        relay = self.relay()
        bob_address = self.publish("bob", relay.endpoint)
        alice = self.chat("alice", relay.endpoint)
        alice.send(bob_address, "for later", "r")
        relayed = alice.state("r", "relayed")
        self.assertEqual(relayed["relays"], 1)
        self.assertEqual(alice.quit(), 0)
        relay = self.restarted(relay)
        relay.store(live=1)
        bob = self.chat("bob", relay.endpoint, name="bob again")
        received = bob.wait("received", text="for later")
        self.assertEqual(received["uid"], relayed["uid"])
        relay.store(live=0)
        self.assertEqual(bob.quit(), 0)
        relay = self.restarted(relay)
        alice = self.chat("alice", relay.endpoint, name="alice again")
        alice.wait("state", uid=relayed["uid"], state="delivered")
        bob = self.chat("bob", relay.endpoint, name="bob a third time")
        alice.send(bob.address, "second", "second")
        bob.wait("received", text="second")
        self.assertEqual(bob.count("received"), 1, "a message was shown again after a restart")

    def test_through_a_chain_of_relays(self):
        """Alice knows the first relay only, Bob the last; the message crosses while neither end is there."""
        first = self.relay(name="first")
        second = self.relay(first.endpoint, name="second")
        third = self.relay(second.endpoint, name="third")
        bob_address = self.publish("bob", third.endpoint)
        alice = self.chat("alice", first.endpoint)
        alice.send(bob_address, "across", "r")
        alice.wait("state", uid=alice.state("r", "relayed")["uid"], relays=3)
        self.assertEqual(alice.quit(), 0)
        first.kill()
        bob = self.chat("bob", third.endpoint, name="bob again")
        bob.wait("received", text="across")
        for relay in (second, third):
            relay.store(live=0)
        alice = self.chat("alice", second.endpoint, name="alice again")
        alice.wait("state", 60, state="delivered")

    def test_acknowledged_messages_stay_gone(self):
        """A relay that slept through the acknowledgement offers the message again and is answered with the ack."""
        relay, late = self.relay(name="relay"), self.relay(name="late")
        endpoint = late.endpoint
        alice = self.chat("alice", relay.endpoint, endpoint)
        bob = self.chat("bob", relay.endpoint)
        alice.send(bob.address, "key exchange", "k")
        alice.state("k", "delivered")
        late.store(live=0, acknowledged=2)  # the text, and the mailbox that Bob was granted thereupon
        self.assertEqual(bob.quit(), 0)
        alice.send(bob.address, "held twice", "r")
        alice.wait("state", uid=alice.state("r", "relayed")["uid"], relays=2)
        late.store(live=1)
        late.kill()  # it sleeps through the acknowledgement
        bob = self.chat("bob", relay.endpoint, name="bob again")
        bob.wait("received", text="held twice")
        alice.state("r", "delivered")
        relay.store(live=0)
        # It comes back with its copy and meets the owner, who answers its offer with the ack, and shows nothing.
        self.assertEqual(bob.quit(), 0)
        late = self.relay(relay.endpoint, name="late", listen=endpoint)
        bob = self.chat("bob", relay.endpoint, endpoint, name="bob a third time")
        late.store(live=0, timeout=60)
        relay.store(live=0)
        alice.send(bob.address, "new", "new")
        bob.wait("received", text="new")
        self.assertEqual(bob.count("received"), 1)

    def test_sender_killed_after_relayed(self):
        relay = self.relay()
        bob_address = self.publish("bob", relay.endpoint)
        alice = self.chat("alice", relay.endpoint)
        alice.send(bob_address, "from the dead", "r")
        uid = alice.state("r", "relayed")["uid"]
        alice.kill()
        bob = self.chat("bob", relay.endpoint, name="bob again")
        bob.wait("received", text="from the dead")
        alice = self.chat("alice", relay.endpoint, name="alice again")
        alice.wait("state", uid=uid, state="delivered")

    def test_recipient_killed_right_after_receiving(self):
        """What was shown is durable and is not shown again; its acknowledgement is sent in the end."""
        relay = self.relay()
        alice = self.chat("alice", relay.endpoint)
        bob = self.chat("bob", relay.endpoint)
        alice.send(bob.address, "first", "1")
        alice.state("1", "delivered")
        alice.send(bob.address, "second", "2")
        bob.wait("received", text="second")
        bob.kill()
        bob = self.chat("bob", relay.endpoint, name="bob again")
        alice.state("2", "delivered", 60)
        relay.store(live=0)
        self.assertEqual(bob.count("received"), 0)

    def test_no_relay_at_first(self):
        """Sealed and kept while there is nobody to take it; relayed and delivered when a relay appears."""
        relay = self.relay()
        endpoint = relay.endpoint
        alice = self.chat("alice", endpoint)
        bob = self.chat("bob", endpoint)
        alice.send(bob.address, "key exchange", "k")
        alice.state("k", "delivered")
        self.assertEqual(bob.quit(), 0)
        self.assertEqual(alice.quit(), 0)
        self.assertEqual(relay.terminate(), 0)
        alice = self.chat("alice", endpoint, name="alice alone")
        alice.send(bob.address, "kept", "r")
        uid = alice.state("r", "queued")["uid"]
        alice.kill()
        alice = self.chat("alice", endpoint, name="alice again")
        relay = self.relay(name="relay", listen=endpoint)
        bob = self.chat("bob", endpoint, name="bob again")
        bob.wait("received", 60, text="kept")
        alice.wait("state", 60, uid=uid, state="delivered")
        self.assertEqual(bob.count("received", text="kept"), 1)


class Keys(harness.Case):
    def test_needs_key_until_the_key_appears(self):
        relay = self.relay()
        alice = self.chat("alice", relay.endpoint)
        bob_address = self.address_of("bob")
        alice.send(bob_address, "who are you?", "r")
        uid = alice.state("r", "needs_key")["uid"]
        self.assertEqual(alice.states(uid), ["needs_key"])
        bob = self.chat("bob", relay.endpoint)
        bob.wait("received", 60, text="who are you?")
        alice.wait("state", 60, uid=uid, state="delivered")
        self.assertRising(alice.states(uid))

    def test_needs_key_survives_a_restart_of_the_sender(self):
        relay = self.relay()
        alice = self.chat("alice", relay.endpoint)
        alice.send(self.address_of("bob"), "waiting", "r")
        uid = alice.state("r", "needs_key")["uid"]
        alice.kill()
        bob = self.chat("bob", relay.endpoint)
        bob.ready
        alice = self.chat("alice", relay.endpoint, name="alice again")
        bob.wait("received", 60, text="waiting")
        alice.wait("state", 60, uid=uid, state="delivered")


if __name__ == "__main__":
    harness.main()
