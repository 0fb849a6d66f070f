"""Drills for the suite's own ways of saying no: each is made to say it, and must be missed when it is switched off. A way of
saying no that nothing exercises would let everything pass without anybody noticing."""
import argparse
import contextlib
import io
import json
import os
import pathlib
import signal
import socket
import tempfile

from . import casework, cli, peer, registry, runner, sets, specification, subject, tables
from .base import CONFORMANCE, EDITION, Reject
from .mutations.base import patch

NODE = str(CONFORMANCE / "comm-conformance") + " node"
START, PATIENCE = 30.0, 2.0


def _unwelcome(t):
    one = t.dial()
    one._on_welcome({"body": one.welcome_body, "signature": bytes(64)})


def _dies(t):
    t.dial()
    os.killpg(t.subject.process.pid, signal.SIGKILL)
    t.settle(seconds=1.0)


def _garbage(t):
    t.dial().receive(b"\xff\xff")
    t.wait(lambda: True, "nothing")


def _unchecked_send(self, kind, body=None, request_id=0):
    self.channel.send(peer.wire.encode(kind, body, request_id))


def _forgiving(original, self, raw):
    try:
        peer.wire.decode(raw)
    except Reject:
        return
    original(self, raw)


def _quiet(owner, name, value=None):
    return lambda: setattr(owner, name, lambda *arguments, **named: value)


# name -> (what is done, the verdict it has to have, how the one who says no is switched off)
CASES = {
    "check": (lambda t: t.check(False, "no"), runner.FAIL, _quiet(casework.Case, "check")),
    "wait": (lambda t: t.wait(lambda: False, "never"), runner.FAIL, _quiet(casework.Case, "wait")),
    "cut": (lambda t: t.dial().expect_closed("no reason"), runner.FAIL, _quiet(peer.Peer, "expect_closed")),
    "expect": (lambda t: t.dial().expect("nodes"), runner.FAIL, _quiet(peer.Peer, "expect")),
    "signatures": (_unwelcome, runner.FAIL, _quiet(peer.session, "welcome_valid", True)),
    "packets": (_garbage, runner.FAIL, lambda: patch(peer.Peer, "receive")(_forgiving)),
    "crash": (_dies, runner.CRASH, _quiet(subject.Subject, "read", True)),
    "own bytes": (lambda t: t.dial().send("want", {"ids": [b"short"]}), runner.SUITE,
                  lambda: setattr(peer.Peer, "send", _unchecked_send)),
    "twin": (lambda t: t.dial(), runner.SUITE, lambda: None),  # switched off: the case is none that rejects
}


def verdict(name, silenced):
    """The verdict of a drill in this process, which is not to be used any further if somebody is silenced."""
    action, _, silence = CASES[name]
    if silenced:
        silence()

    def run(case):
        case.start()
        case.patience = PATIENCE
        action(case)
    identifier = "drill/" + name
    registry.load()[identifier] = registry.Spec(identifier, (), name == "twin" and not silenced, True, False, False, run, "")
    return runner.run_case(identifier, NODE, 1, START).verdict


def _result(verdict_, case="relay/taker-is-served", optional=False):
    return runner.Result(case, verdict_, "a note", optional=optional)


def exit_codes():
    """Yields complaints: what run ends with for verdicts that are given."""
    def judged(results, baseline=(), **options):
        given = argparse.Namespace(**{**dict(spec="next", strict=False, capture=None, tap=None, junit=None, json=None, html=None,
                                             iut="", seed=1), **options})
        return cli._judge(results, dict.fromkeys(baseline, "known"), given)
    known, new = "relay/taker-is-served", "relay/of-tomorrow"
    registry._cases[new] = registry.Spec(new, (), False, False, False, False, None, "")
    table = [(cli.CONFORMANT, [_result(runner.PASS)], {}), (cli.FAILED, [_result(runner.FAIL)], {}),
             (cli.FAILED, [_result(runner.CRASH)], {}), (cli.FAILED, [_result(runner.UNTESTABLE)], {}),
             (cli.CONFORMANT, [_result(runner.FAIL, optional=True), _result(runner.PASS)], {}),
             (cli.FAILED, [_result(runner.FAIL, optional=True)], {"strict": True}),
             (cli.CONFORMANT, [_result(runner.FAIL)], {"baseline": [known]}),
             (cli.FAILED, [_result(runner.PASS)], {"baseline": [known]}),
             (cli.AT_FAULT, [_result(runner.SUITE), _result(runner.FAIL)], {}),
             (cli.NOTHING, [_result(runner.NOT_APPLICABLE)], {}),
             (cli.FAILED, [_result(runner.FAIL, new)], {}),
             (cli.CONFORMANT, [_result(runner.FAIL, new), _result(runner.PASS)], {"spec": EDITION})]
    for wanted, results, options in table:
        with contextlib.redirect_stdout(io.StringIO()):
            found = judged(results, **options)
        if found != wanted:
            yield f"exit code {found} for {[r.verdict for r in results]} {options}, expected {wanted}"
    del registry._cases[new]


def traces():
    """Yields complaints: gaps of the text that are not seen."""
    seen = {
        "a keyword outside a requirement": specification.misplaced_keywords("A node MUST do this."),
        "two keywords in one": specification.misplaced_keywords("**[AAA-001]** (MUST · all · wire) It MUST or MAY."),
        "another keyword than stated": specification.misplaced_keywords("**[AAA-001]** (MUST · all · wire) It SHOULD."),
        "a changed field": tables.differences({"Ping": {1: ("a", "u32", None)}}, {"Ping": {1: ("a", "u64")}}, "a drill"),
        "a field that decodes to another": tables.misread({"Want": {1: ("id", "*bytes", 32)}}, 3),
    }
    for what, found in seen.items():
        if next(iter(found), None) is None:
            yield f"{what} is not seen"
    frozen = json.loads(sets.text(EDITION))
    frozen["requirements"]["ACK-001"] = "0" * 12
    if next(iter(sets.complaints_of(frozen, EDITION)), None) is None:
        yield "a requirement whose text has changed is not seen"


def ports():
    """Yields complaints: between two starts of an implementation its port is somebody else's, or not its own."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = server.getsockname()
    with tempfile.TemporaryDirectory() as scratch:
        one = subject.Subject("none", pathlib.Path(scratch) / "iut", "", "drill")
    one.ready = {"endpoint": f"{endpoint[0]}:{endpoint[1]}"}
    one.hold_port()
    with socket.socket() as another:
        try:
            another.bind(endpoint)
            yield "a port that is held is given to another"
        except OSError:
            pass
    try:
        socket.create_server(endpoint).close()
    except OSError:
        yield "a port that is held is not its owner's"
    one.kill()


def run(pool, quick):
    """Yields (line, complaint or None). `pool()` makes a pool whose process is used once."""
    for name in list(CASES)[::4 if quick else 1]:
        wanted = CASES[name][1]
        with pool() as one:
            loud = one.submit(verdict, name, False).result()
        with pool() as one:
            quiet = one.submit(verdict, name, True).result()
        bad = None
        if loud != wanted:
            bad = f"drill {name}: {loud}, expected {wanted}"
        elif quiet == wanted:
            bad = f"drill {name}: {quiet} although it is switched off; something else has said it"
        yield f"drill {name:10} {loud}, switched off {quiet}", bad
    for what, found in (("exit codes", exit_codes()), ("trace", traces()), ("ports", ports())):
        found = list(found)
        yield f"drill {what:10} {len(found)} complaints", "; ".join(found) or None
