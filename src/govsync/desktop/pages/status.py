"""What is so now: the state and what it means, what is on its way, what waits, and what happened last."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from govsync.control.messages import ListActivity
from govsync.desktop import describe
from govsync.desktop.desk import PAUSES, Desk
from govsync.desktop.pages.moving import Moving
from govsync.desktop.pages.room import Room
from govsync.desktop.progress import Progress, left
from govsync.desktop.theme import GRID
from govsync.desktop.widgets.buttons import Button
from govsync.desktop.widgets.emblem import Bar, Emblem
from govsync.desktop.widgets.glimpse import Glimpse
from govsync.desktop.widgets.grounds import Card, Picture, Scrolled, clear, row
from govsync.desktop.widgets.layouts import Flow
from govsync.desktop.widgets.words import Name, Words
from govsync.model.activity import ActivityRow, ProblemRow
from govsync.model.problems import Failure
from govsync.model.status import State, Status
from govsync.text import glance
from govsync.text.catalog import counted, said
from govsync.text.sentences import message, todo
from govsync.text.units import shown_day, shown_moment, size
from govsync.text.window import advice

LATELY = 4
MOST_WAITING = 4
_NUMBER_HEIGHT = 28
"""Letters of different scripts are of different heights; figures beside each other stand on one line."""
_LOOK_AGAIN_MS = 1_000
_OFFER_MORE = {State.SIGNED_OUT, State.HOLD, State.PROBLEM, State.PAUSED}
"""States in which something else is offered than in all others."""


class StatusPage(Scrolled):
    """The first page."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._progress = Progress()
        self._last_change: str | None = None
        self._state = _State(desk)
        self._figures = _Figures(desk)
        self._moving = Moving(desk.palette)
        self._waiting = _Waiting(desk)
        self._room = Room(desk, self.isVisible)
        self._lately = _Lately(desk)
        self.inside.addWidget(self._state)
        self.inside.addWidget(self._figures)
        self.inside.addWidget(self._moving)
        self.inside.addWidget(self._waiting)
        self.inside.addWidget(self._room)
        self.inside.addWidget(self._lately)
        self.inside.addStretch(1)
        self._look = QTimer(self, singleShot=True, interval=_LOOK_AGAIN_MS)
        self._look.timeout.connect(self._lately.look)
        desk.changed.connect(self._show)
        desk.lost.connect(self._show_lost)
        if desk.status is not None:
            self._show(desk.status)
        elif desk.failure is not None:
            self._show_lost(desk.failure)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """As Qt asks it: what only somebody who looks needs to know is asked now."""
        super().showEvent(event)
        self._room.look()

    def _show(self, status: Status) -> None:
        self._progress = self._progress.after(status)
        self._state.show_status(status, self._progress)
        self._figures.show_status(status)
        self._moving.show_status(status)
        self._room.show_status(status)
        self._waiting.show_rows(status.notices, status.waiting)
        if not self._lately.looked or status.last_change != self._last_change:
            self._last_change = status.last_change
            if not self._lately.looked:
                self._lately.look()
            elif not self._look.isActive():
                self._look.start()

    def _show_lost(self, failure: Failure) -> None:
        self._state.show_lost(failure)
        self._figures.hide()
        self._moving.hide()
        self._room.hide()
        self._waiting.show_rows((), 0)


