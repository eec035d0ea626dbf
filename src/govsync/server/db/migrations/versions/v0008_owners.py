"""Since when somebody has a role, and finding what one person or division owns."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Adds a column and an index; who was a member before has been one longest."""
    op.add_column("member", sa.Column("since_ms", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("space_owner", "space", ["owner"])
