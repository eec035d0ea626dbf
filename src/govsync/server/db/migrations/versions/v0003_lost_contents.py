"""Finds versions whose contents are lost without looking through all."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds an index of those alone."""
    lost = sa.text("state = 'lost'")
    op.create_index("revision_lost", "revision", ["space", "id"], sqlite_where=lost, postgresql_where=lost)
