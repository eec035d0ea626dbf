"""The first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes all tables."""
    _database()
    _people()
    _sessions()
    _spaces()
    _contents()
    _journals()


def _id(name: str, **options: Any) -> "sa.Column[bytes]":
    return sa.Column(name, sa.LargeBinary(16), **options)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _database() -> None:
    """Facts about the database as a whole."""
    op.create_table(
        "setting",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("value", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "epoch",
        _id("id", primary_key=True),
        _id("parent"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
    )


def _people() -> None:
    """Organisations, divisions, people, groups."""
    op.create_table(
        "org",
        _id("id", primary_key=True),
        sa.Column("name", sa.String(), nullable=False, unique=True),
    )
    op.create_table(
        "unit",
        _id("id", primary_key=True),
        _id("org", nullable=False),
        _id("parent"),
        sa.Column("name", sa.String(), nullable=False),
    )
    op.create_index("unit_name", "unit", ["parent", "name"], unique=True, **_where("parent IS NOT NULL"))
    op.create_index("unit_top_name", "unit", ["org", "name"], unique=True, **_where("parent IS NULL"))
    op.create_table(
        "account",
        _id("id", primary_key=True),
        _id("org", nullable=False),
        _id("unit"),
        sa.Column("login", sa.String(), nullable=False, unique=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False, server_default=""),
        sa.Column("subject", sa.String(), nullable=False, server_default=""),
        sa.Column("state", sa.String(), nullable=False),
    )
    op.create_table(
        "grp",
        _id("id", primary_key=True),
        sa.Column("name", sa.String(), nullable=False, unique=True),
    )
    op.create_table(
        "grp_member",
        _id("grp", primary_key=True),
        _id("user", primary_key=True),
    )
    op.create_index("grp_member_user", "grp_member", ["user"])


def _sessions() -> None:
    """How people come in, and with which devices."""
    op.create_table(
        "credential",
        _id("user", primary_key=True),
        sa.Column("hash", sa.String(), nullable=False),
    )
    op.create_table(
        "device",
        _id("id", primary_key=True),
        _id("user", nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.create_table(
        "token",
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        _id("device", nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
    )
    op.create_index("token_device", "token", ["device"])
    op.create_table(
        "attempt",
        sa.Column("subject", sa.String(), primary_key=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index("attempt_since", "attempt", ["since_ms"])


def _spaces() -> None:
    """Spaces, their members, what is in them."""
    op.create_table(
        "space",
        _id("id", primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        _id("owner_org", nullable=False),
        _id("owner", nullable=False),
        _id("root", nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.LargeBinary(32), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=False),
        _id("epoch", nullable=False),
        sa.Column("quota", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("retention_ms", sa.BigInteger(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False, server_default="0"),
    )
    op.create_table(
        "member",
        _id("space", primary_key=True),
        sa.Column("kind", sa.String(), primary_key=True),
        _id("principal", primary_key=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger()),
    )
    op.create_index("member_principal", "member", ["principal"])
    op.create_table(
        "node",
        _id("id", primary_key=True),
        _id("space", nullable=False),
        _id("parent"),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        _id("target_space"),
        _id("place", nullable=False),
        _id("rev"),
        sa.Column("hash", sa.LargeBinary(32)),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("exec", sa.Boolean(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("deleted_seq", sa.BigInteger()),
        _id("conflict_of"),
        sa.Column("grade", sa.Integer(), nullable=False, server_default="0"),
    )
    op.create_index("node_dead", "node", ["space", "deleted_seq"], **_where("deleted_seq IS NOT NULL"))
    op.create_index(
        "node_name", "node", ["space", "parent", "key"], unique=True, **_where("deleted_seq IS NULL")
    )
    op.create_index("node_parent", "node", ["parent"])
    op.create_index("node_space", "node", ["space", "id"])


def _contents() -> None:
    """Revisions, and where their bytes are."""
    op.create_table(
        "revision",
        _id("id", primary_key=True),
        _id("space", nullable=False),
        _id("node", nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        _id("base"),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        _id("user", nullable=False),
        _id("device", nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("manifest", sa.LargeBinary()),
        sa.Column("manifest_chunks", sa.LargeBinary()),
        sa.Column("state", sa.String(), nullable=False),
        _id("origin_epoch", nullable=False),
        sa.Column("origin_seq", sa.BigInteger(), nullable=False),
    )
    op.create_index("revision_hash", "revision", ["space", "hash"])
    op.create_index("revision_node", "revision", ["node", "seq"])
    op.create_table(
        "chunk",
        _id("space", primary_key=True),
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        _id("pack"),
        sa.Column("frame_offset", sa.BigInteger()),
        sa.Column("frame_bytes", sa.Integer()),
        sa.Column("offset_bytes", sa.Integer()),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("encoding", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary()),
        sa.Column("touched_ms", sa.BigInteger(), nullable=False),
        _id("device"),
        sa.Column("lost", sa.Boolean(), nullable=False),
    )
    op.create_index("chunk_pack", "chunk", ["pack"])
    op.create_index("chunk_unpacked", "chunk", ["touched_ms"], **_where("data IS NOT NULL"))
    op.create_index("chunk_unused", "chunk", ["device"], **_where("device IS NOT NULL"))
    op.create_table(
        "pack",
        _id("id", primary_key=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
    )


def _journals() -> None:
    """What happened."""
    op.create_table(
        "journal",
        _id("stream", primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True),
        _id("op_key", nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        _id("node", nullable=False),
        _id("user", nullable=False),
        _id("device", nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(32), nullable=False),
        sa.UniqueConstraint("stream", "op_key", name="journal_key"),
    )
    op.create_table(
        "audit",
        _id("id", primary_key=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        _id("user"),
        _id("device"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.BigInteger()),
    )
    op.create_table(
        "seal",
        sa.Column("number", sa.BigInteger(), primary_key=True),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
    )
