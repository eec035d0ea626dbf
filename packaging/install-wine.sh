#!/bin/bash
# Installs what `make test-windows` runs Windows' own programs with, and a compiler for them, from Debian. Root (or sudo that asks
# nothing) only.
set -euo pipefail

if command -v wine >/dev/null && [ -x /usr/lib/wine/wineserver ] && command -v x86_64-w64-mingw32-gcc >/dev/null; then
    exit
fi

"$(dirname "$0")"/install-packages.sh "wine" wine wine64 gcc-mingw-w64-x86-64-win32
