"""With whom an organisation shares."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Lets every organisation share with anyone, as before there was a choice."""
    shares_with = sa.Column("shares_with", sa.String(), nullable=False, server_default="anyone")
    op.add_column("org", shares_with)
    op.create_table(
        "org_partner",
        sa.Column("org", sa.LargeBinary(16), primary_key=True),
        sa.Column("partner", sa.LargeBinary(16), primary_key=True),
    )
