"""The one table of codes: every refusal, problem and failure that crosses a boundary has its name here.

A code is stable from the first release on: scripts, tests and translations key on it. Each says who must act: `retry`
(the client does, later, by itself), `person` (somebody on this desk), `it` (an operator), `none` (it is only said), and
which HTTP status carries it where the server answers with it. Sentences live in `text.sentences`.
"""

from enum import StrEnum
from typing import Literal

import msgspec

Actor = Literal["retry", "person", "it", "none"]


class Code(StrEnum):
    """Names every code; the meaning stands in `CODES`."""

    # Refusals of one operation (R18-R31)
    NAME_TAKEN = "name_taken"
    PARENT_DEAD = "parent_dead"
    STALE_REV = "stale_rev"
    STALE_PLACE = "stale_place"
    UNSEEN_BELOW = "unseen_below"
    SUBTREE_TOO_LARGE = "subtree_too_large"
    WOULD_CYCLE = "would_cycle"
    NODE_DEAD = "node_dead"
    NODE_IN_SPACE = "node_in_space"
    CONTAINS_MOUNT = "contains_mount"
    NO_RIGHT = "no_right"
    QUOTA = "quota"
    BUSY_RETRY = "busy_retry"
    NAME_ILLEGAL = "name_illegal"
    NAME_TOO_LONG = "name_too_long"
    NAME_RESERVED = "name_reserved"
    TOO_DEEP = "too_deep"
    HASH_MISMATCH = "hash_mismatch"
    MANIFEST_BAD = "manifest_bad"
    OPERATION_UNKNOWN = "operation_unknown"
    WRONG_KIND = "wrong_kind"
    # Refusals of sharing
    NO_SUCH_MEMBER = "no_such_member"
    SHARE_OUTSIDE = "share_outside"
    SHARE_SELF = "share_self"
    TOO_MANY_MEMBERS = "too_many_members"
    TOO_MANY_SHARES = "too_many_shares"
    LAST_MANAGER = "last_manager"
    MEMBER_STAYS = "member_stays"
    MEMBER_THROUGH = "member_through"
    LINK_FILE = "link_file"
    LINK_OUTSIDE = "link_outside"
    TOO_MANY_LINKS = "too_many_links"
    # Refusals of one request
    NOT_FOUND = "not_found"
    BAD_REQUEST = "bad_request"
    TOO_LARGE = "too_large"
    TOO_MANY_OPERATIONS = "too_many_operations"
    TOO_MANY_REQUESTS = "too_many_requests"
    FRAME_BAD = "frame_bad"
    CHUNK_BAD = "chunk_bad"
    CHUNK_LOST = "chunk_lost"
    CURSOR_GONE = "cursor_gone"
    EPOCH_CHANGED = "epoch_changed"
    HISTORY_DIFFERS = "history_differs"
    SIGNED_OUT = "signed_out"
    TOKEN_EXPIRED = "token_expired"
    TOKEN_REUSED = "token_reused"
    WRONG_PASSWORD = "wrong_password"
    DEVICE_CLONED = "device_cloned"
    CLIENT_TOO_OLD = "client_too_old"
    STORE_UNAVAILABLE = "store_unavailable"
    STORE_FULL = "store_full"
    TABLES_NEWER = "tables_newer"
    TIMED_OUT = "timed_out"
    INTERNAL = "internal"
    # What a desk meets
    OFFLINE = "offline"
    NOT_OUR_SERVER = "not_our_server"
    CERTIFICATE = "certificate"
    CERTIFICATES_BAD = "certificates_bad"
    PROXY = "proxy"
    NAME_NOT_TEXT = "name_not_text"
    BUSY = "busy"
    CHANGED = "changed"
    NOT_SENT = "not_sent"
    NOT_THEN = "not_then"
    NOT_GIVEN_BACK = "not_given_back"
    SPACE_FROZEN = "space_frozen"
    NEVER_QUIET = "never_quiet"
    OPEN_HERE = "open_here"
    DISK_FULL = "disk_full"
    TOO_LARGE_HERE = "too_large_here"
    TOO_LARGE_BY_RULE = "too_large_by_rule"
    EXTENSION_BLOCKED = "extension_blocked"
    READ_ONLY = "read_only"
    NO_ACCESS = "no_access"
    UNREADABLE = "unreadable"
    GONE = "gone"
    EXISTS = "exists"
    NOT_A_FOLDER = "not_a_folder"
    LINK_IN_THE_WAY = "link_in_the_way"
    OBSCURED = "obscured"
    CANNOT_MOVE_HERE = "cannot_move_here"
    SHARE_FILE = "share_file"
    SHARE_WHOLE = "share_whole"
    NOT_SHARED = "not_shared"
    KEPT_HERE = "kept_here"
    FOLDER_ITSELF = "folder_itself"
    FOLDER_MISSING = "folder_missing"
    FOLDER_REPLACED = "folder_replaced"
    FOLDER_UNFIT = "folder_unfit"
    FOLDER_TAKEN = "folder_taken"
    HOME_IN_USE = "home_in_use"
    HOME_UNFIT = "home_unfit"
    STORE_DAMAGED = "store_damaged"
    STORE_NEWER = "store_newer"
    AGENT_NOT_RUNNING = "agent_not_running"
    AGENT_DIFFERS = "agent_differs"
    SETTING_UNKNOWN = "setting_unknown"
    SETTING_BAD = "setting_bad"
    SETTING_FIXED = "setting_fixed"
    SETTING_NOT_THEIRS = "setting_not_theirs"
    UPDATE_REFUSED = "update_refused"
    WATCH_LIMIT = "watch_limit"
    SLOW_CHUNKING = "slow_chunking"
    NO_KEYRING = "no_keyring"
    KEYRING_TOO_SMALL = "keyring_too_small"


