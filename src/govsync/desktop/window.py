"""The window: a rail of pages at the left, the page at the right, and every action in a menu with its key.

Pages and dialogs are loaded when somebody turns to them: the first one is to be painted soon, and most people see no other.
"""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QRect, QSettings, QSize, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QStackedWidget, QStyle, QVBoxLayout, QWidget

from govsync.desktop.desk import Desk
from govsync.desktop.icons import product_icon, product_picture, state_picture
from govsync.desktop.pages.status import StatusPage, pause_menu
from govsync.desktop.place import beside
from govsync.desktop.theme import GRID
from govsync.desktop.widgets.buttons import Button, RailEntry
from govsync.desktop.widgets.grounds import Banner
from govsync.desktop.widgets.words import Name, Words
from govsync.model.problems import Failure
from govsync.model.status import State, Status
from govsync.text import glance
from govsync.text.catalog import Text, said

PAGES = ("status", "activity", "problems", "sharing", "settings")
_TITLES: dict[str, Text] = {
    "status": "Status",
    "activity": "Activity",
    "problems": "Problems",
    "sharing": "Sharing",
    "settings": "Settings",
}
_RAIL_WIDTH = 216
_SIZE, _LEAST = QSize(960, 708), QSize(760, 520)
_GEOMETRY = "window/geometry"