class _State(Card):
    """The state, large, with what can be done about it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(margin=3 * GRID, gap=2 * GRID)
        self._desk = desk
        self._emblem = Emblem(desk.palette)
        self._headline, self._meaning = Words("", "state"), Words("", "lead", wrap=True)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addStretch(1)
        words.addWidget(self._headline)
        words.addWidget(self._meaning)
        words.addStretch(1)
        top = QHBoxLayout()
        top.setSpacing(2 * GRID + 4)
        top.addWidget(self._emblem, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(words, 1)
        self.inside.addLayout(top)
        self._bar = Bar(desk.palette)
        self._left, self._time = Words("", "caption", figures=12), Words("", "caption", figures=12)
        self._moving = QWidget()
        moving = QVBoxLayout(self._moving)
        moving.setContentsMargins(0, 0, 0, 0)
        moving.setSpacing(GRID)
        moving.addWidget(self._bar)
        moving.addLayout(row(self._left, None, self._time))
        self.inside.addWidget(self._moving)
        self._buttons = Flow()
        self.inside.addLayout(self._buttons)
        self._shown: tuple[object, ...] = ()

    def show_status(self, status: Status, progress: Progress) -> None:
        self._emblem.show_state(status.state)
        self._headline.say(glance.headline(status))
        self._meaning.say(glance.meaning(status))
        items, bytes_left = left(status)
        self._moving.setVisible(status.state is State.SYNCING and items > 0)
        self._bar.show_share(progress.share(status))
        done = progress.most_items - items
        self._left.say(
            said(
                "{done} of {all} done, {size} left", done=done, all=progress.most_items, size=size(bytes_left)
            )
        )
        seconds = progress.seconds_left(status)
        self._time.say("" if seconds is None else glance.left(seconds))
        self._offer(status.state)

    def show_lost(self, failure: Failure) -> None:
        headline, meaning = glance.without_agent(failure.code)
        self._emblem.show_state(State.OFFLINE)
        self._headline.say(headline)
        self._meaning.say(meaning)
        self._moving.hide()
        if self._shown != ("lost",):
            self._shown = ("lost",)
            clear(self._buttons)
            self._add(Button(said("Start GovSync"), self._desk.restart.emit, "first"))

    def _offer(self, state: State) -> None:
        offered = (state if state in _OFFER_MORE else None,)
        if self._shown == offered:
            return  # The same is offered: a desk that is in sync and syncs by turns makes no buttons anew each time.
        self._shown = offered
        clear(self._buttons)
        desk = self._desk
        if state is State.SIGNED_OUT:
            self._add(Button(said("Sign in…"), desk.sign_in.emit, "first"))
        elif state is State.HOLD:
            self._add(Button(said("Answer…"), lambda: desk.turn_to.emit("problems"), "first"))
        elif state is State.PROBLEM:
            self._add(Button(said("Show what to do"), lambda: desk.turn_to.emit("problems"), "first"))
        elif state is State.PAUSED:
            self._add(Button(said("Resume"), desk.resume, "first"))
        self._add(Button(said("Open folder"), desk.open_folder, icon=desk.icon("folder")))
        if state not in (State.SIGNED_OUT, State.PAUSED):
            pause = Button(said("Pause"), icon=desk.icon("pause"))
            pause.setMenu(pause_menu(desk, self))
            self._add(pause)
        if state not in (State.SIGNED_OUT, State.PAUSED):
            again = Button(said("Check now"), desk.sync_now, "plain", desk.icon("sync", desk.palette.ink2))
            again.setToolTip(said("Looks at everything now (F5)"))
            self._buttons.add_right(again)

    def _add(self, button: Button) -> None:
        self._buttons.addWidget(button)


def pause_menu(desk: Desk, parent: QWidget) -> QMenu:
    """Answers the menu of how long to pause."""
    menu = QMenu(parent)
    for text, seconds in PAUSES:
        menu.addAction(said(text)).triggered.connect(lambda _=False, seconds=seconds: desk.pause(seconds))
    return menu


class _Figures(QWidget):
    """Figures that can be checked: what goes up and down, how fast, and since when it is known."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2 * GRID)
        palette = desk.palette
        self._up = _Figure(palette.ink2, "send", said("To send"))
        self._down = _Figure(palette.ink2, "fetch", said("To fetch"))
        self._checked = _Figure(palette.ink2, "shield", said("Last compared"))
        self._desk = desk
        for column, each in enumerate((self._up, self._down, self._checked)):
            grid.addWidget(each, 0, column)
            grid.setColumnStretch(column, 1)

    def show_status(self, status: Status) -> None:
        self.show()
        pending, rate = status.pending, status.rate
        if pending.up or not (status.paused or status.state is State.SIGNED_OUT):
            self._up.say(_items(pending.up), _more(pending.bytes_up, rate.up, said("Everything is sent.")))
        elif status.state is State.SIGNED_OUT:
            self._up.say("–", said("Not known now."))
        else:
            self._up.say("–", said("Not looked at while paused."))
        if status.online or pending.down:
            self._down.say(
                _items(pending.down), _more(pending.bytes_down, rate.down, said("Everything is here."))
            )
        else:
            self._down.say("–", said("Not known while offline."))
        if status.checked_at is None:
            self._checked.say("–", said("The server was not heard yet."))
        else:
            zone = self._desk.now().tzinfo
            date, _, clock = shown_moment(status.checked_at, zone).partition(" ")
            today = date == self._desk.now().date().isoformat()
            day = shown_day(status.checked_at, zone)
            self._checked.say(clock if today else day, said("with the server") if today else clock)


