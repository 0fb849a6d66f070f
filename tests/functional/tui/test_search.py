#!/usr/bin/python3
"""Scenario 25: a history of a hundred thousand messages is searched, and a page that is being read does not jump while
messages arrive. (Time and memory are the benchmark's.)"""
from terminal import TuiCase, harness

MESSAGES, NOTES = 2_000, 98_000  # to a contact, and to oneself: those need no network


class Search(TuiCase):
    def test_25_search_and_scroll(self):
        relay, = self.relays(1)
        bob = self.chat("bob", relay.endpoint)
        writer = self.chat(self.SECRET, relay.endpoint)
        for number in range(MESSAGES):
            word = "haystack" if number != 137 else "needle-137"
            writer.send(bob.address, f"{word} {number:05}", number)
        own_address = self.own_address()
        for number in range(NOTES):
            writer.send(own_address, f"straw {number:05}", f"n{number}")
        writer.wait_count(MESSAGES + NOTES, "state", 300, state="delivered")
        self.assertEqual(writer.quit(), 0)
        alice = self.terminal(relay.endpoint)
        alice.keys("C-f")
        alice.wait("SEARCH")
        alice.enter("needle")
        alice.wait("1 found", 60)
        alice.wait_row("needle-137")
        alice.keys("Enter")
        alice.wait_row("needle-137 00137", "✓")
        self.assertShows(alice, "haystack 00136", "haystack 00138")
        # Reading old messages while new ones come: the rows stay where they are.
        page = [row[21:] for row in alice.rows()[2:18]]
        for number in range(20):
            bob.send(own_address, f"arrives {number}", f"a{number}")
        bob.wait_until(lambda: bob.count("state", state="delivered") >= 20, what="all twenty are delivered")
        alice.wait("(20)")  # unread, in the sidebar
        alice.wait("20 new below")
        alice.settle()
        self.assertEqual([row[21:] for row in alice.rows()[2:18]], page)
        alice.keys("C-End")
        alice.wait("arrives 19")
        alice.keys("C-Home")
        alice.wait("haystack 00000")


if __name__ == "__main__":
    harness.main()
