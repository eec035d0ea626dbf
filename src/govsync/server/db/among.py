"""Questions about many things at once."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam

from govsync.server.db.driver import MARK, plain, written

AMONG: BindParameter[Any] = bindparam("among", expanding=True)
"""Stands in a question for the values that it is about: `column.in_(AMONG)`."""
_AT_ONCE = 4_096
"""As many as anybody may ask for at once: some of these questions go through a whole space, and do so once."""


def ask_among(tx: Connection, question: Select[Any], values: Iterable[Any], **others: Any) -> list[Any]:
    """Answers the rows that answer a question, which is made once and kept, about many values: in parts that fit into one
    statement, each value once and in order.

    Rows come from the driver as they are: a truth value of SQLite is 0 or 1.
    """
    dialect = tx.dialect.name
    text, order = written(question, dialect)
    found: list[Any] = []
    for piece in pieces(values):
        each = text.replace(_PLACE, ", ".join([MARK[dialect]] * len(piece)))
        bound = [others[name] if name != AMONG.key else None for name in order]
        at = order.index(AMONG.key)
        bound[at : at + 1] = plain(piece, dialect)
        found += tx.exec_driver_sql(each, tuple(bound)).all()
    return found


_PLACE = f"__[POSTCOMPILE_{AMONG.key}]"


def pieces(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Cuts what is asked for into parts that fit into one statement, each value once and in order."""
    ordered = sorted(set(values))
    return (ordered[start : start + _AT_ONCE] for start in range(0, len(ordered), _AT_ONCE))
