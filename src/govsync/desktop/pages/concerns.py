"""One question, one pair of versions, or one problem: what happened, what is safe, and what can be done."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QFile, Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from govsync.control.messages import Approve, Reject, Resolve
from govsync.desktop import describe
from govsync.desktop.desk import Desk
from govsync.desktop.theme import GRID
from govsync.desktop.widgets.buttons import Button
from govsync.desktop.widgets.grounds import Banner, Card, Medal, Picture, row
from govsync.desktop.widgets.layouts import Beside
from govsync.desktop.widgets.preview import Preview
from govsync.desktop.widgets.words import Name, Words
from govsync.model.activity import ConflictRow, HoldRow, ProblemRow
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.text.catalog import counted, said
from govsync.text.sentences import message, todo
from govsync.text.units import shown_name
from govsync.text.window import advice, question, told

_NAMES = {Code.NAME_ILLEGAL, Code.NAME_TOO_LONG, Code.NAME_RESERVED, Code.NAME_TAKEN, Code.EXISTS}
_SIGN_IN = {Code.SIGNED_OUT, Code.TOKEN_REUSED, Code.DEVICE_CLONED}
MOST_SHOWN = 8


def pane_of(desk: Desk, found: HoldRow | ConflictRow | ProblemRow, then: Callable[[], object]) -> QWidget:
    """Answers what is shown of something; `then` is called when something was done about it."""
    if isinstance(found, HoldRow):
        return HoldPane(desk, found, then)
    if isinstance(found, ConflictRow):
        return ConflictPane(desk, found, then)
    return ProblemPane(desk, found, then)


class _Pane(Card):
    """A head with its icon, and what can be done at the foot."""

    def __init__(self, desk: Desk, icon: str, colour: str, title: QWidget, where: str) -> None:
        super().__init__(margin=3 * GRID, gap=2 * GRID)
        self.desk = desk
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        words.addWidget(title)
        if where:
            words.addWidget(Name(where, "caption"))
        words.addStretch(1)
        head = QHBoxLayout()
        head.setSpacing(2 * GRID)
        head.addWidget(Medal(desk.palette, icon, colour, 44), 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        self.inside.addLayout(head)
        self.wrong = Banner(desk.palette, "amber", "info")
        self.wrong.hide()

    def fail(self, failure: Failure) -> None:
        """Says here what did not work."""
        self.wrong.say(told(failure))


class HoldPane(_Pane):
    """A question, asked calmly."""

    def __init__(self, desk: Desk, hold: HoldRow, then: Callable[[], object]) -> None:
        asked = question(hold)
        super().__init__(
            desk,
            "question",
            "amber",
            Words(asked.asks, "title", wrap=True),
            said("since {at}", at=desk.near(hold.since)),
        )
        self.inside.addWidget(Words(f"{asked.happened} {asked.safe}", "lead", wrap=True))
        self.inside.addWidget(self.wrong)
        ask = desk.link.ask
        self.keep = Button(
            asked.keep, lambda: ask(Reject(id=hold.id), lambda _: then(), self.fail, owner=self), "first"
        )
        self.keep.setDefault(True)
        self.go = Button(asked.go, lambda: ask(Approve(id=hold.id), lambda _: then(), self.fail, owner=self))
        self.inside.addWidget(self.keep)
        self.inside.addWidget(self.go)
        self.inside.addWidget(
            Words(
                said("There is no hurry: the question stays open for as long as you like."),
                "caption",
                wrap=True,
            )
        )
        self.inside.addWidget(_paths(desk, hold.paths, hold.count))
        if hold.sent:
            self.inside.addWidget(
                Words(
                    counted(
                        "{count} more had gone before there were too many. It can be brought back from the trash and the"
                        " versions on the server.",
                        "{count} more had gone before there were too many. They can be brought back from the trash and the"
                        " versions on the server.",
                        len(hold.sent),
                    ),
                    "second",
                    wrap=True,
                )
            )


class ConflictPane(_Pane):
    """Two versions of one file, beside each other."""

    def __init__(self, desk: Desk, found: ConflictRow, then: Callable[[], object]) -> None:
        title, where = describe.name_and_place(found.path)
        super().__init__(
            desk, "files", "blue", Name(said("Two versions of {name}", name=title), "title"), where
        )
        self.inside.addWidget(
            Words(
                said("It was changed in two places at once. Both are kept, and nothing has to be done."),
                "lead",
                wrap=True,
            )
        )
        ask = desk.link.ask

        def settle(keep: str) -> Callable[[], None]:
            request = Resolve(id=found.id, keep=keep)  # type: ignore[arg-type]  # one of the three below
            return lambda: ask(request, lambda _: then(), self.fail, owner=self)

        who = shown_name(found.user) or said("Somebody")
        by = " · ".join(part for part in (who, shown_name(found.device), desk.near(found.at)) if part)
        both = Beside(gap=12)
        self.theirs = self._version(
            found.path, said("Has the name now"), "", said("Keep only this"), settle("theirs")
        )
        self.mine = self._version(found.copy, by, "", said("Keep only this"), settle("mine"))
        both.addWidget(self.theirs)
        both.addWidget(self.mine)
        self.inside.addLayout(both)
        self.inside.addWidget(self.wrong)
        self.both = Button(said("Keep both"), settle("both"), "first")
        self.inside.addWidget(self.both)
        self.inside.addWidget(
            Words(said("What is not kept stays among the versions and in the trash."), "caption", wrap=True)
        )

    def _version(self, path: str, about: str, more: str, keep: str, act: Callable[[], object]) -> Card:
        card = Card(margin=12, gap=6, role="sunken")
        name, _ = describe.name_and_place(path)
        shown = self.desk.path(path)
        card.inside.addWidget(Preview(self.desk.palette, shown))
        card.inside.addWidget(Name(name, "strong"))
        card.inside.addWidget(Words(about, "caption", wrap=True))
        card.inside.addStretch(1)
        card.inside.addWidget(Button(said("Open"), lambda: self.desk.open_file(path), "quiet"))
        card.inside.addWidget(Button(keep, act))
        return card


class ProblemPane(_Pane):
    """A problem: the sentence, what to do, and that in one click where a click can do it."""

    def __init__(self, desk: Desk, found: ProblemRow, then: Callable[[], object]) -> None:
        name, where = describe.name_and_place(found.path)
        super().__init__(desk, "problems", "red", Name(name, "title"), where)
        self._found, self._then = found, then
        self.inside.addWidget(Words(message(found), "lead", wrap=True))
        advised = Card(margin=12, gap=4, role="sunken")
        advised.inside.addLayout(
            row(Picture("spark", desk.palette.blue.mark, 16), Words(said("What you can do"), "section"), None)
        )
        advised.inside.addWidget(Words(advice(found.code, todo(found)), "", wrap=True))
        self.inside.addWidget(advised)
        self.inside.addWidget(self.wrong)
        code = Code(found.code) if found.code in set(Code) else None
        buttons = QVBoxLayout()
        buttons.setSpacing(GRID)
        self.inside.addLayout(buttons)
        first = "first"
        if code in _NAMES:
            self.name = QLineEdit(Path(found.path).name)
            self.name.setAccessibleName(said("New name"))
            self.name.returnPressed.connect(self._rename)
            buttons.addWidget(self.name)
            buttons.addWidget(Button(said("Rename"), self._rename, first))
            first = ""
        elif code in _SIGN_IN:
            buttons.addWidget(Button(said("Sign in…"), desk.sign_in.emit, first))
            first = ""
        buttons.addWidget(Button(said("Show in folder"), lambda: desk.show_path(found.path), first, None))
        again = Button(said("Try again now"), desk.sync_now)
        copy = Button(said("Copy"), self._copy, "plain", desk.icon("copy", desk.palette.ink2))
        buttons.addWidget(again)
        since = Words(said("since {at}", at=desk.near(found.since)), "caption")
        buttons.addLayout(row(since, None, copy))

    def _copy(self) -> None:
        found = self._found
        self.desk.copy(f"{found.path}\n{message(found)} {todo(found)}\n[{found.code}] {found.since}")

    def _rename(self) -> None:
        """Gives it another name on the disk, as the file manager would; what has that name already is not replaced."""
        old, new = self.desk.path(self._found.path), self.name.text()
        if old is None or not new or "/" in new or new == old.name:
            self.wrong.say(said("Choose another name."))
        elif QFile.rename(str(old), str(old.with_name(new))):
            self.wrong.say("")
            self._then()
        else:
            self.wrong.say(
                said(
                    "It cannot be renamed so: perhaps something else has this name, or it may not be changed."
                )
            )


def _paths(desk: Desk, paths: tuple[str, ...], count: int) -> QWidget:
    ground = Card(margin=12, gap=4, role="sunken")
    for path in paths[:MOST_SHOWN]:
        name, where = describe.name_and_place(path)
        line = QHBoxLayout()
        line.setSpacing(GRID)
        line.addWidget(Picture("file", desk.palette.ink3, 16))
        line.addWidget(Name(name), 2)
        line.addWidget(Name(where, "caption"), 1)
        ground.inside.addLayout(line)
    if count > min(len(paths), MOST_SHOWN):
        ground.inside.addWidget(
            Words(
                counted("and {count} more", "and {count} more", count - min(len(paths), MOST_SHOWN)),
                "caption",
            )
        )
    return ground
