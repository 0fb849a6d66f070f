"""Vectors for those who have no JSON library or no checkout: a directory with the JSON files, one C header and SHA256SUMS,
and the same as an archive. The same vectors give the same bytes."""
import gzip
import hashlib
import io
import json
import subprocess
import tarfile

from . import vectors
from .base import CONFORMANCE, EDITION

NAME = f"comm-vectors-{EDITION}"
LONGEST = 500  # characters of one literal: more than 509 no compiler of C90 needs to take
EXTRA = ("vectors/example.c", "vectors/schema/vector-v1.schema.json", "vectors/noise_x.json", "adapter/PROTOCOL.md")
HEAD = """\
/* The conformance vectors of the Comm protocol, %(version)s: %(count)d of them, and %(canaries)d canaries whose expectation is
 * wrong: a program that shows one of those as passed does not look at its answers. conformance/adapter/PROTOCOL.md says what the
 * ops and fields are. Byte strings are lower-case hex; a value is the concatenation of its pieces, each `count` times. Lists end
 * with a zero. Numbers and texts stand as one piece.
 */
#ifndef COMM_VECTORS_H
#define COMM_VECTORS_H

struct comm_piece { const char *text; unsigned long count; };
struct comm_field { const char *name; const struct comm_piece *value; };
struct comm_vector {
  const char *id, *op;
  const char *error;                /* stage/reason of a rejection; 0: to be accepted, with the output below */
  const char *scope, *twin;         /* of a rejection: what follows from it, and the vector it is a mutation of */
  const char *requirements;         /* separated by spaces */
  int canary;
  const struct comm_field *input, *output;
};
"""


def _literal(text):
    """A C string literal of printable ASCII."""
    assert isinstance(text, str), text
    return '"' + "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\\\?' else f"\\{b:03o}" for b in text.encode()) + '"'


def _pieces(value):
    """[(text, count)] of a value as a vector file has it."""
    if not isinstance(value, dict) or set(value) != {"repeat"}:
        value = {"repeat": [[str(value) if isinstance(value, (str, int)) else json.dumps(value), 1]]}
    out = []
    for text, count in value["repeat"]:
        if len(text) <= LONGEST:
            out.append((text, count))
        else:
            out += [(text[at:at + LONGEST], 1) for at in range(0, len(text), LONGEST)] * count
    return out


class _Header:
    def __init__(self):
        self.lines, self.rows, self.count = [], [], 0

    def fields(self, values):
        """The name of an array with these fields."""
        self.count += 1
        names = []
        for number, (name, value) in enumerate(values.items()):
            pieces = ", ".join(f"{{{_literal(text)}, {count}ul}}" for text, count in _pieces(value))
            self.lines.append(f"static const struct comm_piece comm_p{self.count}_{number}[] = {{{pieces}, {{0, 0}}}};")
            names.append(f"{{{_literal(name)}, comm_p{self.count}_{number}}}")
        self.lines.append(f"static const struct comm_field comm_f{self.count}[] = {{{', '.join([*names, '{0, 0}'])}}};")
        return f"comm_f{self.count}"

    def add(self, vector, canary):
        def text(key):
            return _literal(vector[key]) if vector.get(key) else "0"
        given = self.fields(vector["input"])
        output = self.fields(vector["output"]) if "output" in vector else "0"
        self.rows.append(f"  {{{_literal(vector['id'])}, {_literal(vector['op'])}, {text('error')}, {text('scope')}, "
                         f"{text('twin')}, {_literal(' '.join(vector['requirements']))}, {int(canary)}, {given}, {output}}},")


def header():
    """comm_vectors.h."""
    out, canaries = _Header(), 0
    for path in vectors.files():
        for vector in json.loads(path.read_text())["vectors"]:
            canary = path.parent.name == "canary"
            canaries += canary
            out.add(vector, canary)
    return "\n".join([HEAD % {"version": EDITION, "count": len(out.rows) - canaries, "canaries": canaries}, *out.lines, "",
                      "static const struct comm_vector comm_vectors[] = {", *out.rows, "  {0, 0, 0, 0, 0, 0, 0, 0, 0}", "};", "",
                      f"enum {{ comm_vector_count = {len(out.rows)} }};", "", "#endif", ""])


def contents():
    """{name in the archive: bytes}."""
    out = {str(path.relative_to(CONFORMANCE)): path.read_bytes() for path in vectors.files()}
    out |= {name: (CONFORMANCE / name).read_bytes() for name in EXTRA}
    out["comm_vectors.h"] = header().encode()
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(out.items()))
    return {**out, "SHA256SUMS": sums.encode()}


def publish(directory):
    """Yields the paths that were written: the directory's files and the archive."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in sorted(contents().items()):
            path = directory / NAME / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            entry = tarfile.TarInfo(f"{NAME}/{name}")
            entry.size, entry.mode = len(data), 0o644
            tar.addfile(entry, io.BytesIO(data))
            yield path
    path = directory / f"{NAME}.tar.gz"
    path.write_bytes(gzip.compress(archive.getvalue(), 9, mtime=0))
    yield path
    sums = directory / "SHA256SUMS"
    sums.write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
    yield sums


def _lines():
    """What example.c is to print."""
    for path in vectors.files():
        for vector in vectors.load(path)["vectors"]:
            cells = [vector["id"], vector["op"], vector.get("error", "accept"), " ".join(vector["requirements"])]
            for side, key in (("in", "input"), ("out", "output")):
                cells += [f"{side}.{name}={value if isinstance(value, (str, int)) else json.dumps(value)}"
                          for name, value in vector.get(key, {}).items()]
            yield "\t".join(cells)


def verify(directory, compiler="cc"):
    """Yields complaints: an archive is written, its sums are right, and a C program reads what the JSON files say."""
    written = list(publish(directory))
    folder = directory / NAME
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, _, name = line.partition("  ")
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            yield f"{name} has another sum"
    program = directory / "example"
    built = subprocess.run([compiler, "-std=c90", "-pedantic", "-Wall", "-Wextra", "-Werror", "-I", str(folder), "-o", str(program),
                            str(folder / "vectors" / "example.c")], capture_output=True, text=True, timeout=120, check=False)
    if built.returncode:
        yield f"the header does not compile: {built.stderr[:500]}"
        return
    read = subprocess.run([str(program)], capture_output=True, timeout=60, check=False)
    wanted = "".join(line + "\n" for line in _lines()).encode()
    if read.returncode or read.stdout != wanted:
        yield "the C header and the JSON files differ"
    if len(written) < 3:
        yield "nothing was written"
