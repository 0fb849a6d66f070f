#!/usr/bin/python3
"""Scenarios 1, 2 and 30: the wizard; no identity and no terminal; what help, QR code and switcher look like at 80x24."""
import fcntl
import re
import subprocess

from terminal import TuiCase, columns_of, harness, short


def picture(rows, scale=4):
    """Half blocks of the screen as a grey picture (PGM): what is drawn is light."""
    light = []
    for row in rows:
        light.append([c in "\u2588\u2580" for c in row])
        light.append([c in "\u2588\u2584" for c in row])
    lines = [bytes(255 if cell else 0 for cell in line for _ in range(scale)) * scale for line in light]
    return b"P5 %d %d 255\n" % (len(light[0]) * scale, len(light) * scale) + b"".join(lines)


def decoded(file, rows):
    """What a decoder reads out of the code in these rows."""
    code = [row[:33] for row in rows if row[:33].strip(" \u2588\u2580\u2584") == "" and row[:33].strip()]
    file.write_bytes(picture(code))
    return subprocess.run(["zbarimg", "--quiet", "--raw", str(file)], capture_output=True, timeout=harness.PATIENCE,
                          check=False).stdout.decode().strip()


class FirstRun(TuiCase):
    def answer(self, alice, title, text):
        """Waits for a page of the wizard and answers it."""
        alice.wait(title)
        alice.enter(text)

    def wizard(self):
        return self.terminal(secret=None, wait=False)

    def test_01_the_whole_wizard(self):
        relay, = self.relays(1)
        alice = self.wizard()
        alice.wait("1/6  A new identity")
        alice.type("1")
        alice.wait("2/6  Passphrase")
        self.answer(alice, "Passphrase: ", "short")
        alice.wait("Too short")
        for question in ("Passphrase: ", "Again: "):
            self.answer(alice, question, "typed-in-the-dark")
        self.answer(alice, "3/6  Name", "Alice")
        self.answer(alice, "4/6  First relay", "nonsense")
        alice.wait("HOST:PORT is expected")
        alice.keys("C-u")
        alice.enter(relay.endpoint)
        alice.wait("5/6  Your address")
        address = alice.wait_until(lambda: re.search(r"\b[0-9a-f]{40}\b", alice.text()), "the address").group()
        alice.settle()
        self.assertEqual(decoded(self.home / "qr.pgm", alice.rows()), "COMM:" + address.upper(), alice.text())
        self.assertFalse((self.home / "data/comm/default/identity.key").exists())
        alice.keys("Enter")
        alice.wait("6/6  Recovery words")
        alice.wait("24 ")
        words = {int(n): w for n, w in re.findall(r"\b(\d{1,2}) ([a-z]{3,8})\b", alice.text())}
        self.assertEqual(sorted(words), list(range(1, 25)), alice.text())
        alice.keys("Enter")
        self.answer(alice, "Which word is number", "wrong")
        alice.wait("That is not word")
        alice.keys("Enter")
        alice.wait("Which word is number")
        asked = int(re.search(r"number (\d+)\?", alice.text()).group(1))
        alice.enter(words[asked])
        alice.wait("Enter send")
        alice.wait(short(address))
        self.assertShows(alice, "Alice", "/add")
        alice.wait("1 relay")
        home = self.home / "data/comm/default"
        self.assertEqual(home.stat().st_mode & 0o777, 0o700)
        for path in home.rglob("*"):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)
        self.assertEqual(alice.quit(), 0)
        alice.assert_restored()
        self.assertNotIn(b"in-the-dark", alice.bytes)
        for secret in (" ".join(words[n] for n in (1, 2, 3)), "typed-in-the-dark"):
            for path in self.home.rglob("*"):
                if path.is_file():
                    self.assertNotIn(secret.encode(), path.read_bytes(), path)
        # The second start asks for the passphrase alone.
        alice = self.wizard()
        alice.wait("Passphrase of")
        alice.wait_until(lambda: not alice.child.getecho(), "no echo")
        alice.enter("typed-in-the-dark")
        alice.wait("Enter send")
        self.assertShows(alice, short(address))
        self.assertNotIn(b"in-the-dark", alice.bytes)

    def test_01_import_by_words(self):
        made = self.run_comm("identity", "new", "--profile", "before", "--no-passphrase")
        address = made.stdout.decode().split()[0]
        words = self.run_comm("identity", "export", "--words", "--profile", "before").stdout.decode().split()
        alice = self.wizard()
        alice.wait("1/6  A new identity")
        alice.type("2")
        alice.wait("1/5  Recovery words")
        alice.paste(" ".join(["nosuchword", *words[1:]]))
        alice.keys("Enter")
        alice.wait("Word 1 is not in the list")
        alice.keys("C-u")
        alice.paste(" ".join(words))
        alice.keys("Enter")
        self.answer(alice, "2/5  Passphrase", "")
        alice.wait("[y/N]")
        alice.type("y")
        self.answer(alice, "3/5  Name", "")
        self.answer(alice, "4/5  First relay", "")
        alice.wait(address)
        alice.keys("Enter")
        alice.wait("Enter send")
        self.assertShows(alice, short(address))

    def test_01_given_up(self):
        alice = self.wizard()
        alice.wait("1/6  A new identity")
        alice.keys("C-c")
        self.assertEqual(alice.exit_code(), 78)
        alice.assert_restored()
        self.assertFalse((self.home / "data/comm/default").exists())

    def test_a_directory_in_use_is_said_before_the_questions(self):
        home = self.home / "data/comm/default"
        home.mkdir(parents=True)
        with open(home / "LOCK", "w") as lock:
            lock.write("4711 comm identity\n")
            lock.flush()
            fcntl.flock(lock, fcntl.LOCK_EX)
            alice = self.wizard()
            self.assertEqual(alice.exit_code(), 73)
        self.assertIn("4711", alice.text())
        self.assertNotIn(b"1/6", alice.bytes)

    def test_02_on_a_pipe(self):
        done = self.run_comm()
        self.assertEqual((done.returncode, done.stdout), (78, b""))
        self.assertIn(f"{harness.COMM} identity new".encode(), done.stderr)
        self.assertIn(b"--passphrase-fd", done.stderr)
        self.assertNotIn(b"\x1b", done.stderr)


