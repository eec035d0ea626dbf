#!/bin/bash
# Installs the peer that `make bench-peers` measures beside the product, from Debian. Root (or sudo that asks nothing) only.
set -euo pipefail

if command -v syncthing >/dev/null; then
    exit
fi

"$(dirname "$0")"/install-packages.sh "syncthing" syncthing
