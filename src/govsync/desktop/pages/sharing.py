"""Which folders others have too, whose they are, what one may do there; sharing more, and the links that open something."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QSizePolicy, QVBoxLayout

from govsync.control.messages import ListLinks, RemoveLink
from govsync.desktop import describe
from govsync.desktop.desk import Desk
from govsync.desktop.dialogs.sharing import SharingDialog
from govsync.desktop.theme import GRID
from govsync.desktop.widgets.buttons import Button
from govsync.desktop.widgets.grounds import Card, Empty, Line, Medal, Scrolled, clear, row
from govsync.desktop.widgets.words import Name, Words
from govsync.model.activity import LinkRow
from govsync.model.status import SpaceStatus, Status
from govsync.text import glance
from govsync.text.catalog import counted, said

_ICONS = {"personal": "person", "team": "sharing", "shared": "folder"}
_TONES = {"personal": "grey", "team": "blue", "shared": "green"}


class SharingPage(Scrolled):
    """The folders of this desk that others have too."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._shown: tuple[SpaceStatus, ...] | None = None
        self._links_shown: tuple[LinkRow, ...] | None = None
        lead = Words(
            said("Folders that you have together with others. What you may do there is said beside each."),
            "second",
            wrap=True,
        )
        self.share = Button(said("Share a folder…"), self._choose, "first")
        self.share.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.inside.addLayout(row(lead, self.share, gap=2 * GRID))
        self._card = Card(margin=GRID, gap=0)
        self._empty = Empty(
            desk.palette, "sharing", "grey", said("No folder is shared yet"),
            said("Share one, and it is listed here, as are those that colleagues share with you."),
        )  # fmt: skip
        self._links = Card(margin=GRID, gap=0)
        self._links_title = Words(said("Links for people without an account"), "section")
        self.inside.addWidget(self._card)
        self.inside.addWidget(self._empty, 1)
        self.inside.addWidget(self._links_title)
        self.inside.addWidget(self._links)
        self.inside.addStretch(1)
        for each in (self._card, self._links, self._links_title):
            each.hide()
        desk.changed.connect(self._show)
        if desk.status is not None:
            self._show(desk.status)

    def showEvent(self, event: object) -> None:  # noqa: N802
        """As Qt asks it: the links are the server's to know, so they are asked for when somebody looks."""
        del event
        self.look()

    def look(self) -> None:
        """Reads the links again."""
        self._desk.link.ask(ListLinks(), self._show_links, lambda _: None, owner=self)

    def _show(self, status: Status) -> None:
        self.share.setEnabled(status.online)
        shared = tuple(space for space in status.spaces if space.kind != "personal")
        if shared == self._shown:
            return
        self._shown = shared
        clear(self._card.inside)
        self._card.setVisible(bool(shared))
        self._empty.setVisible(not shared)
        for number, space in enumerate(shared):
            if number:
                self._card.inside.addWidget(Line())
            self._card.inside.addLayout(self._line(space))

    def _line(self, space: SpaceStatus) -> QHBoxLayout:
        where = space.path if space.path != space.name else ""
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Name(space.name, "strong"))
        about = (glance.kind_of_space(space.kind), glance.role(space.role), where)
        words.addWidget(Name(" · ".join(part for part in about if part), "second"))
        line = QHBoxLayout()
        line.setContentsMargins(12, 12, 12, 12)
        line.setSpacing(GRID)
        medal = Medal(
            self._desk.palette, _ICONS.get(space.kind, "folder"), _TONES.get(space.kind, "grey"), 40
        )
        line.addWidget(medal, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addSpacing(GRID)
        line.addLayout(words, 1)
        line.addWidget(Button(said("Open"), lambda: self._desk.show_path(space.path)))
        line.addWidget(Button(said("People…"), lambda: self.open_dialog(space.path, space.role)))
        return line

    def open_dialog(self, path: str, role: str) -> None:
        """Shows with whom a folder is shared."""
        SharingDialog(self._desk, path, role, self.look, self).open()

    def _choose(self) -> None:
        status = self._desk.status
        if status is None:
            return
        found = QFileDialog.getExistingDirectory(self, said("Which folder?"), status.folder)
        if found:
            self.share_folder(found)

    def share_folder(self, found: str) -> None:
        """Shows the sharing of a folder of this disk; only of one that is synced."""
        status = self._desk.status
        if status is None:
            return
        if Path(status.folder) not in Path(found).parents:
            self._desk.told.emit(said("Only folders in {folder} can be shared.", folder=status.folder))
            return
        path = str(Path(found).relative_to(status.folder))
        role = next((space.role for space in status.spaces if space.path == path), "")
        self.open_dialog(path, role)

    def _show_links(self, links: tuple[LinkRow, ...]) -> None:
        if links == self._links_shown:
            return
        self._links_shown = links
        clear(self._links.inside)
        for each in (self._links, self._links_title):
            each.setVisible(bool(links))
        for number, link in enumerate(links):
            if number:
                self._links.inside.addWidget(Line())
            self._links.inside.addLayout(self._link(link))

    def _link(self, link: LinkRow) -> QHBoxLayout:
        name, _ = describe.name_and_place(link.path)
        about = [
            glance.role(link.role),
            said("until {at}", at=self._desk.near(link.expires)),
            said("with a password") if link.password else "",
            counted("{count} download left", "{count} downloads left", link.downloads_left)
            if link.downloads_left is not None
            else "",
        ]
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Name(name, "strong"))
        words.addWidget(Name(" · ".join(part for part in about if part), "second"))
        line = QHBoxLayout()
        line.setContentsMargins(12, 12, 12, 12)
        line.setSpacing(2 * GRID)
        line.addWidget(Medal(self._desk.palette, "link", "grey", 40), 0, Qt.AlignmentFlag.AlignVCenter)
        line.addLayout(words, 1)
        line.addWidget(Button(said("End"), lambda: self._desk.do(RemoveLink(id=link.id), self.look)))
        return line
