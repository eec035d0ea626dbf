"""Guards of what the window says and asks: I13 and R28 as staff see them."""

from tests.mutations.guard import Guard

GUARDS = (
    Guard(
        "I13",
        "desktop/link.py",
        "        self.seen = None\n        self._pause.start(RETRY_MS)",
        "        self._pause.start(RETRY_MS)",
        "desktop/test_link.py desktop/test_window.py",
    ),
    Guard(
        "I13",
        "desktop/link.py",
        "        self._silence.start()\n        self._watching.begin",
        "        self._watching.begin",
        "desktop/test_link.py",
    ),
    Guard(
        "I13",
        "agent/commands.py",
        "        if found != request.seen or left_s <= 0:",
        "        if left_s <= 0:",
        "agent/test_commands.py",
    ),
    Guard(
        "R28",
        "desktop/pages/concerns.py",
        "        self.keep.setDefault(True)\n",
        "",
        "desktop/test_problems.py",
    ),
    Guard(
        "I13",
        "agent/shown.py",
        "row if seen is None or _unchanged(row.path, seen) else _changed(row)",
        "row",
        "packaging/test_file_manager.py",
    ),
    Guard(
        "I13",
        "agent/shown.py",
        '    if any(standing.waits(lid) for lid in lids):\n        return "problem"\n',
        "",
        "packaging/test_file_manager.py",
    ),
    Guard(
        "R26",
        "desktop/dialogs/selecting.py",
        "            self._fail(failure)\n            self._look_again(item)\n",
        "            self._fail(failure)\n",
        "desktop/test_selecting.py",
    ),
)
