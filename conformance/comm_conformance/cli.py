"""The command line. Exit codes: 0 conformant, 1 a case failed, 2 usage, 3 the suite is at fault, 4 the adapter cannot
be used, 5 nothing was run."""
import argparse
import json
import sys

from . import ops, vectors


def main(arguments):
    options = _parser().parse_args(arguments)
    return options.run(options)


def _parser():
    parser = argparse.ArgumentParser(prog="comm-conformance", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("vectors", help="verify or generate the vector files, or answer vectors on a pipe")
    command.add_argument("what", choices=("verify", "generate", "answer"))
    command.set_defaults(run=_vectors)
    return parser


def _vectors(options):
    return {"verify": _verify, "generate": _generate, "answer": _answer}[options.what]()


def _generate():
    for path, count in vectors.generate():
        print(f"{count:4} {path}")
    return 0


def _verify():
    complaints = list(vectors.verify())
    for where, complaint in complaints:
        print(f"{where}: {complaint}")
    count, negative = 0, 0
    for vector in vectors.all_vectors():
        count, negative = count + 1, negative + (vector["expect"] == "reject")
    canaries = len(list(vectors.all_vectors(canary=True)))
    print(f"{count} vectors, {negative} of them negative with twins, {canaries} canaries, {len(complaints)} complaints")
    return 3 if complaints else 0


def _answer():
    """One vector per line in, one answer per line out: the --vectors mode of adapter/PROTOCOL.md."""
    for line in sys.stdin:
        print(json.dumps(ops.answer(json.loads(line))), flush=True)
    return 0