class Meaning(msgspec.Struct, frozen=True):
    """Says who acts on a code, and the HTTP status that carries it (None where it never crosses the wire alone)."""

    actor: Actor
    status: int | None = None


CODES: dict[Code, Meaning] = {
    Code.NAME_TAKEN: Meaning("retry", 409),
    Code.PARENT_DEAD: Meaning("retry", 409),
    Code.STALE_REV: Meaning("retry", 409),
    Code.STALE_PLACE: Meaning("retry", 409),
    Code.UNSEEN_BELOW: Meaning("retry", 409),
    Code.SUBTREE_TOO_LARGE: Meaning("retry", 409),
    Code.WOULD_CYCLE: Meaning("retry", 409),
    Code.NODE_DEAD: Meaning("retry", 409),
    Code.NODE_IN_SPACE: Meaning("retry", 409),
    Code.CONTAINS_MOUNT: Meaning("person", 409),
    Code.NO_RIGHT: Meaning("person", 403),
    Code.QUOTA: Meaning("person", 413),
    Code.BUSY_RETRY: Meaning("retry", 503),
    Code.NAME_ILLEGAL: Meaning("person", 422),
    Code.NAME_TOO_LONG: Meaning("person", 422),
    Code.NAME_RESERVED: Meaning("person", 422),
    Code.TOO_DEEP: Meaning("person", 422),
    Code.HASH_MISMATCH: Meaning("retry", 422),
    Code.MANIFEST_BAD: Meaning("it", 422),
    Code.OPERATION_UNKNOWN: Meaning("it", 422),
    Code.WRONG_KIND: Meaning("it", 422),
    Code.NO_SUCH_MEMBER: Meaning("person", 422),
    Code.SHARE_OUTSIDE: Meaning("person", 403),
    Code.SHARE_SELF: Meaning("person", 422),
    Code.TOO_MANY_MEMBERS: Meaning("person", 409),
    Code.TOO_MANY_SHARES: Meaning("person", 409),
    Code.LAST_MANAGER: Meaning("person", 409),
    Code.MEMBER_STAYS: Meaning("person", 409),
    Code.MEMBER_THROUGH: Meaning("person", 409),
    Code.LINK_FILE: Meaning("person", 422),
    Code.LINK_OUTSIDE: Meaning("person", 403),
    Code.TOO_MANY_LINKS: Meaning("person", 409),
    Code.NOT_FOUND: Meaning("none", 404),
    Code.BAD_REQUEST: Meaning("it", 400),
    Code.TOO_LARGE: Meaning("it", 413),
    Code.TOO_MANY_OPERATIONS: Meaning("it", 413),
    Code.TOO_MANY_REQUESTS: Meaning("retry", 429),
    Code.FRAME_BAD: Meaning("it", 400),
    Code.CHUNK_BAD: Meaning("retry", 422),
    Code.CHUNK_LOST: Meaning("it", 503),
    Code.CURSOR_GONE: Meaning("retry", 410),
    Code.EPOCH_CHANGED: Meaning("retry", 409),
    Code.HISTORY_DIFFERS: Meaning("retry", 409),
    Code.SIGNED_OUT: Meaning("person", 401),
    Code.TOKEN_EXPIRED: Meaning("retry", 401),
    Code.TOKEN_REUSED: Meaning("person", 401),
    Code.WRONG_PASSWORD: Meaning("person", 401),
    Code.DEVICE_CLONED: Meaning("retry", 409),
    Code.CLIENT_TOO_OLD: Meaning("it", 426),
    Code.STORE_UNAVAILABLE: Meaning("it", 503),
    Code.STORE_FULL: Meaning("it", 507),
    Code.TABLES_NEWER: Meaning("it"),
    Code.TIMED_OUT: Meaning("retry", 408),
    Code.INTERNAL: Meaning("it", 500),
    Code.OFFLINE: Meaning("retry"),
    Code.NOT_OUR_SERVER: Meaning("retry"),
    Code.CERTIFICATE: Meaning("it"),
    Code.CERTIFICATES_BAD: Meaning("it"),
    Code.PROXY: Meaning("it"),
    Code.NAME_NOT_TEXT: Meaning("person"),
    Code.BUSY: Meaning("retry"),
    Code.CHANGED: Meaning("retry"),
    Code.NOT_SENT: Meaning("person"),
    Code.NOT_THEN: Meaning("person"),
    Code.NOT_GIVEN_BACK: Meaning("person"),
    Code.SPACE_FROZEN: Meaning("person"),
    Code.NEVER_QUIET: Meaning("person"),
    Code.OPEN_HERE: Meaning("person"),
    Code.DISK_FULL: Meaning("person"),
    Code.TOO_LARGE_HERE: Meaning("person"),
    Code.TOO_LARGE_BY_RULE: Meaning("person"),
    Code.EXTENSION_BLOCKED: Meaning("person"),
    Code.READ_ONLY: Meaning("person"),
    Code.NO_ACCESS: Meaning("person"),
    Code.UNREADABLE: Meaning("person"),
    Code.GONE: Meaning("retry"),
    Code.EXISTS: Meaning("person"),
    Code.NOT_A_FOLDER: Meaning("retry"),
    Code.LINK_IN_THE_WAY: Meaning("person"),
    Code.OBSCURED: Meaning("person"),
    Code.CANNOT_MOVE_HERE: Meaning("person"),
    Code.SHARE_FILE: Meaning("person"),
    Code.SHARE_WHOLE: Meaning("person"),
    Code.NOT_SHARED: Meaning("person"),
    Code.KEPT_HERE: Meaning("person"),
    Code.FOLDER_ITSELF: Meaning("person"),
    Code.FOLDER_MISSING: Meaning("person"),
    Code.FOLDER_REPLACED: Meaning("person"),
    Code.FOLDER_UNFIT: Meaning("person"),
    Code.FOLDER_TAKEN: Meaning("person"),
    Code.HOME_IN_USE: Meaning("person"),
    Code.HOME_UNFIT: Meaning("it"),
    Code.STORE_DAMAGED: Meaning("it"),
    Code.STORE_NEWER: Meaning("it"),
    Code.AGENT_NOT_RUNNING: Meaning("person"),
    Code.AGENT_DIFFERS: Meaning("person"),
    Code.SETTING_UNKNOWN: Meaning("person"),
    Code.SETTING_BAD: Meaning("person"),
    Code.SETTING_FIXED: Meaning("person"),
    Code.SETTING_NOT_THEIRS: Meaning("it"),
    Code.UPDATE_REFUSED: Meaning("it"),
    Code.WATCH_LIMIT: Meaning("it"),
    Code.SLOW_CHUNKING: Meaning("it"),
    Code.NO_KEYRING: Meaning("it"),
    Code.KEYRING_TOO_SMALL: Meaning("it"),
}

REFUSALS = tuple(code for code, meaning in CODES.items() if meaning.status)
"""With what something that was sent, or would have been, may be refused."""
BY_RULE = (Code.TOO_LARGE_BY_RULE, Code.EXTENSION_BLOCKED)
"""Why a desk does not even ask: a setting says so."""
OF_THE_SERVER = tuple(code for code, meaning in CODES.items() if meaning.actor == "it" and meaning.status)
"""With what a server says that it cannot do something, whatever it is asked for: an operator must act."""
