#!/bin/sh
# Put everything that a machine without any index needs into one folder: sh tools/wheels.sh FOLDER [PYTHON]
# Every file is checked against the hashes of the lock when it is fetched; what comes as source is built here,
# with the tools of lock/build.txt. SHA256SUMS is checked where it is installed.
set -eu
mkdir -p "$1"
folder=$(cd "$1" && pwd)
python=${2:-.venv/bin/python}
cd "$(dirname "$0")/.."
wheel="$python -m pip --disable-pip-version-check wheel --quiet --no-deps --no-build-isolation --wheel-dir $folder"
$wheel --require-hashes -r lock/core.txt
$wheel .
cp -r deploy "$folder/"
(cd "$folder" && sha256sum -- *.whl > SHA256SUMS)
echo "$(find "$folder" -name '*.whl' | wc -l) wheels, $(du -sh "$folder" | cut -f1), in $folder"
