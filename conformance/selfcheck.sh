#!/bin/sh
# The suite against itself and against the program: vectors, trace, a sample of the mutants, the quick cases.
# COMM names the program (default: build/comm of this checkout).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
COMM=${COMM:-$here/../build/comm}
export COMM
"$here/comm-conformance" vectors verify
"$here/comm-conformance" trace
"$here/comm-conformance" selftest --quick
"$here/comm-conformance" run --quick --jobs 4 --iut "$here/adapter/examples/comm-chat"
