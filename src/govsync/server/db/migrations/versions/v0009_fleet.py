"""What a device tells of itself."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Adds columns that are empty until a device tells something."""
    op.add_column("device", sa.Column("version", sa.String()))
    op.add_column("device", sa.Column("system", sa.String()))
    op.add_column("device", sa.Column("condition", sa.String()))
    op.add_column("device", sa.Column("problems", sa.String()))
    op.add_column("device", sa.Column("in_sync_ms", sa.BigInteger()))
    op.add_column("device", sa.Column("told_ms", sa.BigInteger()))
