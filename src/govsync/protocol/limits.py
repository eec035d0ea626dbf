"""The one table of limits: the server enforces them, tells them in `/me`, and the client obeys (I16)."""

import msgspec

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds every request; all sizes are bytes of the body as it travels unless a name says otherwise."""

    operations_per_commit: int = 1_000
    commit_bytes: int = 8 * MIB
    inline_chunk_bytes: int = 64 * KIB
    hashes_per_question: int = 4_096
    keys_per_question: int = 4_096
    chunks_body_bytes: int = 16 * MIB
    fetch_body_bytes: int = 32 * MIB
    wants_per_fetch: int = 1_000
    page: int = 1_000
    changes_inline_bytes: int = 4 * MIB
    chunk_bytes: int = 2 * MIB
    manifest_inline_bytes: int = 64 * KIB
    manifest_chunks: int = 4_000_000
    name_units: int = 255
    depth: int = 100
    subtree_nodes: int = 10_000
    unreferenced_bytes: int = 8 * GIB
    control_body_bytes: int = 1 * MIB
    spaces: int = 10_000
    members: int = 10_000
    shared_nodes: int = 50_000


DEFAULT = Limits()
