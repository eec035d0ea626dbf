"""The language of the window: the person's or the organisation's setting, else what the system asks for; and that of Qt's own words."""

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from govsync.model.languages import Language
from govsync.settings.schema import SYSTEM
from govsync.text.catalog import Text, said, speak
from govsync.text.languages import named, of_system

_QT: tuple[Text, ...] = (
    "&Undo", "&Redo", "Cu&t", "&Copy", "&Paste", "Delete", "Select All", "Cancel", "&Choose", "&Open", "Choose",
)  # fmt: skip
"""What Qt says of itself where people type, and in its own dialogs; it has no Serbian."""


def wanted(setting: str, environment: Mapping[str, str]) -> Language:
    """Answers the language that a setting means."""
    if setting != SYSTEM:
        return Language(setting)
    of_desktop = (named(tag) for tag in QLocale.system().uiLanguages())
    return of_system(environment) or next((each for each in of_desktop if each is not None), Language.ENGLISH)


class Interpreter(QTranslator):
    """Says Qt's own words in the language that is spoken."""

    def __init__(self, application: QCoreApplication) -> None:
        super().__init__(application)
        self._application = application
        self._korean = QTranslator(self)
        self._korean.load("qtbase_ko", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))

    def speak(self, language: Language) -> None:
        """Has everything that follows said in a language."""
        speak(language)
        for each in (self, self._korean):
            self._application.removeTranslator(each)
        if language is Language.KOREAN:
            self._application.installTranslator(self._korean)
        elif language is not Language.ENGLISH:
            self._application.installTranslator(self)

    def isEmpty(self) -> bool:  # noqa: N802
        """As Qt asks it: what is empty is not installed."""
        return False

    def translate(self, context: str, source: str, disambiguation: str | None = None, n: int = -1) -> str:
        """As Qt asks it; what is not ours stays as it stands."""
        del context, disambiguation, n
        return said(source) if source in _QT else source
