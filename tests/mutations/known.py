"""Guards of known folders that are moved into the synced one and copied back (docs/decisions/0045)."""

from tests.mutations.guard import Guard

_GATHERING = "local/gathering.py"
_KNOWN = "agent/known.py"

GUARDS = (
    Guard(
        "I1 I8 0045",
        _GATHERING,
        "            self._to.flush_folders([pair.target])\n            for name, twin in twins:\n",
        "            for name, twin in twins:\n",
        "local/test_gathering.py",
    ),
    Guard(
        "I1 I8 0045",
        _GATHERING,
        "                    copy.flush()\n",
        "",
        "local/test_gathering.py",
    ),
    Guard(
        "I1 0045",
        _GATHERING,
        "            if not self._equal(source, name, target, twin):\n                raise Failure(Code.CHANGED)\n",
        "",
        "local/test_gathering.py",
    ),
    Guard(
        "R11 I1 0045",
        _GATHERING,
        "                and not (leased and not fs.lease_unbroken(file))\n",
        "",
        "local/test_gathering.py",
    ),
    Guard(
        "R11 I1 0045",
        _GATHERING,
        "        if self._from.written_by_somebody(pair.source, entry.name) is True:\n            raise Failure(Code.BUSY)\n",
        "",
        "local/test_gathering.py",
    ),
    Guard(
        "R27 I1 0045",
        _GATHERING,
        "                raise\n\n    def _remove(",
        "                pass\n\n    def _remove(",
        "local/test_gathering.py",
    ),
    Guard(
        "I1 0045",
        _GATHERING,
        "        if twins and not self._how.copy:\n",
        "        if twins:\n",
        "local/test_gathering.py",
    ),
    Guard(
        "R25 0045",
        _GATHERING,
        "        if how.copy and _keys(source_path) in how.barred:\n            return  # It is a space of its own, and stays one.\n",
        "",
        "local/test_gathering.py",
    ),
    Guard(
        "R25 R37 0045",
        _GATHERING,
        "{each[-1] for each in how.barred if not how.copy and each[:-1] == above}",
        "set[str]()",
        "local/test_gathering.py",
    ),
    Guard(
        "R16 I1 0045",
        _KNOWN,
        "        self._note(self._book.with_row(kind, row).spent(today.date().isoformat(), size_bytes))\n",
        "",
        "agent/test_known.py",
    ),
    Guard(
        "0045",
        _KNOWN,
        "            if place != now:\n                known.point(kind, now)\n",
        "",
        "agent/test_known.py",
    ),
    Guard(
        "R37 R26 0045",
        _KNOWN,
        "        if kind in desk.left_out or (key(now.name),) in _of_others(desk):\n            raise _Waits(Wait.OTHERS, now)\n",
        "",
        "agent/test_known.py",
    ),
    Guard(
        "0045",
        _KNOWN,
        "        self._require_free(place)\n",
        "",
        "agent/test_known.py",
    ),
    Guard(
        "R13 I1 0045",
        _KNOWN,
        "        if copied.waits is not None:\n            raise _Waits(Wait.OPEN, copied.waits.path)\n",
        "",
        "agent/test_known.py",
    ),
    Guard(
        "0045 0033",
        _KNOWN,
        "        known.take_stand_in(was, now)\n        if known.where(kind) == now:\n            known.point(kind, was)\n    if",
        "        known.take_stand_in(was, now)\n    if",
        "agent/test_known.py",
    ),
)
