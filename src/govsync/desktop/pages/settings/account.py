"""Who is signed in on this desk, where, and under which name others see it."""

from PySide6.QtWidgets import QWidget

from govsync.desktop.desk import Desk
from govsync.desktop.pages.settings.lines import Setting
from govsync.desktop.pages.settings.section import Section
from govsync.desktop.widgets.buttons import Button
from govsync.model.status import State, Status
from govsync.text.catalog import said


class AccountSection(Section):
    """Signing in and out."""

    def __init__(self, desk: Desk, parent: QWidget | None) -> None:
        super().__init__(desk, parent, said("Account"))
        self._who = Setting(desk, "", "", "")
        self._leave = Button(said("Sign out…"), self._ask_to_leave)
        self._enter = Button(said("Sign in…"), desk.sign_in.emit)
        self._who.put(self._leave)
        self._who.put(self._enter)
        self.add(self._who)
        self._device = Setting(desk, "", said("This device"), "")
        self.add(self._device)

    def show_status(self, status: Status) -> None:
        """Shows who it is."""
        out = status.state is State.SIGNED_OUT
        self._who.say(
            status.account or said("Nobody is signed in"), status.endpoint or said("Sign in to sync.")
        )
        self._leave.setVisible(not out)
        self._enter.setVisible(out)
        self._device.say(said("This device"), status.device)

    def _ask_to_leave(self) -> None:
        from govsync.desktop.dialogs.leaving import LeavingDialog

        LeavingDialog(self.desk, self).open()
