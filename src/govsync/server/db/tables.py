"""Every table of the server.

Ids are 16 bytes and made by whoever makes the thing; times are milliseconds of the server's clock. A node's current
revision stands in the node too (`rev`, `hash`, `size`, `mtime_ns`, `exec`): the journal, the snapshot and every judgement
need them, and a join for each would cost more than the few bytes. So does, in a mount, the root of the space that hangs
there. Nothing counts references: what is still needed is found from manifests, space by space. What people look for is
kept a second time as it is compared (`name_key`): each database folds the letters of some languages only.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData()


class Octets(LargeBinary):
    """Bytes, handed to the driver and taken from it as they are.

    Both drivers speak `bytes`; SQLAlchemy's own type wraps every single value, which was a fifth of the time of a commit
    of a thousand files.
    """

    def bind_processor(self, dialect: Any) -> None:
        """As `LargeBinary.bind_processor`: there is nothing to be done."""

    def result_processor(self, dialect: Any, coltype: object) -> None:
        """As `LargeBinary.result_processor`: there is nothing to be done."""


def _id(name: str, **options: object) -> "Column[bytes]":
    return Column(name, Octets(16), **options)  # type: ignore[arg-type]


setting = Table(
    "setting", metadata, Column("key", String, primary_key=True), Column("value", Octets, nullable=False)
)

epoch = Table(
    "epoch", metadata, _id("id", primary_key=True), _id("parent"), Column("at_ms", BigInteger, nullable=False)
)

org = Table(
    "org", metadata,
    _id("id", primary_key=True), Column("name", String, nullable=False, unique=True),
    Column("shares_with", String, nullable=False, server_default="anyone"),
)  # fmt: skip

org_partner = Table("org_partner", metadata, _id("org", primary_key=True), _id("partner", primary_key=True))

org_policy = Table(
    "org_policy", metadata,
    _id("org", primary_key=True), Column("key", String, primary_key=True), Column("value", String, nullable=False),
)  # fmt: skip

unit = Table(
    "unit", metadata,
    _id("id", primary_key=True), _id("org", nullable=False), _id("parent"), Column("name", String, nullable=False),
    Column("name_key", String, nullable=False, server_default=""),
    Index("unit_top_name", "org", "name", unique=True, sqlite_where=text("parent IS NULL"),
          postgresql_where=text("parent IS NULL")),
    Index("unit_name", "parent", "name", unique=True, sqlite_where=text("parent IS NOT NULL"),
          postgresql_where=text("parent IS NOT NULL")),
)  # fmt: skip

user = Table(
    "account", metadata,
    _id("id", primary_key=True), _id("org", nullable=False), _id("unit"),
    Column("login", String, nullable=False, unique=True), Column("name", String, nullable=False),
    Column("issuer", String, nullable=False, server_default=""), Column("subject", String, nullable=False, server_default=""),
    Column("state", String, nullable=False), Column("name_key", String, nullable=False, server_default=""),
    Column("fleet", Boolean, nullable=False, server_default=false()),
)  # fmt: skip

credential = Table(
    "credential", metadata, _id("user", primary_key=True), Column("hash", String, nullable=False)
)

device = Table(
    "device", metadata,
    _id("id", primary_key=True), _id("user", nullable=False), Column("name", String, nullable=False),
    Column("machine", String, nullable=False), Column("state", String, nullable=False),
    Column("seen_ms", BigInteger, nullable=False), Column("counter", BigInteger, nullable=False, server_default="0"),
    Column("version", String), Column("system", String), Column("condition", String), Column("problems", String),
    Column("in_sync_ms", BigInteger), Column("told_ms", BigInteger),
)  # fmt: skip

wipe = Table(
    "wipe", metadata,
    _id("device", primary_key=True), _id("id", nullable=False), _id("epoch", nullable=False),
    Column("at_ms", BigInteger, nullable=False), Column("begun_ms", BigInteger), Column("ended_ms", BigInteger),
    Column("removed", BigInteger), Column("kept", BigInteger),
)  # fmt: skip

token = Table(
    "token", metadata,
    Column("hash", Octets(32), primary_key=True), _id("device", nullable=False),
    Column("counter", BigInteger, nullable=False), Column("used", Boolean, nullable=False),
    Index("token_device", "device"),
)  # fmt: skip

attempt = Table(
    "attempt", metadata,
    Column("subject", String, primary_key=True), Column("count", Integer, nullable=False),
    Column("since_ms", BigInteger, nullable=False), Index("attempt_since", "since_ms"),
)  # fmt: skip

web_session = Table(
    "web_session", metadata,
    Column("hash", Octets(32), primary_key=True), _id("user", nullable=False),
    Column("since_ms", BigInteger, nullable=False), Column("used_ms", BigInteger, nullable=False),
    Index("web_session_user", "user"),
)  # fmt: skip

grp = Table(
    "grp", metadata,
    _id("id", primary_key=True), Column("name", String, nullable=False, unique=True),
    Column("name_key", String, nullable=False, server_default=""),
)  # fmt: skip

grp_member = Table(
    "grp_member",
    metadata,
    _id("grp", primary_key=True),
    _id("user", primary_key=True),
    Index("grp_member_user", "user"),
)

space = Table(
    "space", metadata,
    _id("id", primary_key=True), Column("kind", String, nullable=False), Column("name", String, nullable=False),
    _id("owner_org", nullable=False), _id("owner", nullable=False), _id("root", nullable=False),
    Column("head", BigInteger, nullable=False), Column("chain", Octets(32), nullable=False),
    Column("floor", BigInteger, nullable=False), _id("epoch", nullable=False),
    Column("quota", BigInteger, nullable=False), Column("bytes", BigInteger, nullable=False),
    Column("retention_ms", BigInteger, nullable=False), Column("grade", Integer, nullable=False, server_default="0"),
    Column("past", Octets),
    Index("space_owner", "owner"),
)  # fmt: skip

member = Table(
    "member", metadata,
    _id("space", primary_key=True), Column("kind", String, primary_key=True), _id("principal", primary_key=True),
    Column("role", String, nullable=False), Column("ended_ms", BigInteger),
    Column("since_ms", BigInteger, nullable=False, server_default="0"),
    Index("member_principal", "principal"),
)  # fmt: skip

node = Table(
    "node", metadata,
    _id("id", primary_key=True), _id("space", nullable=False), _id("parent"), Column("name", String, nullable=False),
    Column("key", String, nullable=False), Column("kind", String, nullable=False), _id("target_space"),
    _id("place", nullable=False), _id("rev"), Column("hash", Octets(32)), Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False), Column("exec", Boolean, nullable=False),
    Column("seq", BigInteger, nullable=False), Column("created_seq", BigInteger, nullable=False),
    Column("deleted_seq", BigInteger), _id("conflict_of"), Column("grade", Integer, nullable=False, server_default="0"),
    _id("root"),
    Index("node_name", "space", "parent", "key", unique=True, sqlite_where=text("deleted_seq IS NULL"),
          postgresql_where=text("deleted_seq IS NULL")),
    Index("node_space", "space", "id"), Index("node_parent", "parent"),
    Index("node_dead", "space", "deleted_seq", sqlite_where=text("deleted_seq IS NOT NULL"),
          postgresql_where=text("deleted_seq IS NOT NULL")),
    Index("node_mount", "space", sqlite_where=text("target_space IS NOT NULL"),
          postgresql_where=text("target_space IS NOT NULL")),
)  # fmt: skip

revision = Table(
    "revision", metadata,
    _id("id", primary_key=True), _id("space", nullable=False), _id("node", nullable=False),
    Column("seq", BigInteger, nullable=False), _id("base"), Column("hash", Octets(32), nullable=False),
    Column("size", BigInteger, nullable=False), Column("mtime_ns", BigInteger, nullable=False),
    _id("user", nullable=False), _id("device", nullable=False), Column("at_ms", BigInteger, nullable=False),
    Column("manifest", Octets), Column("manifest_chunks", Octets),
    Column("state", String, nullable=False), _id("origin_epoch", nullable=False),
    Column("origin_seq", BigInteger, nullable=False), _id("lost_epoch"), Column("lost_seq", BigInteger),
    Column("offered", Boolean, nullable=False, server_default=false()),
    Index("revision_node", "node", "seq"), Index("revision_hash", "space", "hash"),
    Index("revision_lost", "space", "id", sqlite_where=text("state = 'lost'"), postgresql_where=text("state = 'lost'")),
)  # fmt: skip

chunk = Table(
    "chunk", metadata,
    _id("space", primary_key=True), Column("hash", Octets(32), primary_key=True), _id("pack"),
    Column("frame_offset", BigInteger), Column("frame_bytes", Integer), Column("offset_bytes", Integer),
    Column("size", Integer, nullable=False), Column("encoding", String, nullable=False),
    Column("data", Octets), Column("touched_ms", BigInteger, nullable=False), _id("device"),
    Column("lost", Boolean, nullable=False),
    Index("chunk_pack", "pack"),
    Index("chunk_unpacked", "touched_ms", sqlite_where=text("data IS NOT NULL"),
          postgresql_where=text("data IS NOT NULL")),
    Index("chunk_unused", "device", sqlite_where=text("device IS NOT NULL"),
          postgresql_where=text("device IS NOT NULL")),
)  # fmt: skip

pack = Table(
    "pack", metadata,
    _id("id", primary_key=True), Column("key", String, nullable=False), Column("size", BigInteger, nullable=False),
    Column("state", String, nullable=False), Column("since_ms", BigInteger, nullable=False),
)  # fmt: skip

link = Table(
    "link", metadata,
    _id("id", primary_key=True), Column("token", Octets(32), nullable=False), _id("node", nullable=False),
    _id("user", nullable=False), _id("device", nullable=False), Column("role", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False), Column("expires_ms", BigInteger, nullable=False),
    Column("password", String), Column("downloads_left", BigInteger), Column("ended_ms", BigInteger),
    Index("link_token", "token", unique=True), Index("link_node", "node"), Index("link_user", "user"),
)  # fmt: skip

journal = Table(
    "journal", metadata,
    _id("stream", primary_key=True), Column("seq", BigInteger, primary_key=True), _id("op_key", nullable=False),
    Column("kind", String, nullable=False), _id("node", nullable=False), _id("user", nullable=False),
    _id("device", nullable=False), Column("at_ms", BigInteger, nullable=False), Column("body", Octets, nullable=False),
    Column("chain", Octets(32), nullable=False),
    UniqueConstraint("stream", "op_key", name="journal_key"),
)  # fmt: skip

audit = Table(
    "audit", metadata,
    _id("id", primary_key=True), Column("at_ms", BigInteger, nullable=False), Column("kind", String, nullable=False),
    _id("user"), _id("device"), Column("body", Octets, nullable=False), Column("seal", BigInteger),
    _id("space"), Column("position", BigInteger),
    Index("audit_seal", "seal", "id"), Index("audit_space", "space", "position"),
)  # fmt: skip

seal = Table(
    "seal", metadata,
    Column("number", BigInteger, primary_key=True), Column("hash", Octets(32), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)  # fmt: skip
