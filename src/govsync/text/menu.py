"""What the menu of a file manager says of a file or folder. The extension there runs without this package: it brings a copy
along, in every language (`packaging/file-manager`)."""

from govsync.model.languages import Language
from govsync.text.catalog import Text, said, speaking

VERBS: dict[str, Text] = {
    "share": "Share…",
    "link": "Copy link",
    "web": "Show on the web",
    "versions": "Versions…",
    "earlier": "The folder as it was…",
    "problems": "Show the problem…",
}


def table() -> dict[str, dict[str, str]]:
    """Answers every verb in every language."""
    found: dict[str, dict[str, str]] = {}
    for language in Language:
        with speaking(language):
            found[str(language)] = {verb: said(text) for verb, text in VERBS.items()}
    return found
