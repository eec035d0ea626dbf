#!/bin/bash
# Installs rpmbuild, which `make package-linux` makes the package of RPM with. Root (or sudo that asks nothing) only.
set -euo pipefail

if command -v rpmbuild >/dev/null; then
    exit
fi

"$(dirname "$0")"/install-packages.sh "rpmbuild" rpm
