"""Somebody at a screen, with the app of a home of their own: sees what is named there, and uses mouse and keyboard.

GOVSYNC_PICTURES names a folder that gets a picture of each step, to be looked at.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from govsync.desktop.theme import LIGHT, TONES, tone
from govsync.model.status import State
from tests.journeys.programs import Process, Programs
from tests.journeys.reader import ENABLED, Reader, Thing
from tests.journeys.screen import Screen, screen
from tests.journeys.site import COMMANDS, PASSWORD, environment, until

_PASSIVE = {"label", "filler", "panel", "graphic", "layered pane"}
"""Roles of what is not there to be clicked."""
_POINTS = 20
"""So many points of its tone an icon has at least."""


class Person:
    """One person, one screen, one home."""

    def __init__(self, base: Path, screen: Screen, reader: Reader, programs: Programs) -> None:
        self.base, self.screen, self.reader, self._programs = base, screen, reader, programs
        self.env = {**environment(base), **screen.env, "HOME": str(base)}
        self._log = (base / "app.out").open("ab")
        self._pictures = 0
        self.apps: list[Process] = []

    def start_app(self, *options: str) -> Process:
        """Starts the app, as its entry in the menu of programs does."""
        app = COMMANDS.start(["app", *options], self.env, self._log.fileno(), self._log.fileno())
        self.apps.append(app)
        return app

    def do(self, *arguments: str, stdin: str = "") -> str:
        """Runs a command of this device that must succeed; answers its output."""
        done = self._programs.run(arguments, self.env, stdin)
        assert done.returncode == 0, done
        return done.stdout

    def write(self, path: str, content: bytes) -> None:
        """Saves a file in the folder."""
        target = self.base / "GovSync" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def read(self, path: str) -> bytes:
        """Answers what a file of the folder holds."""
        return (self.base / "GovSync" / path).read_bytes()

    def thing(self, name: str) -> Thing:
        """Answers what can be clicked and has a name, as soon as it is there."""
        found: list[Thing] = []

        def is_there() -> bool:
            found[:] = [
                each for each in self.reader.seen(name) if each.role not in _PASSIVE and each.has(ENABLED)
            ]
            return bool(found)

        until(is_there, f"{name!r}, to be clicked")
        return min(found, key=lambda each: len(each.name))

    def click(self, name: str, button: int = 1) -> None:
        """Clicks on what has a name, as soon as it can be clicked."""
        self.screen.click(self.thing(name).box, button)

    def fill(self, name: str, text: str) -> None:
        """Types into a field, in place of what is in it."""
        self.click(name)
        self.screen.press("ctrl+a")
        self.screen.type(text)

    def rows(self, are_there: Callable[[list[str]], bool]) -> list[Thing]:
        """Answers the rows of the list that is shown last, as soon as they are those that are waited for."""
        found: list[Thing] = []

        def is_so() -> bool:
            found.clear()
            for each in self.reader.seen():
                if each.role == "table":
                    found.clear()
                elif each.role == "cell":
                    found.append(each)
            return bool(found) and are_there([each.name for each in found])

        until(is_so, "the rows of a list")
        return found

    def menu(self, key: str, place: int) -> None:
        """Opens a menu by a key, and takes what stands at a place of it (readers hear of menus, and do not find them)."""
        before = len(self.screen.windows())
        self.screen.press(key)
        until(lambda: len(self.screen.windows()) > before, "a menu")
        self.screen.press(*["Down"] * place, "Return")

    def sees(self, text: str) -> None:
        """Waits until something is read on the screen."""
        until(lambda: self.reader.reads(text), f"{text!r} on the screen")

    def picture(self, name: str) -> None:
        """Keeps what is seen now, for whoever wants to look at it."""
        self._pictures += 1
        folder = os.environ.get("GOVSYNC_PICTURES")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            assert self.screen.picture().save(f"{folder}/{self._pictures:02}-{name}.png")

    def icon_is(self, state: State) -> None:
        """Waits until the icon in the tray has the tone of a state."""
        wanted = tone(LIGHT, TONES[state]).mark

        def is_so() -> bool:
            box = self.screen.icon()
            if box is None:
                return False
            image = self.screen.picture(box)
            points = [image.pixelColor(x, y).name() for x in range(box[2]) for y in range(box[3])]
            return points.count(wanted) > _POINTS

        until(is_so, f"the icon of {state}")

    def sign_in(self, endpoint: str, login: str) -> None:
        """Goes through the first start."""
        self.sees("Welcome to GovSync")
        self.picture("first-start")
        self.fill("Address of your organisation's server", endpoint)
        self.click("Next")
        self.fill("Account name", login)
        self.fill("Password", PASSWORD)
        self.picture("sign-in")
        self.click("Sign in")
        self.sees("Where should your files be?")
        self.picture("folder")
        self.click("Start")
        self.sees("All set")
        self.picture("all-set")
        self.click("Open GovSync")
        self.sees("In sync")

    def leave(self) -> None:
        """Ends all of it."""
        for app in self.apps:
            app.send_signal(signal.SIGTERM)
            app.wait(20)
        self._programs.run(["stop"], self.env)
        self._log.close()


@contextmanager
def at_a_screen(base: Path, name: str, programs: Programs) -> Iterator[Person]:
    """Has somebody sit down at a new screen."""
    (base / name).mkdir()
    with screen(base / "screen") as there:
        reader = Reader(there.env["DBUS_SESSION_BUS_ADDRESS"])
        person = Person(base / name, there, reader, programs)
        try:
            yield person
        finally:
            person.picture("end")
            person.leave()
            reader.close()
