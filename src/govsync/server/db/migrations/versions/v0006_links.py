"""Links, by which somebody without an account reaches a file or a folder."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Adds the table of links."""
    op.create_table(
        "link",
        sa.Column("id", sa.LargeBinary(16), primary_key=True),
        sa.Column("token", sa.LargeBinary(32), nullable=False),
        sa.Column("node", sa.LargeBinary(16), nullable=False),
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("device", sa.LargeBinary(16), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("password", sa.String()),
        sa.Column("downloads_left", sa.BigInteger()),
        sa.Column("ended_ms", sa.BigInteger()),
    )
    op.create_index("link_token", "link", ["token"], unique=True)
    op.create_index("link_node", "link", ["node"])
    op.create_index("link_user", "link", ["user"])
