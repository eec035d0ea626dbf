#!/bin/bash
# Installs the browser in which `make test-rest` looks at the pages of links, and fonts for what they say, from Debian. Root (or
# sudo that asks nothing) only.
set -euo pipefail

if command -v chromium >/dev/null; then
    exit
fi

"$(dirname "$0")"/install-packages.sh "Chromium" chromium fonts-dejavu-core fonts-noto-cjk
