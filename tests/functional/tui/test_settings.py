#!/usr/bin/python3
"""Beyond the scenarios: the editor of one's choice, copying, the settings that a file makes, and being alone."""
import base64
import os
import socket

from terminal import BobCase, TuiCase, harness, short

EDITOR = """#!/bin/sh
stat -c '%a %n' "$1" > "{seen}"
printf ', edited\\nin two lines\\n' >> "$1"
exit {code}
"""


class Tools(BobCase):
    def edit(self, code):
        """A draft goes through an editor that ends with `code`; (the terminal, what the editor saw of its file)."""
        script, seen = self.home / "editor", self.home / "seen"
        script.write_text(EDITOR.format(seen=seen, code=code))
        script.chmod(0o700)
        alice = self.open(env={"EDITOR": str(script), "VISUAL": ""})
        alice.type("a draft")
        alice.wait("[bob]> a draft")
        alice.keys("M-e")
        alice.wait_until(seen.exists, "the editor has run")
        alice.wait("edited" if code == 0 else "The editor failed")
        mode, path = seen.read_text().split()
        self.assertEqual(mode, "600")
        self.assertFalse(os.path.exists(path), "the editor's file stays")
        self.assertEqual([e for e in list(self.bob.events) if e.get("ev") == "received"], [])
        return alice

    def test_editor(self):
        alice = self.edit(0)
        alice.wait("[bob]> a draft, edited")
        alice.keys("Enter")
        self.bob.wait("received", text="a draft, edited\nin two lines")
        self.assertEqual(alice.quit(), 0)
        alice.assert_restored()

    def test_editor_that_fails(self):
        alice = self.edit(3)
        alice.wait("[bob]> a draft")
        self.assertNotIn("edited", alice.draft())

    def test_copy(self):
        alice = self.open()
        checked = self.run_comm("address", "-", input=self.SECRET.encode()).stdout.decode().split()
        bech32m = next(word for word in checked if word.startswith("comm1"))
        self.assertNotIn(b"\x1b]52;", alice.bytes)
        alice.enter("/copy me")
        alice.wait("Asked the terminal to copy your address.")
        self.assertIn(b"\x1b]52;c;" + base64.b64encode(bech32m.encode()) + b"\a", alice.bytes)

    def test_peers(self):
        alice = self.open()
        alice.enter("/peers")
        alice.wait("PEERS")
        node = self.network[0].ready["node_id"]
        alice.wait_row(short(node), self.network[0].endpoint, "relay", "dialled by us")
        alice.keys("Esc")
        alice.wait("[bob]> ")


class Settings(TuiCase):
    def configure(self, text):
        path = self.home / "config/comm/config.toml"
        path.parent.mkdir(parents=True)
        path.write_text(text)
        return path

    def test_keys_and_ui(self):
        self.configure('[ui]\nglyphs = "ascii"\nsidebar = 26\n[keys]\nswitcher = "C-g"\nhelp = ["F2", "C-t"]\n')
        relay, = self.relays(1)
        bob = self.chat("bob", relay.endpoint)
        alice = self.terminal(relay.endpoint)
        alice.enter(f"/add {bob.address} bob")
        alice.enter("/query bob")
        alice.enter("plain marks")
        alice.wait_row("plain marks", " +")
        self.assertNotIn("✓", alice.text())
        self.assertEqual({row[26] for row in alice.rows()[1:20]}, {"|"})
        alice.keys("C-k")
        alice.settle()
        self.assertNotIn("Type to choose", alice.text())
        alice.keys("C-g")
        alice.wait("Type to choose")
        alice.keys("Esc")
        alice.wait_gone("Type to choose")
        alice.keys("C-t")
        alice.wait("HELP")

    def test_unknown_key(self):
        for text, where in (('[ui]\nglyphs = "ascii"\n  sidebr = 20\n', ':3:3: unknown key "sidebr"; did you mean "sidebar"?'),
                            ('[keys]\nswitchr = "C-g"\n', ':2:1: ')):
            path = self.home / "config/comm/config.toml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            alice = self.terminal(wait=False, name="misconfigured")
            self.assertEqual(alice.exit_code(), 78)
            alice.wait_until(lambda: where in alice.text().replace("\n", ""), where)
            self.assertIn(str(path), alice.text().replace("\n", ""))
            self.assertNotIn(b"\x1b", alice.bytes)


class Alone(TuiCase):
    def nobody(self):
        """An address where nobody listens; kept from others while the test runs."""
        taken = socket.socket()
        taken.bind(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        return f"127.0.0.1:{taken.getsockname()[1]}"

    def test_screen(self):
        nobody = self.nobody()
        relay, = self.relays(1)
        alice = self.terminal(nobody, virtual_clock=True, columns=120)
        alice.tick(119_000)
        alice.settle()
        self.assertNotIn("No peers for", alice.text())
        alice.tick(2_000)
        alice.wait(f"No peers for 2m. Tried {nobody} (no answer). Messages are kept. /connect HOST:PORT")
        alice.enter(f"/connect {relay.endpoint}")
        alice.wait("1 peer")
        alice.wait_gone("No peers for")

    def test_plain(self):
        nobody = self.nobody()
        alice = self.terminal(nobody, "--plain", virtual_clock=True, columns=200, wait=False)
        alice.wait("you are")
        alice.tick(121_000)
        alice.wait(f"No peers for 2m. Tried {nobody} (no answer). Messages are kept. /connect HOST:PORT")
        alice.tick(600_000)
        alice.settle()
        self.assertEqual(alice.text().count("No peers for"), 1)


if __name__ == "__main__":
    harness.main()
