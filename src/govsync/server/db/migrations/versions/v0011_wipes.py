"""Orders to take the files off a device."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Adds the table of orders, one a device."""
    op.create_table(
        "wipe",
        sa.Column("device", sa.LargeBinary(16), primary_key=True),
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("epoch", sa.LargeBinary(16), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("begun_ms", sa.BigInteger()),
        sa.Column("ended_ms", sa.BigInteger()),
        sa.Column("removed", sa.BigInteger()),
        sa.Column("kept", sa.BigInteger()),
    )
