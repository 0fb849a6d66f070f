#!/bin/sh
# The suite against itself and against the program, in brief: vectors, worked example, 2,000 inputs of differential
# fuzzing, the quick cases, the join of requirements with what this run has exercised, a sample of the mutants, the
# degenerate nodes that cost least. COMM names the program (default: build/comm of this checkout).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
iut="${COMM:-$here/../build/comm} adapter"
suite="$here/comm-conformance"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
began=$(date +%s)
"$suite" vectors verify
"$suite" vectors publish --to "$scratch"
"$suite" run --spec next --level vectors --json "$scratch/vectors.json" --iut "$iut"
"$suite" worked-example --iut "$iut"
"$suite" fuzz --inputs 2000 --iut "$iut"
"$suite" run --spec next --quick --jobs 4 --json "$scratch/cases.json" --iut "$iut"
"$suite" trace --quick --run-file "$scratch/cases.json" --run-file "$scratch/vectors.json"
"$suite" selftest --quick --jobs 4
echo "selfcheck: passed in $(($(date +%s) - began)) s"
