#!/bin/bash
# Installs what `make test-packages` makes a bare Debian with. Root (or sudo that asks nothing) only.
set -euo pipefail

if command -v debootstrap >/dev/null; then
    exit
fi

"$(dirname "$0")"/install-packages.sh "debootstrap" debootstrap
