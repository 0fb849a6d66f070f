#!/usr/bin/python3
"""Scenarios 11 to 14: what happens to a message is shown, kept over kills, and never goes backwards."""
import os
import signal
import time

import crowd
from terminal import TuiCase, harness


class Delivery(TuiCase):
    def known_bob(self, alice, *endpoints):
        """Bob as a contact whose key is known; he is away afterwards."""
        bob = self.chat("bob", *endpoints)
        alice.enter(f"/add {bob.address} bob")
        alice.enter("/query bob")
        alice.wait("[bob]> ")
        alice.enter("hello")
        alice.wait_row("hello", "✓")
        self.assertEqual(bob.quit(), 0)

    def test_11_killed_with_a_message_that_nobody_took(self):
        listen = f"127.0.0.1:{harness.free_port()}"
        relay = self.relay(listen=listen)
        relay.ready
        alice = self.terminal(listen)
        self.known_bob(alice, listen)
        relay.kill()
        alice.enter("kept on disk")
        alice.wait_row("kept on disk", "~")
        alice.signal(signal.SIGKILL)
        self.assertEqual(alice.exit_code(), -signal.SIGKILL)
        alice = self.terminal(listen, name="alice again")
        alice.enter("/query bob")
        alice.wait_row("kept on disk", "~")
        self.relay(listen=listen).ready
        alice.wait_row("kept on disk", "^1", timeout=60)
        bob = self.chat("bob", listen, name="bob again")
        alice.wait_row("kept on disk", "✓", timeout=60)
        self.assertEqual(bob.count("received", text="kept on disk"), 1)
        self.assertEqual(alice.quit(), 0)

    def test_12_read_later(self):
        relays = self.relays()
        network = [r.endpoint for r in relays]
        alice = self.terminal(*network, rows=40, columns=120)
        self.known_bob(alice, *network)
        alice.enter("while you were away")
        alice.wait_row("while you were away", "^3")
        # The pane at the right says who holds it and what comes next.
        for relay in relays:
            alice.wait(f"{relay.ready['node_id'][:4]}.. ")
        alice.wait_row("ack", "none yet")
        alice.wait_row("expires", time.strftime("%d %b", time.localtime(time.time() + 7 * 86_400)).lstrip("0"))
        alice.wait_row("next try in")
        bob = self.chat("bob", *network, name="bob again")
        bob.wait("received", text="while you were away")
        alice.wait_row("while you were away", "✓")
        alice.wait_row("state", "received by bob")
        self.assertEqual(bob.count("received"), 1)

    def test_14_a_late_stored_does_not_take_the_mark_back(self):
        relays = self.relays()
        network = [r.endpoint for r in relays]
        bob = self.chat("bob", network[0])
        bob.ready
        alice = self.terminal(*network)
        alice.wait("3 relays")
        alice.enter(f"{bob.address} hello")
        alice.wait_row("hello", "✓")
        os.kill(relays[2].pid, signal.SIGSTOP)
        alice.enter("stays received")
        alice.wait_row("stays received", "✓")
        seen = len(alice.bytes)
        os.kill(relays[2].pid, signal.SIGCONT)  # its Stored comes after the acknowledgement
        time.sleep(3)
        self.assertIn("✓", alice.wait_row("stays received"))
        self.assertNotIn(b"^", alice.bytes[seen:])

    def advance_until(self, condition, what, *processes, step=500, limit=60_000):
        """Moves everybody's clock on, step by step."""
        for _ in range(0, limit, step):
            if condition():
                return
            for process in processes:
                process.tick(step)
            for process in processes:
                if hasattr(process, "ticked"):
                    process.ticked()
            time.sleep(0.05)
        processes[-1].wait_until(condition, what)  # a terminal says nothing when it has worked a tick off

    def test_13_received_in_time_and_learnt_late(self):
        relay = self.relay(virtual_clock=True)
        alice = self.terminal(relay.endpoint, virtual_clock=True)
        bob = self.chat("bob", relay.endpoint, virtual_clock=True)
        bob.ready
        alice.enter(f"/add {bob.address} bob")
        alice.enter("/query bob")
        alice.wait("[bob]> ")
        alice.enter("hello")
        self.advance_until(lambda: alice.row_with("hello") and "✓" in alice.rows()[alice.row_with("hello")], "delivered",
                           relay, bob, alice)
        bob.terminate()
        alice.enter("/ttl 30m")
        alice.wait("30 minutes")
        alice.enter("in time")
        self.advance_until(lambda: "^1" in alice.text(), "on the relay", relay, alice)
        # Somebody with Bob's secret reads it now, and acknowledges when its time has run out.
        text, record = crowd.read_without_acknowledging(relay.endpoint, "bob")
        self.assertEqual(text, "in time")
        self.advance_until(lambda: "✗" in alice.wait_row("in time"), "expired", relay, alice, step=60_000, limit=50 * 60_000)
        alice.wait("/retry")
        self.assertShows(alice, "1 failed")
        link = crowd.acknowledge(relay.endpoint, record)
        self.addCleanup(link.close)
        self.advance_until(lambda: "(late)" in alice.wait_row("in time"), "known to be received", relay, alice, step=1000)
        self.assertIn("✓ (late)", alice.wait_row("in time"))
        alice.wait_gone("1 failed")


if __name__ == "__main__":
    harness.main()
