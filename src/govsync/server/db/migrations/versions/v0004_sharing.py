"""Sharing: what a space was made of, what hangs at a mount, and names as people look for them."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds the columns, and fills those that tell of what is there already."""
    op.add_column("space", sa.Column("past", sa.LargeBinary()))
    op.add_column("node", sa.Column("root", sa.LargeBinary(16)))
    mounts = sa.text("target_space IS NOT NULL")
    op.create_index("node_mount", "node", ["space"], sqlite_where=mounts, postgresql_where=mounts)
    op.execute(
        "UPDATE node SET root = (SELECT s.root FROM space s WHERE s.id = node.target_space)"
        " WHERE target_space IS NOT NULL"
    )
    for name in ("account", "unit", "grp"):
        op.add_column(name, sa.Column("name_key", sa.String(), nullable=False, server_default=""))
        _fill(name)


def _fill(name: str) -> None:
    tx = op.get_bind()
    table = sa.table(name, sa.column("id"), sa.column("name"), sa.column("name_key"))
    for row in tx.execute(sa.select(table.c.id, table.c.name)).all():
        tx.execute(sa.update(table).where(table.c.id == row.id).values(name_key=_key(row.name)))


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
