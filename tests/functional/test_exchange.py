#!/usr/bin/python3
"""Two people who know only one relay: delivered once, both ways, acknowledged, and no copy left behind."""
import harness


class Exchange(harness.Case):
    def talk(self, listen=harness.LOOPBACK, **options):
        relay = self.relay(listen=listen, **options)
        alice = self.chat("alice", relay.endpoint, listen=listen, **options)
        bob = self.chat("bob", relay.endpoint, listen=listen, **options)
        return relay, alice, bob

    def assertExchanged(self, sender, recipient, text, ref):
        sender.send(recipient.address, text, ref)
        received = recipient.wait("received", text=text)
        self.assertEqual(received["from"], sender.address)
        delivered = sender.state(ref, "delivered")
        self.assertEqual(received["uid"], delivered["uid"])
        self.assertRising(sender.states(delivered["uid"]))
        return received

    def test_both_ways_and_every_copy_gone(self):
        relay, alice, bob = self.talk()
        first = self.assertExchanged(alice, bob, "Hello Bob", "r1")
        self.assertTrue(first["request"], "a stranger's first message is a request")
        self.assertExchanged(bob, alice, "Hello Alice, grüße, 你好 👍", "r2")
        relay.store(live=0)
        self.assertEqual(relay.find("store", live=0) is not None, True)
        self.assertEqual((alice.count("received"), bob.count("received")), (1, 1))
        for process in (alice, bob):
            self.assertEqual(process.quit(), 0)
        self.assertEqual(relay.terminate(), 0)
        self.assertEqual([e for e in alice.events + bob.events + relay.events if e["ev"] == "not-json"], [])

    def test_the_first_event_is_ready(self):
        relay, alice, _ = self.talk()
        ready = alice.ready
        self.assertEqual(alice.events[0], ready)
        self.assertEqual(ready["v"], 1)
        self.assertRegex(ready["address"], r"^[0-9a-f]{40}$")
        self.assertRegex(ready["node_id"], r"^[0-9a-f]{40}$")
        self.assertRegex(ready["endpoint"], r":[1-9]\d*$")
        self.assertEqual(relay.events[0]["ev"], "ready")
        self.assertEqual(ready["address"], self.address_of("alice"))

    def test_ref_may_be_any_json_value(self):
        _, alice, bob = self.talk()
        for ref in (7, "text", {"a": [1, None]}, None, True):
            alice.send(bob.address, f"ref {ref!r}", ref)
            bob.wait("received", text=f"ref {ref!r}")
            alice.wait_until(lambda: any(e.get("ev") == "state" and e.get("ref") == ref for e in alice.events),
                             what=f"ref {ref!r}")

    def test_a_hundred_messages_arrive_once_each(self):
        relay, alice, bob = self.talk()
        for number in range(100):
            alice.send(bob.address, f"message {number}", number)
        bob.wait_until(lambda: bob.count("received") >= 100, 60, "100 messages")
        for number in range(100):
            alice.state(number, "delivered", 60)
        texts = [e["text"] for e in bob.events if e["ev"] == "received"]
        self.assertEqual(sorted(texts), sorted(f"message {n}" for n in range(100)))
        relay.store(live=0)

    def test_the_largest_text_and_one_byte_more(self):
        _, alice, bob = self.talk()
        largest = "ä" * (57344 // 2)
        alice.send(bob.address, largest, "largest")
        self.assertEqual(bob.wait("received")["text"], largest)
        alice.state("largest", "delivered")
        alice.send(bob.address, largest + "x", "larger")
        alice.wait("error")
        self.assertTrue(alice.running())

    def test_a_user_writes_to_themselves(self):
        _, alice, _ = self.talk()
        alice.send(alice.address, "a note", "note")
        alice.state("note", "delivered")
        self.assertTrue(alice.running())

    def test_ipv6(self):
        _, alice, bob = self.talk(listen="[::1]:0")
        self.assertRegex(alice.endpoint, r"^\[::1\]:\d+$")
        self.assertExchanged(alice, bob, "over IPv6", "six")
        self.assertExchanged(bob, alice, "and back", "back")

    def test_without_a_relay_between(self):
        """A client without a bootstrap waits for others to come to it."""
        alice = self.chat("alice")
        bob = self.chat("bob", alice.endpoint)
        self.assertExchanged(bob, alice, "direct", "r1")
        self.assertExchanged(alice, bob, "direct back", "r2")

    def test_a_bootstrap_that_is_down_is_retried_until_it_appears(self):
        port = harness.free_port()
        where = f"127.0.0.1:{port}"
        alice, bob = self.chat("alice", where), self.chat("bob", where)
        alice.send(bob.address, "early", "early")
        alice.state("early", "needs_key")
        self.relay(listen=where)
        bob.wait("received", 60, text="early")
        alice.state("early", "delivered")

    def test_another_network_name_does_not_connect(self):
        relay, alice, bob = self.talk()
        mallory = self.chat("mallory", relay.endpoint, extra=["--network", "elsewhere"])
        mallory.send(bob.address, "across", "across")
        self.assertExchanged(alice, bob, "within", "within")
        with self.assertRaises(AssertionError):
            mallory.wait("state", 4, ref="across", state="relayed")
        self.assertIsNone(bob.find("received", text="across"))
        carol = self.chat("carol", mallory.endpoint, extra=["--network", "elsewhere"])
        self.assertExchanged(mallory, carol, "among themselves", "ours")


if __name__ == "__main__":
    harness.main()