class Window(QWidget):
    """The one window of a desk; `remembered` keeps where it was."""

    quit = Signal()
    closed = Signal()

    def __init__(self, desk: Desk, remembered: QSettings) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setWindowTitle("GovSync")
        self.setWindowIcon(product_icon())
        self.setMinimumSize(_LEAST)
        self.resize(_SIZE)
        self._desk, self._remembered = desk, remembered
        self._made: dict[str, QWidget] = {}
        self._wanted: tuple[str, str] | None = None
        """What is opened as soon as the desk is known."""
        self.page = ""
        self.entries: dict[str, RailEntry] = {}
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._rail())
        whole.addLayout(self._right(), 1)
        self._add_keys()
        desk.changed.connect(self._show)
        desk.lost.connect(self._show_lost)
        desk.turn_to.connect(self.turn_to)
        desk.told.connect(self.tell)
        geometry = remembered.value(_GEOMETRY)
        if geometry is not None:
            self.restoreGeometry(geometry)
        if desk.status is not None:
            self._show(desk.status)
        elif desk.failure is not None:
            self._show_lost(desk.failure)

    def _rail(self) -> QWidget:
        rail = QWidget()
        rail.setObjectName("rail")
        rail.setFixedWidth(_RAIL_WIDTH)
        rail.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(rail)
        column.setContentsMargins(12, 20, 12, 12)
        column.setSpacing(4)
        brand = QHBoxLayout()
        brand.setContentsMargins(8, 0, 0, 0)
        brand.setSpacing(12)
        mark = QLabel()
        mark.setFixedSize(28, 28)
        mark.setPixmap(product_picture(28, 2.0))
        brand.addWidget(mark)
        brand.addWidget(Words("GovSync", "brand"))
        brand.addStretch(1)
        column.addLayout(brand)
        column.addSpacing(2 * GRID)
        for number, page in enumerate(PAGES, start=1):
            entry = RailEntry(self._desk.palette, page, said(_TITLES[page]), f"Ctrl+{number}")
            entry.clicked.connect(lambda _=False, page=page: self.turn_to(page))
            self.entries[page] = entry
            column.addWidget(entry)
        column.addStretch(1)
        column.addLayout(self._foot())
        return rail

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 0, 0, 0)
        foot.setSpacing(10)
        self._badge = QLabel()
        self._badge.setFixedSize(20, 20)
        self._badge.setScaledContents(True)
        right = Qt.TextElideMode.ElideRight
        self._account, self._state = Name("", "strong", right), Name("", "caption", right)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._account)
        words.addWidget(self._state)
        self.menu = self._menu()
        more = Button("", kind="plain", icon=self._desk.icon("more", self._desk.palette.ink2))
        more.setFixedWidth(32)
        more.setAccessibleName(said("Menu"))
        more.setMenu(self.menu)
        foot.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignVCenter)
        foot.addLayout(words, 1)
        foot.addWidget(more)
        return foot

    def _right(self) -> QVBoxLayout:
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        head = QVBoxLayout()
        head.setContentsMargins(4 * GRID, 3 * GRID, 4 * GRID, 2 * GRID)
        head.setSpacing(12)
        self._title = Words("", "page")
        head.addWidget(self._title)
        self.banner = Banner(self._desk.palette, "amber", "info")
        self.banner.offer(said("Close"), lambda: self.banner.say(""))
        self.banner.hide()
        head.addWidget(self.banner)
        right.addLayout(head)
        self._stack = QStackedWidget()
        right.addWidget(self._stack, 1)
        return right

    def _menu(self) -> QMenu:
        desk = self._desk
        menu = QMenu(self)
        self._act(menu, said("Open folder"), desk.open_folder, "Ctrl+O")
        self._act(menu, said("Open on the web"), desk.open_web, "Ctrl+W")
        self._act(menu, said("Check now"), desk.sync_now, "F5")
        pause = pause_menu(desk, self)
        pause.setTitle(said("Pause"))
        menu.addMenu(pause)
        self._act(menu, said("Resume"), desk.resume, "Ctrl+R")
        menu.addSeparator()
        self._act(menu, said("Search in activity"), self._search, "Ctrl+F")
        self._act(menu, said("Close window"), self.close, "Esc")
        self._act(menu, said("Quit"), self.quit.emit, "Ctrl+Q")
        return menu

    def _act(self, menu: QMenu, text: str, act: Callable[[], object], key: str) -> None:
        action = menu.addAction(text)
        action.setShortcut(QKeySequence(key))
        action.triggered.connect(lambda: act())
        self.addAction(action)  # Its key works while the menu is closed.

    def _add_keys(self) -> None:
        for number, page in enumerate(PAGES, start=1):
            action = QAction(said(_TITLES[page]), self)
            action.setShortcut(QKeySequence(f"Ctrl+{number}"))
            action.triggered.connect(lambda _=False, page=page: self.turn_to(page))
            self.addAction(action)

    def turn_to(self, page: str) -> None:
        """Shows a page; what is not known is the first one."""
        page = page if page in PAGES else PAGES[0]
        if page not in self._made:
            self._made[page] = _page(page, self._desk)
            self._stack.addWidget(self._made[page])
        self.page = page
        for name, entry in self.entries.items():
            entry.setChecked(name == page)
        self._title.say(said(_TITLES[page]))
        self._stack.setCurrentWidget(self._made[page])

    def made(self, page: str) -> QWidget:
        """Answers a page, made if it was not shown yet."""
        self.turn_to(page)
        return self._made[page]

    def tell(self, text: str) -> None:
        """Says something on every page until it is closed."""
        self.banner.say(text)

    def bring_up(self, icon: QRect | None = None) -> None:
        """Shows the window before all others; one that was hidden stands at the icon by which it was asked for."""
        if not self.page:
            self.turn_to(PAGES[0])
        screen = QGuiApplication.screenAt(icon.center()) if icon else None
        if icon and screen is not None and not self.isVisible() and not self.isMaximized():
            title = QSize(0, self.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight))
            self.move(beside(icon, self.size() + title, screen.availableGeometry()))
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def show_about(self, what: str, path: str) -> None:
        """Opens what somebody wants to see of a path: `share`, `versions` or `earlier`; as soon as the desk is known."""
        status = self._desk.status
        if status is None:
            self._wanted = (what, path)
            return
        self._wanted = None
        inside = Path(path)
        if not inside.is_relative_to(status.folder):
            self.tell(said("This lies outside the synced folder."))
            return
        relative = "" if inside == Path(status.folder) else str(inside.relative_to(status.folder))
        if what == "versions":
            from govsync.desktop.dialogs.versions import VersionsDialog

            VersionsDialog(self._desk, relative, self).open()
        elif what == "earlier":
            from govsync.desktop.dialogs.earlier import EarlierDialog

            EarlierDialog(self._desk, relative, parent=self).open()
        elif what == "share" and relative:
            from govsync.desktop.pages.sharing import SharingPage

            page = self.made("sharing")
            assert isinstance(page, SharingPage)
            roles = [each.role for each in status.spaces if each.path == relative and each.kind != "personal"]
            page.open_dialog(relative, roles[0] if roles else "")

    def _search(self) -> None:
        from govsync.desktop.pages.activity import ActivityPage

        page = self.made("activity")
        assert isinstance(page, ActivityPage)
        page.start_search()

    def _show(self, status: Status) -> None:
        self.entries["problems"].count(status.problems + status.holds)
        self._foot_says(
            status.state,
            status.account or said("Not signed in"),
            glance.headline(status),
        )
        if self._wanted is not None:
            self.show_about(*self._wanted)

    def _show_lost(self, failure: Failure) -> None:
        self.entries["problems"].count(0)
        self._foot_says(State.OFFLINE, "GovSync", glance.without_agent(failure.code)[0])

    def _foot_says(self, state: State, first: str, second: str) -> None:
        self._badge.setPixmap(state_picture(state, self._desk.palette, 20, 2.0))
        self._badge.setAccessibleName(second or first)
        self._account.say(first)
        self._state.say(second)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """As Qt asks it."""
        self._remembered.setValue(_GEOMETRY, self.saveGeometry())
        self.closed.emit()
        event.accept()


def _page(page: str, desk: Desk) -> QWidget:
    """Makes a page."""
    match page:
        case "activity":
            from govsync.desktop.pages.activity import ActivityPage

            return ActivityPage(desk)
        case "problems":
            from govsync.desktop.pages.problems import ProblemsPage

            return ProblemsPage(desk)
        case "sharing":
            from govsync.desktop.pages.sharing import SharingPage

            return SharingPage(desk)
        case "settings":
            from govsync.desktop.pages.settings.page import SettingsPage

            return SettingsPage(desk)
        case _:
            return StatusPage(desk)
