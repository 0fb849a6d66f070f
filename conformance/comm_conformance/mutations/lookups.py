"""Lookups that ask too many, too few, or believe too much."""
from ..node import anchors, overlay
from .base import ignore, mutant, patch


def with_param(wanted, value):
    patch(overlay, "param")(lambda original, name, *profile: value if name == wanted else original(name, *profile))


mutant("lookup-asks-all-at-once", "RTE-013")(lambda: with_param("lookup_parallelism", 16))
mutant("lookup-over-one-path", "RTE-013")(lambda: with_param("lookup_paths", 1))
mutant("nobody-asked-after-the-paths", "RTE-015")(lambda: ignore(overlay.Lookup, "_merge", False))


@mutant("named-on-every-path", "RTE-013")
def _():
    @patch(overlay.Lookup, "__init__")
    def _(original, self, *arguments):
        original(self, *arguments)
        self.paths = [self.paths[0]] * len(self.paths)


@mutant("false-name-removes", "RTE-024")
def _():
    patch(overlay.Overlay, "failed")(lambda original, self, node_id, endpoint: self.table.pop(node_id, None))


@mutant("undialable-keep-their-place", "RTE-004")
def _():
    patch(overlay.Overlay, "_room")(lambda original, self, node_id, dialable: original(self, node_id, False))


@mutant("nobody-is-remembered", "RTE-007")
def _():
    ignore(anchors.Anchors, "remember")


@mutant("size-not-looked-up", "RTE-028")
def _():
    ignore(overlay.Overlay, "_look_around")


@mutant("known-left-out", "RTE-029")
def _():
    ignore(overlay.Lookup, "_known", b"")