def _items(count: int) -> str:
    return said("Nothing") if count == 0 else counted("{count} item", "{count} items", count)


def _more(left_bytes: int, rate: int, nothing: str) -> str:
    parts = [size(left_bytes)] if left_bytes else []
    if left_bytes and rate:
        parts.append(said("{rate}/s", rate=size(rate)))
    return " · ".join(parts) or nothing


class _Figure(Card):
    """One figure: what it is about, the number, and more of it."""

    def __init__(self, colour: str, icon: str, about: str) -> None:
        super().__init__(margin=2 * GRID, gap=4)
        self._number, self._more = Words("", "figure", figures=20), Words("", "caption", figures=12)
        self.inside.addLayout(row(Picture(icon, colour, 16), Words(about, "second"), None))
        self._number.setFixedHeight(_NUMBER_HEIGHT)
        self.inside.addWidget(self._number)
        self.inside.addWidget(self._more)

    def say(self, number: str, more: str) -> None:
        self._number.say(number)
        self._more.say(more)


class _Waiting(Card):
    """What waits until a program or a colleague is done."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(gap=12)
        self._desk = desk
        self._rows: tuple[object, ...] = ()
        self.hide()

    def show_rows(self, notices: Sequence[ProblemRow], count: int) -> None:
        self.setVisible(bool(notices))
        if self._rows == (*notices, count):
            return
        self._rows = (*notices, count)
        clear(self.inside)
        self.inside.addWidget(Words(said("Waiting"), "section"))
        for notice in notices[:MOST_WAITING]:
            title, where = describe.name_and_place(notice.path)
            words = QVBoxLayout()
            words.setSpacing(2)
            name = Name(title, "strong")
            name.setToolTip(where)
            words.addWidget(name)
            words.addWidget(
                Words(f"{message(notice)} {advice(notice.code, todo(notice))}", "second", wrap=True)
            )
            line = QHBoxLayout()
            line.setSpacing(12)
            line.addWidget(Picture("wait", self._desk.palette.amber.mark, 20), 0, Qt.AlignmentFlag.AlignTop)
            line.addLayout(words, 1)
            self.inside.addLayout(line)
        more = max(count, len(notices)) - MOST_WAITING
        if more > 0:
            self.inside.addWidget(Words(counted("and {count} more", "and {count} more", more), "caption"))


class _Lately(Card):
    """What happened last."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(margin=GRID, gap=0)
        self._desk = desk
        self.looked = False
        everything = Button(said("All activity"), lambda: desk.turn_to.emit("activity"), "quiet")
        self.inside.addLayout(row(12, Words(said("Lately"), "section"), None, everything))
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        self.inside.addLayout(self._list)
        self._shown: tuple[ActivityRow, ...] | None = None
        self.hide()

    def look(self) -> None:
        """Reads what happened last."""
        self.looked = True
        self._desk.link.ask(ListActivity(limit=LATELY), self._show, lambda _: None, owner=self)

    def _show(self, rows: tuple[ActivityRow, ...]) -> None:
        self.show()
        if rows == self._shown:
            return
        self._shown = rows
        clear(self._list)
        for each in rows:
            shown = describe.activity(self._desk, each)
            self._list.addWidget(Glimpse(self._desk.palette, shown, partial(self._desk.show_path, each.path)))
        if not rows:
            nothing = Words(
                said("Nothing has happened yet. What you and your colleagues save is listed here."),
                "second",
            )
            nothing.setContentsMargins(12, 8, 12, 16)
            self._list.addWidget(nothing)
