"""Addresses as people write them: 40 hex digits, or Bech32m with prefix `comm` (CRY-008, CRY-009)."""
from .base import Reject

CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
PREFIX = "comm"
BECH32M = 0x2BC830A3


def _polymod(values):
    generators = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(generators):
            check ^= generator if top >> bit & 1 else 0
    return check


def _expand(prefix):
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def _regroup(data, from_bits, to_bits):
    """(values, left-over bits, their number)."""
    accumulator = bits = 0
    out = []
    for value in data:
        accumulator = accumulator << from_bits | value
        bits += from_bits
        while bits >= to_bits:
            bits -= to_bits
            out.append(accumulator >> bits & ((1 << to_bits) - 1))
    return out, accumulator & ((1 << bits) - 1), bits


def encode_values(values, prefix=PREFIX, constant=BECH32M):
    check = _polymod(_expand(prefix) + values + [0] * 6) ^ constant
    return prefix + "1" + "".join(CHARSET[v] for v in values + [check >> 5 * (5 - i) & 31 for i in range(6)])


def encode(address):
    values, rest, bits = _regroup(address, 8, 5)
    if bits:
        values.append(rest << (5 - bits))
    return encode_values(values)


def _schema(reason):
    return Reject("schema/" + reason, "ignore")


def _decode_bech32m(text):
    if text != text.lower() and text != text.upper():
        raise _schema("bech32m-case")
    text = text.lower()
    prefix, separator, data = text.rpartition("1")
    if not separator:
        raise _schema("bech32m-separator")
    if prefix != PREFIX:
        raise _schema("bech32m-prefix")
    if len(data) < 6 or len(text) > 90:
        raise _schema("bech32m-length")
    if any(c not in CHARSET for c in data):
        raise _schema("bech32m-character")
    values = [CHARSET.index(c) for c in data]
    if _polymod(_expand(prefix) + values) != BECH32M:
        raise _schema("bech32m-checksum")
    out, rest, bits = _regroup(values[:-6], 5, 8)
    if bits >= 5 or rest:
        raise _schema("bech32m-padding")
    if len(out) != 20:
        raise _schema("address-length")
    return bytes(out)


def parse(text):
    """The 20 bytes of an address as typed; Reject otherwise."""
    if len(text) == 40 and all(c in "0123456789abcdefABCDEF" for c in text):
        return bytes.fromhex(text)
    if text[:5].lower() == PREFIX + "1":
        return _decode_bech32m(text)
    raise _schema("address-form")
