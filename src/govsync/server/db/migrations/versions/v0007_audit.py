"""Which space a row of the audit is about, and finding those that have no seal yet."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Adds columns and indexes; no row was written so far."""
    op.add_column("audit", sa.Column("space", sa.LargeBinary(16)))
    op.add_column("audit", sa.Column("position", sa.BigInteger()))
    op.create_index("audit_seal", "audit", ["seal", "id"])
    op.create_index("audit_space", "audit", ["space", "position"])
