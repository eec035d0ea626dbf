#!/bin/bash
# Installs what `make package-windows` makes and signs packages for Windows with, from Debian: wine, a compiler, the tools of the
# installer's tables and of signatures. Root (or sudo that asks nothing) only.
set -euo pipefail

"$(dirname "$0")"/install-wine.sh
for part in wixl msibuild osslsigncode; do
    if ! command -v "$part" >/dev/null; then
        exec "$(dirname "$0")"/install-packages.sh "Tools for packages of Windows" wixl msitools osslsigncode
    fi
done
