#!/usr/bin/python3
"""`comm identity`: key files, recovery words, passphrases, profiles, the configuration, and the chat that uses them."""
import os
import shutil
import stat
import subprocess
import tempfile

import mnemonic
import pexpect

import harness
import sodium

ALEP = "06db9efe7cfe2a68af2280930189351762586201"
WORDS = mnemonic.Mnemonic("english")


class IdentityCase(harness.Case):
    def identity(self, *args, phrase=None, new_phrase=None, input=b"", env=None):
        """Runs `comm identity`; the passphrases come on descriptors of their own."""
        args, fds = ["identity", *[str(a) for a in args]], []
        for option, text in (("--passphrase-fd", phrase), ("--new-passphrase-fd", new_phrase)):
            if text is not None:
                fds.append(self.pipe(text))
                args += [option, str(fds[-1])]
        done = subprocess.run([harness.COMM, *args], input=input, capture_output=True, timeout=harness.PATIENCE,
                              pass_fds=fds, env={**self.environment, **(env or {})}, start_new_session=True, check=False)
        for fd in fds:
            os.close(fd)
        return done

    def pipe(self, text):
        read_end, write_end = os.pipe()
        os.write(write_end, text.encode() + b"\n")
        os.close(write_end)
        return read_end

    def made(self, *args, **options):
        """A new identity; returns its address."""
        done = self.identity("new", *(args or ([] if "phrase" in options else ["--no-passphrase"])), **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode().split()[0]

    def shown(self, *args):
        done = self.identity("show", *args)
        self.assertEqual(done.returncode, 0, done.stderr)
        return dict(line.split(None, 1) for line in done.stdout.decode().splitlines())

    def assertFails(self, done, code, *words):
        said = done.stderr.decode()
        self.assertEqual((done.returncode, done.stdout), (code, b""), said)
        for word in words:
            self.assertIn(word, said)

    @property
    def directory(self):
        return self.home / "data/comm/default"


class KeyFiles(IdentityCase):
    def test_new_and_show(self):
        address = self.made(phrase="correct horse")
        shown = self.shown()
        self.assertEqual(shown["address"], address)
        self.assertEqual(shown["bech32m"], sodium.bech32m(bytes.fromhex(address)))
        self.assertEqual(shown["words"], WORDS.to_mnemonic(bytes.fromhex(address)))
        self.assertEqual(len(shown["words"].split()), 15)
        self.assertEqual(shown["uri"], "COMM:" + address.upper())
        self.assertEqual(shown["protection"], "passphrase")
        self.assertEqual(stat.S_IMODE(self.directory.stat().st_mode), 0o700)
        for file in self.directory.iterdir():
            self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600, file)
        self.assertNotEqual(self.made("--profile", "other", "--no-passphrase"), address)

    def test_an_identity_is_never_overwritten(self):
        address = self.made()
        for args in (["new", "--no-passphrase"], ["import", "--words", "-"], ["import", "-"]):
            self.assertFails(self.identity(*args, input=b"x\n"), 1, "already", "--profile")
        self.assertEqual(self.shown()["address"], address)

    def test_without_a_passphrase_only_when_asked_for(self):
        self.assertFails(self.identity("new"), 78, "--passphrase-fd", "--no-passphrase")
        self.assertFails(self.identity("new", phrase=""), 64, "empty")
        self.assertFails(self.identity("new", phrase="seven 7"), 64, "Too short", "8 characters")
        self.assertFalse(self.directory.exists() and any(self.directory.glob("*.key")))
        self.made()
        self.assertEqual(self.shown()["protection"], "none")

    def test_wrong_passphrase(self):
        self.made(phrase="the right one")
        self.assertFails(self.identity("export", "--words", phrase="wrong"), 77, "wrong passphrase")
        self.assertFails(self.identity("export", "--words"), 78, "--passphrase-fd")

    def test_passwd(self):
        address = self.made(phrase="the first one")
        self.assertFails(self.identity("passwd", phrase="no", new_phrase="the second one"), 77)
        self.assertEqual(self.identity("passwd", phrase="the first one", new_phrase="the second one").returncode, 0)
        self.assertFails(self.identity("export", "--words", phrase="the first one"), 77)
        self.assertEqual(self.identity("passwd", "--no-passphrase", phrase="the second one").returncode, 0)
        self.assertEqual(self.shown()["protection"], "none")
        self.assertEqual(self.shown()["address"], address)
        self.assertEqual(sorted(p.name for p in self.directory.iterdir()), ["LOCK", "identity.key"])

    def test_damage_is_noticed(self):
        self.made()
        key = self.directory / "identity.key"
        good = key.read_bytes()
        for bad in (good[:-1], good + b"x", good[:80] + bytes([good[80] ^ 1]) + good[81:], b"", b"alep\n"):
            key.write_bytes(bad)
            self.assertFails(self.identity("export", "--words"), 65, "identity.key")
            self.assertFails(self.run_comm("--json"), 65, "identity.key")

    def test_a_full_disk_leaves_the_old_key_file(self):
        self.made(phrase="the first one")
        key = self.directory / "identity.key"
        before = key.read_bytes()

        def no_bytes():
            import resource
            import signal
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))

        old, new = self.pipe("the first one"), self.pipe("the second one")
        done = subprocess.run([harness.COMM, "identity", "passwd", "--passphrase-fd", str(old), "--new-passphrase-fd", str(new)],
                              capture_output=True, pass_fds=(old, new), env=self.environment, preexec_fn=no_bytes,
                              timeout=harness.PATIENCE, check=False)
        os.close(old)
        os.close(new)
        self.assertFails(done, 74, "identity.key")
        self.assertEqual(key.read_bytes(), before)
        self.assertEqual(sorted(p.name for p in self.directory.iterdir()), ["LOCK", "identity.key"])

    def test_others_can_read_it(self):
        self.made()
        (self.directory / "identity.key").chmod(0o644)
        self.assertIn(b"chmod 600", self.identity("show").stderr)
        with tempfile.NamedTemporaryFile(dir=self.home) as file:
            os.fchmod(file.fileno(), 0o644)
            done = subprocess.run([harness.COMM, "identity", "export", "--words"], stdout=file, stderr=subprocess.PIPE,
                                  env=self.environment, timeout=harness.PATIENCE, check=False)
            self.assertIn(b"other users can read", done.stderr)

    def test_usage(self):
        for args in ([], ["nonsense"], ["new", "--nonsense"], ["new", "--profile", "../x"], ["new", "--profile", ALEP],
                     ["show", "--profile", ".hidden"], ["new", "--passphrase-fd", "9", "--no-passphrase"]):
            self.assertEqual(self.identity(*args).returncode, 64, args)
        for action in ("new", "import", "show", "qr", "export", "passwd"):
            done = self.identity(action, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, b""), action)
            self.assertGreaterEqual(done.stdout.count(f" identity {action}".encode()), 3, done.stdout)
        self.made()
        self.assertFails(self.identity("export"), 64, "--words")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([harness.COMM, "identity", "show"], stdout=full, stderr=subprocess.PIPE, env=self.environment,
                                  timeout=harness.PATIENCE, check=False)
            self.assertEqual(done.returncode, 74)


