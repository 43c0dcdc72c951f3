#!/bin/sh
# Renew lock/*.txt: one lock for Python 3.11-3.14 and every processor, with hashes, without index addresses.
# usage: tools/lock.sh PATH/TO/uv [extra options of "uv pip compile", such as --upgrade]
set -eu
cd "$(dirname "$0")/.."
uv=$1
shift
compile() {
    "$uv" pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
        --no-annotate --no-header --python-version 3.11 "$@"
}
compile lock/build.in --output-file lock/build.txt "$@"
compile lock/uv.in --output-file lock/uv.txt "$@"
compile pyproject.toml --output-file lock/core.txt "$@"
compile pyproject.toml --extra test --constraint lock/core.txt --output-file lock/test.txt "$@"
grep -c == lock/build.txt lock/uv.txt lock/core.txt lock/test.txt
