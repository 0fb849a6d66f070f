"""One module for each group of areas; `areas()` yields Area objects."""
import importlib

MODULES = ("primitives", "packets", "packets_schema", "messages", "finals", "records", "seal", "handshake", "overlay", "sync", "pairwise",
           "canaries")


def areas():
    for name in MODULES:
        yield from importlib.import_module("." + name, __package__).areas()