class Recovery(IdentityCase):
    def words(self, *args, phrase=None):
        done = self.identity("export", "--words", *args, phrase=phrase)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode().strip()

    def test_words_bring_the_identity_back(self):
        address = self.made(phrase="a passphrase")
        words = self.words(phrase="a passphrase")
        self.assertEqual(len(words.split()), 24)
        self.assertTrue(WORDS.check(words))
        shutil.rmtree(self.directory)
        layout = "\n".join(" ".join(words.split()[i:i + 6]) for i in range(0, 24, 6)).upper() + "\n\n"
        done = self.identity("import", "--words", "--no-passphrase", input=layout.encode())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.decode().split()[0], address)
        self.assertEqual(self.words(), words)

    def test_words_typed_wrong(self):
        self.made("--profile", "a", "--no-passphrase")
        words = self.words("--profile", "a").split()
        misspelt = [*words[:4], words[4] + "x", *words[5:]]
        swapped = next(s for s in ([*words[:i], words[i + 1], words[i], *words[i + 2:]] for i in range(23)) if not WORDS.check(" ".join(s)))
        for wrong, said in ((words[:-1], "23 words"), (misspelt, "word 5"), (swapped, "order")):
            done = self.identity("import", "--words", "-", "--no-passphrase", input=" ".join(wrong).encode() + b"\n")
            self.assertFails(done, 65, said)
        self.assertFalse((self.directory / "identity.key").exists())

    def test_a_copy_of_the_key_file(self):
        address = self.made(phrase="a passphrase")
        copy = self.home / "backup.key"
        self.assertEqual(self.identity("export", copy).returncode, 0)
        self.assertEqual(stat.S_IMODE(copy.stat().st_mode), 0o600)
        self.assertFails(self.identity("export", copy), 1, "exists already")
        self.assertEqual(self.identity("export", "-").stdout, copy.read_bytes())
        self.assertFails(self.identity("import", copy, "--profile", "b", phrase="not that one"), 77)
        self.assertEqual(self.identity("import", copy, "--profile", "b", phrase="a passphrase").returncode, 0)
        self.assertEqual(self.shown("--profile", "b")["address"], address)
        self.assertEqual(self.words("--profile", "b", phrase="a passphrase"), self.words(phrase="a passphrase"))

    def test_a_secret_becomes_a_profile_with_its_history(self):
        relay = self.relay()
        alep = self.chat("alep", relay.endpoint)
        bob = self.chat("bob", relay.endpoint)
        alep.send(bob.address, "from the typed secret", "1")
        alep.state("1", "delivered")
        self.assertEqual(alep.quit(), 0)
        done = self.identity("import", "-", "--no-passphrase", input=b"alep\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.decode().split()[0], ALEP)
        self.assertIn(b"moved here", done.stderr)
        again = self.start(["--json", "--params", "test", "--listen", harness.LOOPBACK, "--bootstrap", relay.endpoint], "profile")
        self.assertEqual(again.address, ALEP)
        bob.send(ALEP, "still there?", "2")
        bob.state("2", "delivered")
        # bob is known from before: his mail is no request of a stranger.
        self.assertNotIn("request", {k: v for k, v in again.wait("received", text="still there?").items() if v})
        self.assertFails(self.identity("export", "--words"), 1, "SECRET")


class Chats(IdentityCase):
    def profile_chat(self, *args, name="default", **options):
        return self.start(["--json", "--params", "test", *args], name, **options)

    def test_no_identity_on_a_pipe(self):
        for args in ([], ["chat"], ["--profile", "work"], ["--json"]):
            done = self.run_comm(*args)
            self.assertFails(done, 78, f"{harness.COMM} identity new", "--passphrase-fd")
            self.assertNotIn(b"\x1b", done.stderr)
        self.assertIn(b"--profile work", self.run_comm("--profile", "work").stderr)

    def test_two_profiles_write_to_each_other(self):
        relay = self.relay()
        endpoints = ["--listen", harness.LOOPBACK, "--bootstrap", relay.endpoint]
        one = self.made("--profile", "one", "--no-passphrase")
        two = self.made("--profile", "two", phrase="a passphrase")
        fd = self.pipe("a passphrase")
        os.set_inheritable(fd, True)
        second = self.profile_chat("--profile", "two", "--passphrase-fd", fd, *endpoints, name="two", close_fds=False)
        os.close(fd)
        first = self.profile_chat("--profile", "one", *endpoints, name="one")
        self.assertEqual((first.address, second.address), (one, two))
        first.send(two, "with random prekeys", "1")
        first.state("1", "delivered")
        self.assertEqual(second.quit(), 0)
        # Random prekeys are kept: mail sent meanwhile opens after a restart.
        first.send(two, "while you were away", "2")
        first.state("2", "relayed")
        fd = self.pipe("a passphrase")
        os.set_inheritable(fd, True)
        second = self.profile_chat("--profile", "two", "--passphrase-fd", fd, *endpoints, name="two again", close_fds=False)
        os.close(fd)
        second.wait("received", text="while you were away")
        for process in (first, second):
            self.assertNotIn(b"passphrase\0", (harness.Path(f"/proc/{process.pid}/cmdline")).read_bytes().replace(b"--passphrase", b""))

    def test_wrong_and_missing_passphrase(self):
        self.made(phrase="the right one")
        self.assertFails(self.run_comm("--json"), 78, "--passphrase-fd")
        fd = self.pipe("wrong")
        done = subprocess.run([harness.COMM, "--json", "--passphrase-fd", str(fd)], capture_output=True, pass_fds=[fd],
                              env=self.environment, timeout=harness.PATIENCE, check=False)
        os.close(fd)
        self.assertFails(done, 77, "wrong passphrase")

    def test_credentials_of_a_service(self):
        address = self.made(phrase="a passphrase")
        credentials = self.home / "credentials"
        credentials.mkdir(mode=0o700)
        shutil.move(self.directory / "identity.key", credentials / "identity")
        (credentials / "passphrase").write_text("a passphrase\n")
        for file in credentials.iterdir():
            file.chmod(0o600)
        self.environment["CREDENTIALS_DIRECTORY"] = str(credentials)
        self.assertEqual(self.profile_chat("--data", self.home / "service").address, address)
        (credentials / "identity").write_text("alep\n")
        self.assertEqual(self.profile_chat(name="a secret there").address, ALEP)

    def test_a_second_instance(self):
        self.made(phrase="a passphrase")
        fd = self.pipe("a passphrase")
        os.set_inheritable(fd, True)
        first = self.profile_chat("--passphrase-fd", fd, close_fds=False)
        os.close(fd)
        first.ready
        self.assertFails(self.run_comm("--json"), 73, str(first.pid))  # before any passphrase is asked for

    def test_the_name_is_kept(self):
        self.made("--no-passphrase", "--name", 'Ali "ce"')
        self.assertEqual(self.shown()["name"], 'Ali "ce"')
        self.assertEqual(stat.S_IMODE((self.directory / "profile.toml").stat().st_mode), 0o600)


class Configuration(IdentityCase):
    def configure(self, text, where=None):
        path = where or self.home / "config/comm/config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def test_where_to_listen_and_whom_to_join(self):
        relay = self.relay()
        self.made()
        port = harness.free_port()
        self.configure(f'[network]\nlisten = "127.0.0.1:{port}"\nbootstrap = ["{relay.endpoint}"]\n[message]\nttl = "2h"\n')
        chat = self.start(["--json", "--params", "test"], "configured")
        self.assertEqual(chat.endpoint, f"127.0.0.1:{port}")
        bob = self.chat("bob", relay.endpoint)
        chat.send(bob.address, "found each other", "1")
        chat.state("1", "delivered")
        chat.quit()
        # The profile's own file wins, an option wins over both.
        other = harness.free_port()
        self.configure(f'[network]\nlisten = "127.0.0.1:{other}"\n', self.directory / "profile.toml")
        chat = self.start(["--json", "--params", "test"], "of the profile")
        self.assertEqual(chat.endpoint, f"127.0.0.1:{other}")
        chat.quit()
        chat = self.start(["--json", "--params", "test", "--listen", f"127.0.0.1:{port}"], "by option")
        self.assertEqual(chat.endpoint, f"127.0.0.1:{port}")

    def test_expiry_is_the_configured_one(self):
        self.made()
        self.configure('[message]\nttl = "3m"\n')
        chat = self.start(["--json", "--listen", harness.LOOPBACK], "three minutes", virtual_clock=True)
        chat.ready
        chat.send(self.address_of("bob"), "soon gone", "1")
        uid = chat.wait("state", ref="1")["uid"]
        chat.tick(100_000)
        chat.ticked()
        self.assertIsNone(chat.find("state", uid=uid, state="expired"))
        chat.tick(90_000)
        chat.wait("state", uid=uid, state="expired")

    def test_mistakes_are_pointed_at(self):
        self.made()
        cases = {'[network]\nlisten = "a:1"\nlisen = "b:2"\n': (':3:1: unknown key "lisen"; did you mean "listen"?',),
                 "[netwrok]\n": (':1:', 'did you mean "network"?'),
                 "[network]\nlisten = 4242\n": (":2:10: network.listen", "HOST:PORT"),
                 '[network]\nbootstrap = ["seed"]\n': (":2:13:", '"seed"'),
                 '[message]\nttl = "31d"\n': (":2:7:", "30d"),
                 '[ui]\nglyphs = "nerd"\n': (":2:10:", "ascii"),
                 "[network\n": (":1:",), "x = 1\n": (':1:1: unknown key "x"',)}
        for text, said in cases.items():
            path = self.configure(text)
            for args in (["--json"], ["identity", "show"]):
                self.assertFails(self.run_comm(*args), 78, str(path), *said)
        self.configure("")
        elsewhere = self.configure("[ui]\nglyphs = 1\n", self.home / "mine.toml")
        self.assertFails(self.run_comm("--json", "--config", elsewhere), 78, "mine.toml:2:10:")
        self.assertFails(self.run_comm("--json", "--config", self.home / "absent.toml"), 78, "absent.toml")


class Terminal(IdentityCase):
    def spawn(self, *args):
        child = pexpect.spawn(harness.COMM, list(args), env={**self.environment, "TERM": "xterm"}, timeout=harness.PATIENCE,
                              dimensions=(24, 100))
        self.addCleanup(child.close, True)
        return child

    def answer(self, child, question, text):
        child.expect(question)
        child.waitnoecho(harness.PATIENCE)
        child.sendline(text)

    def test_passphrases_are_asked_for_without_echo(self):
        child = self.spawn("identity", "new")
        self.answer(child, "New passphrase: ", "typed-in-the-dark")
        self.answer(child, "again: ", "typed-in-the-dark")
        child.expect(pexpect.EOF)
        child.wait()
        self.assertEqual(child.exitstatus, 0)
        self.assertNotIn(b"in-the-dark", child.before)
        child = self.spawn("identity", "export", "--words")
        for attempt in ("wrong", "wrong again", "typed-in-the-dark"):
            self.answer(child, 'Passphrase of profile "default": ', attempt)
        child.expect(r"(\w+ ){23}\w+\r\n")
        child.expect(pexpect.EOF)

    def test_two_that_differ(self):
        child = self.spawn("identity", "new")
        self.answer(child, "New passphrase: ", "one of two")
        self.answer(child, "again: ", "other")
        child.expect("differ")
        child.expect(pexpect.EOF)
        child.wait()
        self.assertEqual(child.exitstatus, 64)
        self.assertFalse((self.directory / "identity.key").exists())

    def test_interrupted_while_it_asks(self):
        child = self.spawn("identity", "new")
        child.expect("New passphrase: ")
        child.waitnoecho(harness.PATIENCE)
        child.send("half\x03")
        child.wait()
        self.assertEqual(child.signalstatus, 2)

    def test_the_qr_code_decodes(self):
        address = self.made()
        png = self.home / "qr.pgm"
        for env in ({}, {"LC_ALL": "C", "LANG": "C"}):
            done = self.identity("qr", env=env)
            self.assertEqual(done.returncode, 0, done.stderr)
            *rows, uri = done.stdout.decode().splitlines()
            self.assertEqual(uri, "COMM:" + address.upper())
            png.write_bytes(picture(rows, env != {}))
            read = subprocess.run(["zbarimg", "--quiet", "--raw", str(png)], capture_output=True, timeout=harness.PATIENCE, check=False)
            self.assertEqual(read.stdout.decode().strip(), uri, read.stderr)


def picture(rows, ascii_rows, scale=4):
    """The cells as a grey picture (PGM): what is drawn is light."""
    light = []
    for row in rows:
        if ascii_rows:
            light.append([row[x] == "#" for x in range(0, len(row), 2)])
        else:
            light.append([c in "\u2588\u2580" for c in row])
            light.append([c in "\u2588\u2584" for c in row])
    width = len(light[0])
    lines = [bytes(255 if line[x // scale] else 0 for x in range(width * scale)) * scale for line in light]
    return b"P5 %d %d 255\n" % (width * scale, len(light) * scale) + b"".join(lines)


if __name__ == "__main__":
    harness.main()
