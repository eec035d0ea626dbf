"""What pages in the browser say of how a request ended, until when a link opens, and how long that is; and how a device is.

All else stands in the templates of the pages (`server.web.templates`). Moments are ISO 8601 in UTC: nobody has told the server
where a visitor is.
"""

import datetime

from govsync.text.catalog import Counted, Text, counted, said

UNKNOWN: tuple[Text, Text] = (
    "Nothing is here",
    "This link is not known, or it is over. Ask whoever gave it to you for a new one.",
)
TOO_MANY: tuple[Text, Text] = ("Too many attempts", "Wait a few minutes, then try again.")
TOO_LARGE: tuple[Text, Text] = (
    "Too much at once",
    "This is too much for one download. Open its folders and download them one by one.",
)
LATER: tuple[Text, Text] = (
    "Not at the moment",
    "The server cannot do this right now. Nothing is lost; try again in a few minutes.",
)
NOT_YOURS: tuple[Text, Text] = (
    "Nothing is here",
    "This is not known, it is not there any more, or it is not yours to see.",
)
STALE: tuple[Text, Text] = (
    "Open the page again",
    "This form was too old, or was not made for you. Nothing was changed; open its page again, and try once more.",
)
"""A title, and what it means."""

WRONG: Text = "Account and password do not fit. Try again."

NO_ROOM: Text = "There is no room for it."
BAD_NAME: Text = "Its name is not allowed here. Rename it, then send it again."
TOO_MUCH: Text = "It is too much for one time. Send fewer or smaller files."
AGAIN: Text = "Send it again in a few minutes."
"""Why a file was not received."""

STATES: dict[str, Text] = {
    "in_sync": "In sync",
    "syncing": "Syncing",
    "offline": "Offline",
    "paused": "Paused",
    "problem": "Something needs its person",
    "hold": "A question waits for its person",
    "signed_out": "Signed out",
    "wiping": "To remove its files",
    "wiped": "Files removed",
}
"""How a device is (docs/reference/fleet.md)."""
SILENT: Text = "not told"
BY_STATE: Text = "By state"
BY_VERSION: Text = "By version"
BY_PROBLEM: Text = "By problem"

_SPANS: tuple[tuple[Counted, int], ...] = (
    (Counted("{count} day left", "{count} days left"), 86_400),
    (Counted("{count} hour left", "{count} hours left"), 3_600),
    (Counted("{count} minute left", "{count} minutes left"), 60),
)


def moment(time_ms: int) -> str:
    """Answers a moment, to the minute, in UTC."""
    at = datetime.datetime.fromtimestamp(time_ms // 1000, datetime.UTC)
    return at.strftime("%Y-%m-%d %H:%M UTC")


def told(text: str | None) -> str:
    """Answers a moment (RFC 3339), to the minute, in UTC; nothing for none."""
    return "" if text is None else text[:16].replace("T", " ") + " UTC"


def state(word: str) -> str:
    """Answers how a device is that told so in a word; a word of a later version stands as it is."""
    return said(STATES[word]) if word in STATES else word or said(SILENT)


def left(seconds: int) -> str:
    """Answers how long something lasts, in units of the largest kind of which there is a whole one, to the nearest."""
    for texts, span in _SPANS:
        if seconds >= span:
            return counted(*texts, (seconds + span // 2) // span)
    return said("less than a minute left")
