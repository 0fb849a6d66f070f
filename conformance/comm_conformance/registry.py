"""The cases of conformance/cases, and how one declares itself.

    @case("multipart-cut", "NET-007", negative=True)
    def _(t):
        \"\"\"One line that says what is tried.\"\"\"

A case belongs to the category of its directory. `fresh`: it starts its own implementation (and says `t.start()`);
otherwise it shares one with others. A negative case has to see its positive twin twice, before and after.
"""
import importlib.util
import inspect
from dataclasses import dataclass

from .base import CONFORMANCE

_cases = {}
_loading = None


@dataclass(frozen=True)
class Spec:
    id: str
    requirements: tuple
    negative: bool
    fresh: bool
    optional: bool
    slow: bool
    run: object
    about: str

    @property
    def timing(self):
        """Whether a slow machine could change its verdict: it concludes from what does not come while real time passes
        (settle), or lets much virtual time pass that sessions survive only if their Pings are answered meanwhile (pass_time).
        Waiting for something with patience, and ticks that are over when `ticked` comes, depend on no speed."""
        return any(word in inspect.getsource(self.run) for word in ("settle(", "pass_time(", "reconciled(", "within("))

    @property
    def category(self):
        return self.id.split("/")[0]


def case(slug, requirements, negative=False, fresh=False, optional=False, slow=False):
    """Registers a case. `optional`: it tests a SHOULD or MAY; its failure is a warning unless --strict. `slow`: it lets
    much virtual time pass."""
    def register(function):
        identifier = f"{_loading}/{slug}"
        assert identifier not in _cases, identifier
        _cases[identifier] = Spec(identifier, tuple(requirements.split()), negative, fresh, optional, slow, function,
                                  " ".join((function.__doc__ or "").split()))
        return function
    return register


def load():
    """All cases by id, in the order of categories and files."""
    global _loading
    if not _cases:
        for path in sorted((CONFORMANCE / "cases").glob("*/*.py")):
            _loading = path.parent.name
            spec = importlib.util.spec_from_file_location(f"case_{_loading}_{path.stem}", path)
            spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return _cases
