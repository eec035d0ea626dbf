"""Brings the tables of any older version up to today's; the steps are in `migrations/versions`, one file each.

A step is written out, never derived from `tables`: it must still do tomorrow what it did when it was released. That both
agree is tested.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(tx: Connection) -> None:
    """Takes all steps that are missing, inside the caller's transaction: all of them or none."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = tx
    command.upgrade(config, "head")
