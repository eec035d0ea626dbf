"""Sessions in a browser, and who looks after a fleet there."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Adds the table of sessions, and a right that nobody has until it is given."""
    op.add_column("account", sa.Column("fleet", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "web_session",
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index("web_session_user", "web_session", ["user"])
