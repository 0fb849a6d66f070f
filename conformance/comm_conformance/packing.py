"""Long byte strings that repeat, as the vector files write them: {"repeat": [[HEX, COUNT], ...]} is the concatenation of
each piece COUNT times. Only files are packed; an implementation under test is always asked with plain hex."""

SHORTEST = 2048  # hex digits; below, plain hex is easier to read
HEADS = 12       # bytes that may stand before the repetition: a packet's tag and length


def _period(data):
    """The length of the shortest block whose whole repetition is `data` (the prefix function of Knuth, Morris, Pratt)."""
    border = [0] * len(data)
    for i in range(1, len(data)):
        k = border[i - 1]
        while k and data[i] != data[k]:
            k = border[k - 1]
        border[i] = k + 1 if data[i] == data[k] else 0
    period = len(data) - border[-1]
    return period if len(data) % period == 0 else len(data)


def pack(value):
    if isinstance(value, dict):
        return {key: pack(item) for key, item in value.items()}
    if not isinstance(value, str) or len(value) < SHORTEST:
        return value
    data = bytes.fromhex(value)
    for head in range(HEADS):
        period = _period(data[head:])
        count = (len(data) - head) // period
        if count >= 8:
            pieces = [[data[:head].hex(), 1]] if head else []
            return {"repeat": [*pieces, [data[head:head + period].hex(), count]]}
    return value


def on_values(change, vector):
    """The vector with its input and output packed or unpacked."""
    return {**vector, **{key: change(vector[key]) for key in ("input", "output") if key in vector}}


def unpack(value):
    if isinstance(value, dict):
        if set(value) == {"repeat"}:
            return "".join(piece * count for piece, count in value["repeat"])
        return {key: unpack(item) for key, item in value.items()}
    return value
