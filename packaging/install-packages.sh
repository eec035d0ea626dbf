#!/bin/bash
# Installs packages of Debian for the scripts beside it, each of which knows what is missing: install-packages.sh WHAT PACKAGE...
# Root (or sudo that asks nothing) installs them; anyone else is told the line to run. Everything that is said goes to stderr.
set -euo pipefail

what=$1
shift
install=(apt-get install --yes --quiet --quiet --no-install-recommends "$@")

if [ "$(id -u)" = 0 ]; then
    privileged=(env DEBIAN_FRONTEND=noninteractive)
elif command -v sudo >/dev/null && sudo --non-interactive true 2>/dev/null; then
    privileged=(sudo --non-interactive env DEBIAN_FRONTEND=noninteractive)
else
    echo "$what is missing. Please run this once, then try again:" >&2
    echo "    sudo apt-get update && sudo ${install[*]}" >&2
    exit 1
fi

echo "installing $what: $*" >&2
"${privileged[@]}" apt-get update --quiet --quiet >&2
"${privileged[@]}" "${install[@]}" >&2
