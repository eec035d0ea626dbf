"""Brings the tables of any older version up to today's; the steps are in `migrations/versions`, one file each.

A step is written out, never derived from `tables`: it must still do tomorrow what it did when it was released. That both
agree is tested. There are no steps back. Alembic takes longer to import than the rest of the server to start, so that a start with no step to take does
without.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from govsync.model.codes import Code
from govsync.model.problems import Failure

NEWEST = "0012"


def upgrade(tx: Connection) -> None:
    """Takes all steps that are missing, inside the caller's transaction: all of them or none.

    Raises Failure(tables_newer), and touches nothing, where a step was taken that this program does not know.
    """
    taken = _steps_taken(tx)
    if taken == [NEWEST]:
        return
    if max(taken, default="") > NEWEST:
        raise Failure(Code.TABLES_NEWER, found=max(taken), known=NEWEST)
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = tx
    command.upgrade(config, "head")


def _steps_taken(tx: Connection) -> list[str]:
    """Answers what Alembic noted: the last step, if there was one."""
    if not inspect(tx).has_table("alembic_version"):
        return []
    return list(tx.execute(text("SELECT version_num FROM alembic_version")).scalars())
