"""With whom a folder is shared, adding somebody, and links for people without an account.

Somebody is found by typing a part of the name; what is found shows organisation and division, so that two people of one name
are told apart. Only who was chosen from what was found is added: a typing error shares with nobody.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from govsync.control.messages import AddLink, AddShare, FindMembers, LeaveShare, ListShares, RemoveShare
from govsync.desktop import describe
from govsync.desktop.desk import Desk
from govsync.desktop.theme import GRID
from govsync.desktop.widgets.buttons import Button, Choice
from govsync.desktop.widgets.glimpse import Glimpse
from govsync.desktop.widgets.grounds import Banner, Card, Line, Medal, Scrolled, clear, row
from govsync.desktop.widgets.rows import Shown
from govsync.desktop.widgets.words import Name, Words
from govsync.model.activity import FoundRow, LinkAdded, ShareRow
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.text import glance
from govsync.text.catalog import Text, said
from govsync.text.units import shown_name
from govsync.text.window import told

_TYPED_MS = 200
_LEAST_LETTERS = 2
_MOST_FOUND = 5
_ROLES = ("viewer", "editor", "uploader", "manager")
_KIND_ICONS = {"user": "person", "group": "sharing", "division": "sharing", "space": "folder"}
_LASTS: tuple[tuple[Text, int], ...] = (("1 day", 86_400), ("7 days", 7 * 86_400), ("30 days", 30 * 86_400))


class SharingDialog(QDialog):
    """One folder and its people."""

    def __init__(
        self, desk: Desk, path: str, role: str, then: Callable[[], object], parent: QWidget | None = None
    ) -> None:
        """`role` is this person's own in the folder, "" where it is not shared yet; `then` is called after a change."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._desk, self._then = desk, then
        self._path = str(desk.path(path) or path)
        self._shared, self._may = bool(role), role in ("", "editor", "manager")
        self._manages = role in ("", "manager")
        name, _ = describe.name_and_place(path)
        self.setWindowTitle(said("Share {name}", name=name))
        self.setMinimumSize(560, 480)
        self.resize(560, 600)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 3 * GRID, 0, 2 * GRID)
        column.setSpacing(2 * GRID)
        head = QVBoxLayout()
        head.setContentsMargins(4 * GRID, 0, 4 * GRID, 0)
        head.setSpacing(12)
        head.addWidget(Name(name, "page"))
        self.banner = Banner(desk.palette, "amber", "info")
        self.banner.hide()
        head.addWidget(self.banner)
        head.addWidget(self._adding())
        column.addLayout(head)
        self._list = Scrolled()
        column.addWidget(self._list, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(4 * GRID, 0, 4 * GRID, 0)
        foot.setSpacing(12)
        foot.addWidget(self._linking())
        buttons = QHBoxLayout()
        self.leave = Button(said("Leave this folder"), self._leave, "plain")
        self.leave.setVisible(self._shared)
        buttons.addWidget(self.leave)
        buttons.addStretch(1)
        buttons.addWidget(Button(said("Done"), self.close))
        foot.addLayout(buttons)
        column.addLayout(foot)
        self.look()

    def _adding(self) -> QWidget:
        self.who = QLineEdit()
        self.who.setPlaceholderText(said("Name of a person, a group or a division"))
        self.who.setAccessibleName(said("With whom"))
        roles = [(glance.role(each), each) for each in _ROLES]
        self.role = Choice(self._desk.palette, said("What they may do"), roles, _ROLES.index("editor"))
        self.add = Button(said("Share"), self._add, "first")
        self.add.setEnabled(False)
        self._chosen: FoundRow | None = None
        self._typed = QTimer(self, singleShot=True, interval=_TYPED_MS)
        self._typed.timeout.connect(self._find)
        self.who.textEdited.connect(self._edited)
        self.found = Card(margin=4, gap=0)
        self.found.hide()
        ground = QWidget()
        column = QVBoxLayout(ground)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(row(self.who, self.role, self.add))
        column.addWidget(self.found)
        ground.setVisible(self._may)
        return ground

    def _linking(self) -> QWidget:
        card = Card(margin=12, gap=GRID, role="sunken")
        lasts = [(said(text), seconds) for text, seconds in _LASTS]
        self.lasts = Choice(self._desk.palette, said("How long the link opens it"), lasts, 1)
        self.password = QLineEdit()
        self.password.setPlaceholderText(said("Password, if there shall be one"))
        self.password.setAccessibleName(said("Password of the link"))
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.link = Button(said("Copy link"), self._link, icon=self._desk.icon("link"))
        self.linked = Words("", "caption", wrap=True)
        self.linked.hide()
        card.inside.addWidget(
            Words(
                said("A link for people without an account: whoever has it may look, and nothing else."),
                "second",
                wrap=True,
            )
        )
        card.inside.addLayout(row(self.lasts, self.password, self.link))
        card.inside.addWidget(self.linked)
        card.setVisible(self._may)
        return card

    def look(self) -> None:
        """Reads again with whom it is shared."""
        if self._shared:
            self._desk.link.ask(ListShares(path=self._path), self._show, self._fail, owner=self)
        else:
            self._show(())

    def _show(self, rows: tuple[ShareRow, ...]) -> None:
        clear(self._list.inside)
        for number, each in enumerate(rows):
            if number:
                self._list.inside.addWidget(Line())
            self._list.inside.addLayout(self._member(each))
        if not rows:
            nobody = said(
                "Nobody else has this folder yet. Type a name above; their desks show it a moment later."
            )
            self._list.inside.addWidget(Words(nobody, "second", wrap=True))
        self._list.inside.addStretch(1)

    def _member(self, member: ShareRow) -> QHBoxLayout:
        title = shown_name(member.title or member.with_)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Name(said("{name} (you)", name=title) if member.you else title, "strong"))
        words.addWidget(Name(" · ".join(part for part in (member.detail, member.with_) if part), "caption"))
        line = QHBoxLayout()
        line.setSpacing(12)
        medal = Medal(self._desk.palette, _KIND_ICONS.get(member.kind, "person"), "blue", 36)
        line.addWidget(medal, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addLayout(words, 1)
        if self._manages and not member.you and member.kind != "space":
            change = Button(glance.role(member.role))
            change.setAccessibleName(said("{name}: {role}", name=title, role=glance.role(member.role)))
            change.setMenu(self.menu_of(member))
            line.addWidget(change)
        else:
            line.addWidget(Words(glance.role(member.role), "second"))
        return line

    def menu_of(self, member: ShareRow) -> QMenu:
        """Answers what can be done about a member."""
        menu = QMenu(self)
        for each in _ROLES:
            action = menu.addAction(glance.role(each))
            action.setEnabled(each != member.role)
            action.triggered.connect(lambda _=False, each=each: self._give(member.with_, each))
        menu.addSeparator()
        menu.addAction(said("Take it away")).triggered.connect(
            lambda: self._ask(RemoveShare(path=self._path, who=member.with_))
        )
        return menu

    def _edited(self) -> None:
        self._chosen = None
        self.add.setEnabled(False)
        self.found.setVisible(len(self.who.text().strip()) >= _LEAST_LETTERS and self.found.isVisible())
        self._typed.start()

    def _find(self) -> None:
        text = self.who.text().strip()
        if len(text) >= _LEAST_LETTERS:
            self._desk.link.ask(FindMembers(text=text), self._show_found, self._fail, owner=self)

    def _show_found(self, rows: tuple[FoundRow, ...]) -> None:
        clear(self.found.inside)
        for each in rows[:_MOST_FOUND]:
            shown = Shown(
                icon=_KIND_ICONS.get(each.kind, "person"), tone="blue", title=shown_name(each.title or each.with_),
                where=shown_name(each.with_), second=shown_name(each.detail),
            )  # fmt: skip
            self.found.inside.addWidget(Glimpse(self._desk.palette, shown, partial(self.choose, each)))
        if not rows:
            nobody = Words(said("Nobody is called so with whom you can share."), "second")
            nobody.setContentsMargins(12, 8, 12, 8)
            self.found.inside.addWidget(nobody)
        self.found.show()

    def choose(self, found: FoundRow) -> None:
        """Takes somebody of those who were found."""
        self._chosen = found
        self.found.hide()
        self.who.setText(shown_name(found.title or found.with_))
        self.add.setEnabled(True)
        self.add.setFocus()

    def _add(self) -> None:
        if self._chosen is not None:
            self._give(self._chosen.with_, str(self.role.value()))

    def _give(self, who: str, role: str) -> None:
        self._ask(AddShare(path=self._path, who=who, role=role))  # type: ignore[arg-type]  # one of _ROLES

    def _ask(self, request: AddShare | RemoveShare) -> None:
        self.add.setEnabled(False)
        self._desk.link.ask(request, lambda _: self._done(), self._fail, owner=self)

    def _done(self) -> None:
        self._shared = True
        self.banner.say("")
        self.who.clear()
        self.who.setFocus()  # Not what comes after the button that is off now: the next name may follow.
        self._chosen = None
        self.leave.show()
        self.look()
        self._then()

    def _leave(self) -> None:
        self._desk.link.ask(LeaveShare(path=self._path), lambda _: self._left(), self._fail, owner=self)

    def _left(self) -> None:
        self._then()
        self.close()

    def _link(self) -> None:
        seconds = self.lasts.value()
        assert isinstance(seconds, int)
        request = AddLink(path=self._path, seconds=seconds, password=self.password.text() or None)
        self._desk.link.ask(request, self._show_link, self._fail, owner=self)

    def _show_link(self, link: LinkAdded) -> None:
        self._desk.copy(link.url)
        self.password.clear()
        until = self._desk.near(link.expires)
        self.linked.say(
            said("The link is copied: {url} – it opens until {until}.", url=link.url, until=until)
        )
        self.linked.show()
        self._then()

    def _fail(self, failure: Failure) -> None:
        if failure.code is Code.NOT_SHARED:
            self._show(())
            return
        self.add.setEnabled(self._chosen is not None)
        self.banner.say(told(failure))
