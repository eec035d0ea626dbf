#!/bin/bash
# Installs the screen on which `make test-rest` uses the window as people do, from Debian: X11 that nobody sees, a window manager,
# a tray, a hand for mouse and keyboard, the bus of those who read a screen, and two file managers. Root (or sudo that asks nothing) only.
set -euo pipefail

for part in Xvfb openbox trayer xdotool dbus-daemon nemo caja /usr/libexec/at-spi-bus-launcher; do
    if ! command -v "$part" >/dev/null; then
        exec "$(dirname "$0")"/install-packages.sh "A screen" xvfb openbox trayer xdotool dbus at-spi2-core \
            nemo nemo-python caja python3-caja
    fi
done
