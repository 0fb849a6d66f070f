#!/usr/bin/python3
"""What a newcomer sees first: `make run` without a terminal plays the transcript with real processes."""
import subprocess
import time

import harness


class Demo(harness.Case):
    def test_transcript(self):
        started = time.monotonic()
        done = self.run_comm("demo", timeout=90)
        took = time.monotonic() - started
        said = done.stdout.decode()
        self.assertEqual(done.returncode, 0, said + done.stderr.decode())
        self.assertLess(took, 60)
        for word in ("Alice", "Bob", "SIGKILL", "relay"):
            self.assertIn(word, said)
        self.assertNotIn("\x1b", said)
        print(said)

    def test_nothing_stays_behind(self):
        done = self.run_comm("demo", timeout=90)
        self.assertEqual(done.returncode, 0)
        listing = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
        # Only ours: another test may be running the program at the same time.
        self.assertNotIn(str(self.home), listing)


if __name__ == "__main__":
    harness.main()
