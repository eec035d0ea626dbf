#!/bin/bash
# Installs the peer that `make bench-peers` measures beside the product, from Debian. Root (or sudo that asks nothing) only.
set -euo pipefail

if command -v syncthing >/dev/null; then
    exit
fi

install=(apt-get install --yes --quiet --quiet --no-install-recommends syncthing)

if [ "$(id -u)" = 0 ]; then
    privileged=(env DEBIAN_FRONTEND=noninteractive)
elif sudo --non-interactive true 2>/dev/null; then
    privileged=(sudo --non-interactive env DEBIAN_FRONTEND=noninteractive)
else
    echo "syncthing is missing. Please run this once, then try again:" >&2
    echo "    sudo apt-get update && sudo ${install[*]}" >&2
    exit 1
fi

"${privileged[@]}" apt-get update --quiet --quiet >&2
"${privileged[@]}" "${install[@]}" >&2
