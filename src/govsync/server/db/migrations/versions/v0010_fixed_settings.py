"""What organisations fix of the settings of their people's desks."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Adds a table; nothing is fixed yet."""
    op.create_table(
        "org_policy",
        sa.Column("org", sa.LargeBinary(16), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("value", sa.String(), nullable=False),
    )
