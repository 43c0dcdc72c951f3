#!/bin/sh
# Every static check; all of them run, and the exit code tells whether one failed.
# usage: tools/lint.sh BIN   (folder of the environment's programs)
cd "$(dirname "$0")/.." || exit 1
bin=$1
failed=""
check() {
    name=$1
    shift
    if "$@"; then echo "lint: $name ok"; else echo "lint: $name FAILED" && failed="$failed $name"; fi
}
# mypy is the slow one: it runs beside the others.
"$bin/mypy" >"${TMPDIR:-/tmp}/cityops-mypy.$$" 2>&1 &
mypy=$!
check "ruff check" "$bin/ruff" check --quiet .
check "ruff format" "$bin/ruff" format --check --quiet .
check "import directions" "$bin/lint-imports" --no-cache
check "templates" "$bin/python" tools/lint_templates.py
wait $mypy
status=$?
cat "${TMPDIR:-/tmp}/cityops-mypy.$$"
rm -f "${TMPDIR:-/tmp}/cityops-mypy.$$"
check "mypy" test $status -eq 0
if [ -n "$failed" ]; then
    echo "lint: failed:$failed"
    exit 1
fi
