#!/bin/bash
# Installs what the window needs of the system, where it is missing: the libraries that Qt loads, and letters for it.
# Root (or sudo that asks nothing) installs Debian's packages; anyone else is told the line to run.
set -euo pipefail

# Drawn off-screen, as tests do it; then a screen of X11; then letters: Latin and Cyrillic, Hangul, and emoji; last the tools by
# which a desktop knows a person's folders, which tests hold against ours.
packages=(
    libegl1 libgl1 libfontconfig1 libfreetype6 libglib2.0-0 libdbus-1-3 libxkbcommon0 libx11-6
    libx11-xcb1 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render0 libxcb-render-util0
    libxcb-shape0 libxcb-shm0 libxcb-sync1 libxcb-util1 libxcb-xfixes0 libxcb-xkb1 libxkbcommon-x11-0
    fonts-inter fonts-noto-cjk fonts-noto-color-emoji
    xdg-user-dirs
)

if ! command -v dpkg-query >/dev/null; then
    exit # Not Debian's kin: its desktop brings what Qt needs, or the window says what it lacks.
fi

missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null || true)
    # Newer systems call some of them by another name, with the same files (libglib2.0-0t64).
    newer=$(dpkg-query --show --showformat '${db:Status-Status}' "${package}t64" 2>/dev/null || true)
    [ "$state" = installed ] || [ "$newer" = installed ] || missing+=("$package")
done

if [ ${#missing[@]} = 0 ]; then
    exit
fi

"$(dirname "$0")"/install-packages.sh "What the window needs of the system" "${missing[@]}"
