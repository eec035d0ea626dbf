"""What a revision reaches of a life of the database that is gone (docs/decisions/0008)."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds the place in a lost life to revisions; none had one so far."""
    op.add_column("revision", sa.Column("lost_epoch", sa.LargeBinary(16)))
    op.add_column("revision", sa.Column("lost_seq", sa.BigInteger))
    op.add_column("revision", sa.Column("offered", sa.Boolean, nullable=False, server_default=sa.false()))
