"""Constants of spec/params.toml, the tagged hash, and the one kind of error that input can cause."""
import hashlib
import pathlib
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPEC = ROOT / "spec"
CONFORMANCE = ROOT / "conformance"

_PARAMS = tomllib.loads((SPEC / "params.toml").read_text())
EDITION = _PARAMS["version"]  # of the specification: of its text, its index, the vectors and the frozen set

STAGES = ("frame", "decode", "schema", "crypto", "policy", "state")
MINUTE, HOUR, DAY, WEEK = 60_000, 3_600_000, 86_400_000, 604_800_000


def param(name, profile="default"):
    """The value of a parameter; `profile` is default or test."""
    entry = _PARAMS[name]
    return entry["test"] if profile == "test" and "test" in entry else entry["value"]


MAX_PACKET = param("max_packet_bytes")
HEADER = param("header_bytes")
NONCE = param("stamp_nonce_bytes")
CLASS_BYTES = tuple(param("body_class_bytes"))
ACK_BYTES = param("ack_record_bytes")
REFUSAL_BYTES = param("refusal_record_bytes")
MAX_TIMESTAMP = param("max_timestamp")
GRACE = param("tombstone_grace")
FUTURE = param("future_skew_minutes") * MINUTE


class Reject(Exception):
    """Input that a rule rejects: stage, reason and scope of 99-registry."""

    def __init__(self, error, scope="count"):
        super().__init__(error)
        self.stage, self.reason = error.split("/", 1)
        self.scope = scope
        assert self.stage in STAGES, error

    @property
    def error(self):
        return f"{self.stage}/{self.reason}"


def need(condition, error, scope="count"):
    if not condition:
        raise Reject(error, scope)


def H(tag, *parts):
    """SHA-256("comm/1 " || tag || 00 || parts)."""
    digest = hashlib.sha256(b"comm/1 " + tag.encode("ascii") + b"\0")
    for part in parts:
        digest.update(part)
    return digest.digest()


def leading_zero_bits(data):
    return len(data) * 8 - int.from_bytes(data, "big").bit_length()


def now_week(now_ms):
    return now_ms // WEEK
