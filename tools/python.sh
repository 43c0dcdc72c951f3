#!/bin/sh
# Print a Python that can make the virtual environment: 3.11 or newer, with venv, ensurepip, ssl and sqlite3.
# PYTHON in the environment is taken alone and must do.
usable='import sys, ensurepip, venv, ssl, sqlite3; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))'
for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3.14 python3}; do
    if "$candidate" -c "$usable" >/dev/null 2>&1; then
        command -v "$candidate"
        exit 0
    fi
done
echo "CityOps needs Python 3.11 or newer with the venv module (looked for: ${PYTHON:-python3.11 to python3.14, python3})." >&2
echo "  Debian, Ubuntu: apt install python3-venv.  Another Python: make PYTHON=/path/to/python3.12 ..." >&2
exit 1
