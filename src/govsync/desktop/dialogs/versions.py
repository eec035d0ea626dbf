"""The versions of one file, newest first, and bringing one back."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from govsync.control.messages import ListVersions, Restore
from govsync.desktop import describe
from govsync.desktop.desk import Desk
from govsync.desktop.models import Rows
from govsync.desktop.theme import GRID
from govsync.desktop.widgets.buttons import Button
from govsync.desktop.widgets.grounds import Banner, Card
from govsync.desktop.widgets.rows import RowList, RowPainter, Shown
from govsync.desktop.widgets.words import Name, Words
from govsync.model.activity import VersionRow
from govsync.model.problems import Failure
from govsync.text.catalog import said
from govsync.text.units import shown_name, size
from govsync.text.window import told


class VersionsDialog(QDialog):
    """Lists the versions of a file."""

    def __init__(self, desk: Desk, path: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._desk, self._path = desk, str(desk.path(path) or path)
        name, _ = describe.name_and_place(path)
        self.setWindowTitle(said("Versions of {name}", name=name))
        self.setMinimumSize(420, 320)
        self.resize(560, 440)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        column.setSpacing(12)
        column.addWidget(Name(name, "page"))
        column.addWidget(
            Words(
                said("A version that you bring back becomes the newest one; none is lost."),
                "second",
                wrap=True,
            )
        )
        self.banner = Banner(desk.palette, "amber", "info")
        self.banner.hide()
        column.addWidget(self.banner)
        self.model = Rows(
            desk.link,
            lambda _: ListVersions(path=self._path),
            lambda each: self._shown(each).spoken(),
            parent=self,
        )
        self.list = RowList(self.model, RowPainter(desk.palette, self._shown), said("Versions"))
        self.list.selectionModel().currentChanged.connect(lambda *_: self._chosen())
        ground = Card(margin=4, gap=0)
        ground.inside.addWidget(self.list)
        column.addWidget(ground, 1)
        self.restore = Button(said("Bring this one back"), self._restore, "first")
        self.restore.setEnabled(False)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(Button(said("Close"), self.close))
        buttons.addWidget(self.restore)
        column.addLayout(buttons)
        desk.link.ask(ListVersions(path=self._path), self._show, self._fail, owner=self)

    def _show(self, rows: tuple[VersionRow, ...]) -> None:
        self.model.set_head(rows)
        if not rows:
            self.banner.say(said("There are no versions of it on the server yet."))

    def _shown(self, row: VersionRow) -> Shown:
        now = said("The one it has now") if row.current else ""
        return Shown(
            icon="history", tone="green" if row.current else "grey", title=self._desk.near(row.at), where=now,
            second=shown_name(" · ".join(part for part in (row.user, row.device) if part)), right=size(row.size),
        )  # fmt: skip

    def _chosen(self) -> None:
        row = self.list.current()
        self.restore.setEnabled(isinstance(row, VersionRow) and not row.current)

    def _restore(self) -> None:
        row = self.list.current()
        assert isinstance(row, VersionRow), "the button is off while nothing is chosen"
        self.restore.setEnabled(False)
        self._desk.link.ask(
            Restore(path=self._path, revision=row.revision), lambda _: self.close(), self._fail, owner=self
        )

    def _fail(self, failure: Failure) -> None:
        self.banner.say(told(failure))
        self._chosen()
