"""How GovSync behaves on this desktop: whether it starts by itself, what it says, and in which language."""

from PySide6.QtWidgets import QWidget

from govsync.desktop.desk import Desk
from govsync.desktop.notices import NOTIFICATIONS
from govsync.desktop.pages.settings.lines import Setting, SwitchSetting
from govsync.desktop.pages.settings.section import Section
from govsync.desktop.widgets.buttons import Choice
from govsync.model.problems import Failure
from govsync.settings.schema import SYSTEM, Value
from govsync.text.catalog import said
from govsync.text.languages import NAMES


class GeneralSection(Section):
    """The first section."""

    def __init__(self, desk: Desk, parent: QWidget | None) -> None:
        super().__init__(desk, parent, said("General"))
        autostart = said("Start with the computer"), said("GovSync runs as soon as you sign in.")
        self.add(SwitchSetting(desk, "app.autostart", *autostart))
        notices = (
            said("Notifications"),
            said("When something waits for you, once a day at most. The icon shows it in any case."),
        )
        self.add(SwitchSetting(desk, NOTIFICATIONS, *notices))
        self.add(LanguageSetting(desk))


class LanguageSetting(Setting):
    """The language of the window, each by its own name; the app follows it as soon as the agent has it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(
            desk, "app.language", said("Language"), said("The window and this desk's icon speak it.")
        )
        names = [(name, str(language)) for language, name in NAMES.items()]
        options: list[tuple[str, object]] = [(said("As the system"), SYSTEM), *names]
        self._values = [value for _, value in options]
        self.choice = Choice(desk.palette, said("Language"), options, 0)
        self.choice.picked.connect(self._sent)
        self._known, self._sending = 0, False
        self.put(self.choice)

    def _sent(self) -> None:
        self._sending = True
        self.send(str(self.choice.value()))

    def _fix(self, fixed: bool) -> None:
        self.choice.setEnabled(not fixed)

    def _fill(self, value: Value) -> None:
        if not self._sending:  # What was asked for before is older than what was chosen since.
            self._known = self._values.index(value)
            self.choice.choose(self._known)

    def _done(self) -> None:
        super()._done()
        self._sending = False

    def _fail(self, failure: Failure) -> None:
        super()._fail(failure)
        self._sending = False
        self.choice.choose(self._known)
