"""How the server is reached, and how much of the line that may take."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from govsync.desktop.desk import Desk
from govsync.desktop.pages.settings.lines import LineSetting, SwitchSetting, TextSetting
from govsync.desktop.pages.settings.section import Section
from govsync.desktop.widgets.buttons import Choice
from govsync.settings.schema import NONE, PAUSE, SYNC, SYSTEM, Value
from govsync.text.catalog import said
from govsync.text.units import size

_ADDRESS_WIDTH = 200
_EXAMPLE = "http://proxy:3128"


class NetworkSection(Section):
    """The line and the way."""

    def __init__(self, desk: Desk, parent: QWidget | None) -> None:
        super().__init__(desk, parent, said("Network"))
        meaning, none = said("Bytes a second, such as 2 MB. Empty: as fast as it goes."), said("no limit")
        for key, title in (
            ("network.upload_limit", said("Send at most")),
            ("network.download_limit", said("Fetch at most")),
        ):
            self.add(TextSetting(desk, key, title, meaning, _limit, none))
        metered = (
            said("Pause on metered lines"),
            said("While the system says that its line is metered, as that of a phone."),
        )
        self.add(SwitchSetting(desk, "sync.on_metered", *metered, PAUSE, SYNC))
        self.add(ProxySetting(desk))


def _limit(value: int) -> str:
    return size(value) if value else ""


class ProxySetting(LineSetting):
    """The way to the server: what the system says, none, or an address that is typed."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(
            desk,
            "network.proxy",
            said("Proxy"),
            said("The way to the server. The system's is what its environment names."),
        )
        options: list[tuple[str, object]] = [
            (said("As the system"), SYSTEM), (said("None"), NONE), (said("Address"), ""),
        ]  # fmt: skip
        self.choice = Choice(desk.palette, said("Proxy"), options, 0)
        self.choice.picked.connect(self._picked)
        self.field = QLineEdit()
        self.field.setFixedWidth(_ADDRESS_WIDTH)
        self.field.setPlaceholderText(_EXAMPLE)
        self.field.setAccessibleName(said("Address of the proxy"))
        self.field.editingFinished.connect(self._typed)
        self.field.hide()
        self._known = SYSTEM
        side = QWidget()
        box = QVBoxLayout(side)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.choice, 0, Qt.AlignmentFlag.AlignRight)
        box.addWidget(self.field)
        self.put(side)

    def _picked(self) -> None:
        value = str(self.choice.value())
        self.field.setVisible(not value)
        if value:
            self._known = value
            self.send(value)
        else:
            self.field.setFocus()

    def _typed(self) -> None:
        text = self.field.text().strip()
        if text and text != self._known:
            self._known = text
            self.send(text)

    def _fix(self, fixed: bool) -> None:
        self.choice.setEnabled(not fixed)
        self.field.setEnabled(not fixed)

    def _fill(self, value: Value) -> None:
        if not self.field.hasFocus() and not self.is_refused():
            self._known = str(value)
            own = self._known not in (SYSTEM, NONE)
            self.choice.choose(2 if own else int(self._known == NONE))
            self.field.setText(self._known if own else "")
            self.field.setVisible(own)