class Overlays(TuiCase):
    def setUp(self):
        super().setUp()
        self.network = self.relays(1)
        self.alice = self.terminal(self.network[0].endpoint)

    def test_30_help(self):
        self.alice.enter("/help")
        self.alice.wait("HELP")
        seen = []
        for _ in range(40):
            for row in self.alice.rows()[1:-3]:
                if row.strip() and row.rstrip() not in seen:
                    seen.append(row.rstrip())
            before = self.alice.text()
            self.alice.keys("PgDn")
            self.alice.settle(0.2)
            if self.alice.text() == before:
                break
        whole = "\n".join(seen)
        for command in ("/help", "/me", "/add", "/verify", "/search", "/quit", "M-a", "C-k", "C-f"):
            self.assertIn(command, whole)
        for row in seen:
            self.assertLessEqual(columns_of(row), 80)
        self.alice.keys("Esc")
        self.alice.wait_gone("HELP")
        self.alice.enter("/help verify")
        self.alice.wait("/verify ok")

    def test_30_qr_decodes(self):
        address = self.own_address()
        self.alice.enter("/me")
        self.alice.wait("YOUR ADDRESS")
        self.alice.settle()
        self.assertEqual(decoded(self.home / "qr.pgm", self.alice.rows()), "COMM:" + address.upper(), self.alice.text())
        self.assertIn(address, self.alice.beside_qr())

    def test_30_switcher(self):
        for name in ("bob", "carol", "dave"):
            self.alice.enter(f"/add {self.address_of(name)} {name}")
        self.alice.wait("dave")
        self.alice.keys("C-k")
        self.alice.wait("SWITCH TO")
        self.assertShows(self.alice, "bob", "carol", "dave", "home")
        self.alice.type("car")
        self.alice.wait_gone("dave")
        self.alice.keys("Enter")
        self.alice.wait("[carol]> ")
        self.alice.keys("M-1")
        self.alice.wait("[bob]> ")


if __name__ == "__main__":
    harness.main()
