"""Mutants of this suite's own node: each breaks one rule, and has to be killed by a case or vector that cites the rule.

`comm-conformance node --mutant NAME` runs one. The degenerate ones break everything in one way.
"""
import importlib

from .base import MUTANTS
from .degenerate import DEGENERATE

for _name in ("checks", "custody", "sessions", "recipient", "sender", "sync", "quotas", "remaining", "further", "pairwise", "links", "lookups", "clock", "plain", "prekeys",
              "disk"):
    importlib.import_module("." + _name, __name__)


def apply(name):
    if name in DEGENERATE:
        DEGENERATE[name]()
    elif name in MUTANTS:
        MUTANTS[name][1]()
    else:
        raise SystemExit(f"no mutant {name}")
