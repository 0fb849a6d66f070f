#!/usr/bin/python3
"""Scenarios 15 to 17: keys that conflict, addresses compared, strangers in numbers."""
import re
import shutil
import time

import mnemonic

import crowd
from terminal import TuiCase, harness, short


class People(TuiCase):
    def words_of(self, address):
        return mnemonic.Mnemonic("english").to_mnemonic(bytes.fromhex(address)).split()

    def assertWords(self, screen, words):
        """All of them, numbered, in their places."""
        seen = {int(n): w for n, w in re.findall(r"\b(\d{1,2}) ([a-z]{3,8})\b", screen.text())}
        self.assertEqual([seen.get(n) for n in range(1, 16)], words, screen.text())

    def published(self, bob, relay):
        for _ in range(300):  # the relay's clock is the real one
            if self.newest(relay).get("records", 0) >= 1:
                return
            bob.tick(300)
            bob.ticked()
            time.sleep(0.1)
        self.fail("its record is not published")

    def test_15_two_machines_with_one_key(self):
        one, other = self.relay(name="one"), self.relay(name="other")  # they do not know each other
        done = self.run_comm("identity", "new", "--profile", "bob", "--no-passphrase")
        address = done.stdout.decode().split()[0]
        home = self.home / "data/comm"
        (home / "copied").mkdir(mode=0o700)
        shutil.copy(home / "bob/identity.key", home / "copied/identity.key")
        self.environment["COMM_VIRTUAL_START_MS"] = str(int(time.time() * 1000))
        for profile, relay in (("bob", one), ("copied", other)):
            bob = self.start(["--profile", profile, "--json", "--params", "test", "--listen", harness.LOOPBACK, "--bootstrap",
                              relay.endpoint], profile, virtual_clock=True)
            bob.ready
            self.published(bob, relay)
            bob.terminate()
        del self.environment["COMM_VIRTUAL_START_MS"]
        alice = self.terminal(one.endpoint, other.endpoint)
        alice.wait("2 relays")
        alice.enter(f"/add {address} bob")
        alice.enter("/query bob")
        alice.enter("is it you?")
        alice.wait("Two different key records of the same number", 60)
        self.assertShows(alice, "in use")
        alice.wait_row("is it you?", "^")
        self.assertEqual(alice.quit(), 0)

    def test_16_verified_by_comparing_words(self):
        relay, = self.relays(1)
        alice = self.terminal(relay.endpoint, name="alice")
        bob = self.terminal(relay.endpoint, secret="the-secret-of-bob-0815", name="bob")
        addresses = {alice: self.own_address(), bob: self.address_of("the-secret-of-bob-0815")}
        for me, you in ((alice, bob), (bob, alice)):
            me.enter(f"/add {addresses[you]} friend")
            me.enter("/query friend")
            me.wait("[friend]> ")
            me.enter("/verify")
            me.wait("ADDRESS OF friend")
            you.enter("/me")
            you.wait("YOUR ADDRESS")
            for screen in (me, you):
                self.assertWords(screen, self.words_of(addresses[you]))
                self.assertIn(addresses[you], screen.beside_qr())
            you.keys("Esc")
            you.wait_gone("YOUR ADDRESS")
            me.enter("/verify ok")
            me.wait("[verified]")
            me.keys("Esc")

    def test_17_five_hundred_strangers(self):
        relay, = self.relays(1)
        alice = self.terminal(relay.endpoint)
        addresses = crowd.write_as_strangers(relay.endpoint, self.SECRET, 500)
        alice.wait("500 requests", 120)
        sidebar = [row[:20] for row in alice.rows()]
        heading = next(i for i, row in enumerate(sidebar) if "REQUESTS" in row)
        self.assertIn("500", sidebar[heading + 1])
        self.assertEqual("".join(sidebar[heading + 2:20]).replace("-", "").strip(), "", alice.text())
        alice.enter("/requests")
        alice.wait("Enter opens one")
        alice.keys("Esc")
        alice.wait_gone("Enter opens one")
        alice.enter(f"/block {addresses[0]}")
        alice.wait("499 requests")
        alice.enter(f"/query {addresses[1]}")
        alice.wait("stranger 1")
        alice.enter("/accept stranger-one")
        alice.wait("498 requests")
        alice.wait("[stranger-one]> ")


if __name__ == "__main__":
    harness.main()
