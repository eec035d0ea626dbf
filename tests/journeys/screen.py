"""A screen that nobody sees, as a desktop has it: X11, a window manager, a tray for icons, and the bus by which readers of the
screen hear what stands on it (reader.py). What is clicked and typed comes to programs as from a mouse and a keyboard.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

WIDTH, HEIGHT = 1280, 860
PROGRAMS = ("Xvfb", "openbox", "trayer", "xdotool", "dbus-daemon")
_TRAY = (
    "--edge",
    "bottom",
    "--align",
    "right",
    "--SetDockType",
    "true",
    "--widthtype",
    "request",
    "--height",
    "32",
)
_MOST_ICON = 64

Box = tuple[int, int, int, int]
"""Left, top, width, height."""


class Screen:
    """One screen, with a mouse and a keyboard."""

    def __init__(self, env: dict[str, str], frame: Path) -> None:
        self.env = env
        """The environment of programs that are to be seen on it."""
        self._frame = frame
        self.mouse_at(WIDTH // 2, HEIGHT // 2)

    def hand(self, *what: str) -> str:
        """Does something with mouse or keyboard, and answers what that tool prints."""
        done = subprocess.run(["xdotool", *what], env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or what[0] == "search", done  # To find nothing is no failure.
        return done.stdout.strip()

    def mouse_at(self, x: int, y: int) -> None:
        """Moves the mouse."""
        self.hand("mousemove", str(x), str(y))

    def click(self, box: Box, button: int = 1) -> None:
        """Clicks into the middle of something."""
        x, y = box[0] + box[2] // 2, box[1] + box[3] // 2
        self.hand("mousemove", str(x), str(y), "click", str(button))

    def type(self, text: str) -> None:
        """Types into what has the focus."""
        self.hand("type", "--delay", "4", "--", text)

    def press(self, *keys: str) -> None:
        """Presses keys, one after the other ("ctrl+a" is one)."""
        self.hand("key", "--delay", "4", *keys)

    def windows(self, program: str = "govsync") -> list[Box]:
        """Answers where the windows of a program are: also its menus, and its icon in the tray."""
        said = self.hand("search", "--onlyvisible", "--class", program, "getwindowgeometry", "--shell", "%@")
        figures = [int(line.partition("=")[2]) for line in said.splitlines() if not line.startswith("SCREEN")]
        return [(x, y, width, height) for _, x, y, width, height in zip(*[iter(figures)] * 5, strict=True)]

    def icon(self) -> Box | None:
        """Answers where the icon of the product is in the tray, as soon as it is there: the small one of its windows."""
        return next((box for box in self.windows() if box[2] <= _MOST_ICON), None)

    def picture(self, box: Box = (0, 0, WIDTH, HEIGHT)) -> QImage:
        """Answers what is seen of a place."""
        data = (
            self._frame.read_bytes()
        )  # An X window dump: a head of numbers, a table of colours, and the points.
        head = [int.from_bytes(data[at : at + 4]) for at in range(0, 100, 4)]
        start, width, height, line = head[0] + 12 * head[19], head[4], head[5], head[12]
        whole = QImage(data[start:], width, height, line, QImage.Format.Format_RGB32)
        return whole.copy(*box)


@contextmanager
def screen(base: Path) -> Iterator[Screen]:
    """Runs a screen with all that belongs to it; fails where a part of it is missing."""
    missing = [each for each in PROGRAMS if shutil.which(each) is None]
    if missing:
        pytest.fail(f"{', '.join(missing)} missing: packaging/install-screen.sh installs them")
    base.mkdir()
    (base / "run").mkdir(mode=0o700)
    env = {
        **os.environ, "HOME": str(base), "XDG_RUNTIME_DIR": str(base / "run"), "QT_QPA_PLATFORM": "xcb",
        "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1", "NO_AT_BRIDGE": "1",
    }  # fmt: skip
    for each in ("DBUS_SESSION_BUS_ADDRESS", "WAYLAND_DISPLAY", "QT_SCALE_FACTOR"):
        env.pop(each, None)
    with ExitStack() as ends:
        log = ends.enter_context((base / "screen.log").open("ab"))

        def start(command: Sequence[str], tells: int | None = None) -> None:
            passed = () if tells is None else (tells,)
            process = subprocess.Popen(command, env=env, stdout=log, stderr=log, pass_fds=passed)
            ends.callback(process.wait, 10)
            ends.callback(process.terminate)

        def told(*command: str) -> str:
            """Starts what says in a line how it is reached; `{}` of its command is where it is to say so."""
            reads, writes = os.pipe()
            start([each.format(writes) for each in command], writes)
            os.close(writes)
            with open(reads) as said:
                return said.readline().strip()

        size = ("-screen", "0", f"{WIDTH}x{HEIGHT}x24")
        # Else it begins anew when its last client leaves, and the one that comes at that moment finds no screen: the bus of
        # the readers leaves, and may be the first.
        env["DISPLAY"] = ":" + told(
            "Xvfb", *size, "-noreset", "-nolisten", "tcp", "-fbdir", str(base), "-displayfd", "{}"
        )
        env["DBUS_SESSION_BUS_ADDRESS"] = told("dbus-daemon", "--session", "--nofork", "--print-address={}")
        start(["openbox"])
        start(["trayer", *_TRAY])
        yield Screen(env, base / "Xvfb_screen0")
