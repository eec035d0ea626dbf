#!/bin/bash
# Prints the path of a Python that can run GovSync and make a virtual environment, after installing what is missing.
# Root (or sudo that asks nothing) installs Debian's packages; anyone else is told the line to run. Progress goes to stderr.
set -euo pipefail

candidates=(python3 python3.13 python3.12 python3.11 python3.14)

# A name on PATH proves nothing: version managers put stubs there. So each one is asked.
first_that() {
    local name
    for name in "${candidates[@]}"; do
        if command -v "$name" >/dev/null && "$name" -c "$1" >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    return 1
}

usable='import sys; assert sys.version_info >= (3, 11); import venv, ensurepip, sqlite3, ssl'

if first_that "$usable"; then
    exit
fi

if ! command -v apt-get >/dev/null; then
    echo "GovSync needs Python 3.11 or newer with venv; please install it with this system's package manager." >&2
    exit 1
fi

"$(dirname "$0")"/install-packages.sh "Python's venv" python3 python3-venv

if ! first_that "$usable"; then
    echo "This system's Python is older than 3.11; GovSync needs 3.11 or newer." >&2
    exit 1
fi
