"""Runs cases against an implementation and judges them."""
import atexit
import concurrent.futures
import multiprocessing
import os
import shutil
import time
import traceback
from dataclasses import dataclass, field

from . import casework, registry
from .base import Reject
from .peer import SuiteError

PASS, FAIL, CRASH, UNTESTABLE, NOT_APPLICABLE, XFAIL, SUITE = (
    "PASS", "FAIL", "CRASH", "UNTESTABLE", "N/A", "XFAIL", "SUITE")
BAD = (FAIL, CRASH, UNTESTABLE)


@dataclass
class Result:
    case: str
    verdict: str
    note: str = ""
    seconds: float = 0.0
    trace: list = field(default_factory=list)
    stderr: str = ""
    optional: bool = False
    seed: int = 1
    scored: bool = True  # false: newer than the frozen set that the run is scored by


_shared = {}


def _drop_shared():
    for one in _shared.values():
        one.close()
    _shared.clear()


def _shared_subject(command, seed):
    """The worker's implementation for cases that share one; a new one after a crash."""
    one = _shared.get(command)
    if one is None or not one.subject.running:
        _drop_shared()
        one = _shared[command] = casework.Shared(command, seed)
        atexit.register(_drop_shared)
    return one


def run_case(identifier, command, seed, patience):
    """Runs one case in this process."""
    spec = registry.load()[identifier]
    began = time.monotonic()
    scratch = casework.scratch_directory()
    t, verdict, note = None, PASS, ""
    try:
        shared = None if spec.fresh else _shared_subject(command, seed)
        t = casework.Case(spec, command, seed, scratch, shared, patience)
        if shared is not None:
            _freshen(t)
        spec.run(t)
        if spec.negative and t.controls < 2:
            raise SuiteError("a negative case has to see its positive twin before and after")
    except casework.CaseFailure as failure:
        verdict, note = FAIL, str(failure)
    except Reject as reject:  # cases decode what the implementation sent
        verdict, note = FAIL, f"what the implementation sent is rejected: {reject.error}"
    except casework.Crash as crash:
        verdict, note = CRASH, str(crash)
    except casework.Untestable as reason:
        verdict, note = UNTESTABLE, str(reason)
    except casework.NotApplicable as reason:
        verdict, note = NOT_APPLICABLE, str(reason)
    except Exception as error:  # noqa: BLE001 - whatever else happens is the suite's fault
        verdict, note = SUITE, f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
    result = Result(identifier, verdict, note, time.monotonic() - began, optional=spec.optional, seed=seed)
    if t is not None:
        result.trace = [(peer.name, *entry) for peer in t.peers for entry in peer.log]
        result.stderr = t.subject.stderr()[-2000:] if t.subject else ""
        t.close()
        if verdict != PASS and not spec.fresh:
            _drop_shared()
    shutil.rmtree(scratch, ignore_errors=True)
    return result


def _freshen(t):
    """Between cases the shared clock moves on, so that budgets per second are full again."""
    t.wait_ready()
    try:
        t.tick(20_000)
    except casework.NotApplicable:
        pass


def adapter_usable(command, seed, patience):
    """(ok, why): starts the adapter, and sends a command that nobody knows."""
    shared = None
    try:
        shared = casework.Shared(command, seed)
        t = casework.Case(registry.Spec("adapter/honesty", (), False, False, False, False, None, ""), command, seed,
                          shared.scratch, shared, patience)
        t.wait_ready()
        ready = t.subject.ready
        for name in ("v", "address", "endpoint", "node_id"):
            if name not in ready:
                return False, f"the event ready has no {name}"
        unknown = "xyzzy-" + t.rnd("honesty", 4).hex()
        t.say(cmd=unknown)
        t.wait(lambda: t.events("unsupported"), f"unsupported as answer to the command {unknown}")
        return True, ""
    except (casework.CaseFailure, casework.Crash, OSError) as error:
        return False, str(error) + ("\n" + shared.subject.stderr()[-1000:] if shared else "")
    finally:
        if shared is not None:
            shared.close()


def select(pattern=None, requirement=None):
    import fnmatch
    out = []
    for identifier, spec in registry.load().items():
        if pattern and not any(fnmatch.fnmatch(identifier, p) for p in pattern.split(",")):
            continue
        if requirement and requirement not in spec.requirements:
            continue
        out.append(identifier)
    return out


def run(identifiers, command, seed, jobs=1, patience=casework.PATIENCE, progress=None):
    """Results in the order of identifiers."""
    return run_seeded([(identifier, seed) for identifier in identifiers], command, jobs, patience, progress)


def run_seeded(tasks, command, jobs=1, patience=casework.PATIENCE, progress=None):
    """Results in the order of tasks, (case, seed) each. All scratch directories are below one, which goes at the end."""
    before, root = os.environ.get("TMPDIR"), casework.scratch_directory()
    os.environ["TMPDIR"] = str(root)
    try:
        return _run(tasks, command, jobs, patience, progress or (lambda result: None))
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before
        shutil.rmtree(root, ignore_errors=True)


def _run(tasks, command, jobs, patience, progress):
    results = []
    if jobs == 1:
        for identifier, seed in tasks:
            results.append(run_case(identifier, command, seed, patience))
            progress(results[-1])
        _drop_shared()
        return results
    context = multiprocessing.get_context("fork")
    registry.load()
    with concurrent.futures.ProcessPoolExecutor(jobs, context) as pool:
        waiting = [pool.submit(run_case, identifier, command, seed, patience) for identifier, seed in tasks]
        for future in concurrent.futures.as_completed(waiting):
            progress(future.result())
        for _ in range(jobs * 4):  # each worker ends its shared implementation
            pool.submit(_drop_shared)
    return [future.result() for future in waiting]
