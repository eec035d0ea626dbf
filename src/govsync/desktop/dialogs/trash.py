"""What was deleted and can come back, newest first, and bringing some of it back."""

import unicodedata

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from govsync.control.messages import MOST_LETTERS, ListTrash, RestoreFromTrash
from govsync.desktop import describe
from govsync.desktop.desk import Desk
from govsync.desktop.models import Rows
from govsync.desktop.theme import GRID
from govsync.desktop.widgets.buttons import Button
from govsync.desktop.widgets.grounds import Banner, Card
from govsync.desktop.widgets.rows import RowList, RowPainter, Shown
from govsync.desktop.widgets.words import Words
from govsync.model.activity import TrashRow
from govsync.model.problems import Failure
from govsync.text.catalog import counted, said
from govsync.text.units import shown_name, size
from govsync.text.window import told


class TrashDialog(QDialog):
    """Lists the trash of all spaces. The server lists it as a whole, so it is searched here."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._desk = desk
        self._rows: tuple[TrashRow, ...] = ()
        self._brought_back = 0
        self.setWindowTitle(said("Trash"))
        self.setMinimumSize(420, 320)
        self.resize(640, 520)
        self.banner = Banner(desk.palette, "blue", "info")
        self.banner.say(said("The server is asked…"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(said("Search for a file, a person or a device"))
        self.search.setAccessibleName(said("Search in the trash"))
        self.search.setMaxLength(MOST_LETTERS)
        self.search.textChanged.connect(self._find)
        self.model = Rows(
            desk.link, lambda _: ListTrash(), lambda each: self._shown(each).spoken(), parent=self
        )
        self.list = RowList(self.model, RowPainter(desk.palette, self._shown), said("Trash"))
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.selectionModel().selectionChanged.connect(lambda *_: self._chosen())
        self.restore = Button(said("Bring back"), self._restore, "first")
        self.restore.setEnabled(False)
        self._lay_out()
        self._look()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        column.setSpacing(12)
        column.addWidget(Words(said("Trash"), "page"))
        column.addWidget(
            Words(
                said("What you bring back lies where it was again, for everybody who had it."),
                "second",
                wrap=True,
            )
        )
        column.addWidget(self.banner)
        column.addWidget(self.search)
        ground = Card(margin=4, gap=0)
        ground.inside.addWidget(self.list)
        column.addWidget(ground, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(Button(said("Close"), self.close))
        buttons.addWidget(self.restore)
        column.addLayout(buttons)

    def _look(self) -> None:
        self._desk.link.ask(ListTrash(), self._show, self._fail, owner=self)

    def _show(self, rows: tuple[TrashRow, ...]) -> None:
        self._rows = tuple(sorted(rows, key=lambda each: each.deleted, reverse=True))
        back, self._brought_back = self._brought_back, 0
        if back:
            self.banner.say(
                counted("{count} thing is on its way back.", "{count} things are on their way back.", back)
            )
        else:
            self.banner.say("" if rows else said("The trash is empty."))
        self._find()

    def _find(self) -> None:
        wanted = _plain(self.search.text().strip())
        self.model.set_head(
            [each for each in self._rows if wanted in _plain(f"{each.path}\n{each.user}\n{each.device}")]
        )
        self._chosen()

    def _shown(self, row: TrashRow) -> Shown:
        title, where = describe.name_and_place(row.path)
        told_of = (self._desk.near(row.deleted), row.user, row.device)
        return Shown(
            icon="trash", tone="grey", title=title, where=where,
            second=shown_name(" · ".join(part for part in told_of if part)), right=size(row.size) if row.size else "",
        )  # fmt: skip

    def chosen(self) -> list[TrashRow]:
        """Answers the rows that are chosen."""
        return [index.data(Rows.ROW) for index in self.list.selectionModel().selectedRows()]

    def _chosen(self) -> None:
        self.restore.setEnabled(bool(self.chosen()))

    def _restore(self) -> None:
        ids = tuple(each.id for each in self.chosen())
        self.restore.setEnabled(False)

        def done(_: None) -> None:
            self._brought_back = len(ids)
            self._look()

        self._desk.link.ask(RestoreFromTrash(ids=ids), done, self._fail, owner=self)

    def _fail(self, failure: Failure) -> None:
        self.banner.say(told(failure))
        self._chosen()


def _plain(text: str) -> str:
    """Answers a text as it is compared: without regard to capitals and to how letters are put together."""
    return unicodedata.normalize("NFC", text.casefold())
