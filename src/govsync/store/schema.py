"""What is stored, as numbered migrations: the version of a database is the number of scripts that it has seen.

One row holds a node in all three trees: `l_` what is on the disk, `r_` what the server last told, `b_` what both agreed
on. `lid` is the key inside this desk (docs/decisions/0001); it is never used again, since jobs under way speak of it.
A script that was released is never changed. A table without rowid names the columns of its key first and in the key's
order: SQLite 3.40's quick_check takes any other order for damage.
"""

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

    CREATE TABLE space (
        id BLOB PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL, state TEXT NOT NULL,
        root_lid INTEGER NOT NULL, mount_lid INTEGER, epoch BLOB NOT NULL,
        cursor_seq INTEGER, cursor_chain BLOB, owner_organisation TEXT NOT NULL, owner TEXT NOT NULL,
        quota_bytes INTEGER NOT NULL, used_bytes INTEGER NOT NULL
    ) WITHOUT ROWID;

    CREATE TABLE node (
        lid INTEGER PRIMARY KEY AUTOINCREMENT, node_id BLOB NOT NULL UNIQUE, space BLOB NOT NULL, kind TEXT NOT NULL,
        conflict_of BLOB, after_lid INTEGER, waits_for INTEGER, target_space BLOB,
        l_parent INTEGER, l_name TEXT, l_key TEXT, disk_name TEXT, presence TEXT,
        ino INTEGER, birth_ns INTEGER, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER, racy INTEGER NOT NULL DEFAULT 0,
        l_hash BLOB, l_exec INTEGER NOT NULL DEFAULT 0, since_ms INTEGER,
        r_parent INTEGER, r_name TEXT, r_key TEXT, r_place BLOB, r_rev BLOB, r_seq INTEGER, r_hash BLOB,
        r_size INTEGER, r_mtime_ns INTEGER, r_exec INTEGER, r_dead INTEGER,
        b_parent INTEGER, b_name TEXT, b_place BLOB, b_rev BLOB, b_hash BLOB, b_exec INTEGER
    );
    CREATE INDEX node_local ON node (l_parent, l_key) WHERE l_parent IS NOT NULL;
    CREATE INDEX node_inode ON node (ino) WHERE ino IS NOT NULL;
    CREATE INDEX node_remote ON node (r_parent, r_key) WHERE r_parent IS NOT NULL AND r_dead = 0;
    CREATE INDEX node_after ON node (after_lid) WHERE after_lid IS NOT NULL;
    CREATE INDEX node_mount ON node (target_space) WHERE target_space IS NOT NULL;
    CREATE INDEX node_agreed ON node (b_parent) WHERE b_parent IS NOT NULL;
    CREATE INDEX node_unread ON node (lid) WHERE presence = 'here' AND kind = 'file' AND l_hash IS NULL;
    CREATE INDEX node_racy ON node (lid) WHERE racy = 1;
    CREATE INDEX node_new ON node (l_hash) WHERE r_parent IS NULL AND presence = 'here' AND kind = 'file';
    CREATE INDEX node_waits ON node (waits_for) WHERE waits_for IS NOT NULL;
    CREATE INDEX node_lost ON node (space) WHERE presence IN ('gap', 'missing');
    CREATE INDEX node_gap ON node (l_parent) WHERE presence = 'gap';
    CREATE INDEX node_gap_content ON node (l_hash) WHERE presence = 'gap';

    CREATE TABLE manifest (lid INTEGER PRIMARY KEY, body BLOB NOT NULL);
    CREATE TABLE dirty (
        turn INTEGER PRIMARY KEY AUTOINCREMENT, lid INTEGER NOT NULL UNIQUE,
        not_before_ms INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE op (
        turn INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, lid INTEGER NOT NULL, space BLOB NOT NULL,
        body BLOB NOT NULL
    );
    CREATE TABLE op_cover (lid INTEGER NOT NULL, key BLOB NOT NULL, PRIMARY KEY (lid, key)) WITHOUT ROWID;
    CREATE TABLE intent (
        id INTEGER PRIMARY KEY AUTOINCREMENT, lid INTEGER NOT NULL, step BLOB NOT NULL, note BLOB NOT NULL
    );
    CREATE INDEX intent_node ON intent (lid);
    CREATE TABLE trash (
        name TEXT PRIMARY KEY, lid INTEGER NOT NULL, origin TEXT NOT NULL, ino INTEGER NOT NULL, size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, rev BLOB, at_ms INTEGER NOT NULL, space BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE hold (
        id INTEGER PRIMARY KEY AUTOINCREMENT, space BLOB NOT NULL, kind TEXT NOT NULL, since_ms INTEGER NOT NULL,
        state TEXT NOT NULL
    );
    CREATE TABLE hold_item (lid INTEGER NOT NULL, hold INTEGER NOT NULL, PRIMARY KEY (lid, hold)) WITHOUT ROWID;
    CREATE INDEX hold_nodes ON hold_item (hold);
    CREATE TABLE sent (
        node_id BLOB NOT NULL, kind TEXT NOT NULL, space BLOB NOT NULL, path TEXT NOT NULL, rev BLOB,
        at_ms INTEGER NOT NULL, hold INTEGER, PRIMARY KEY (node_id, kind)
    ) WITHOUT ROWID;
    CREATE INDEX sent_space ON sent (space, kind);
    CREATE TABLE rescue (lid INTEGER PRIMARY KEY);
    CREATE TABLE suspect (lid INTEGER PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL);
    CREATE TABLE problem (
        id INTEGER PRIMARY KEY AUTOINCREMENT, lid INTEGER NOT NULL, name TEXT NOT NULL DEFAULT '', code TEXT NOT NULL,
        facts BLOB NOT NULL, since_ms INTEGER NOT NULL, waiting INTEGER NOT NULL DEFAULT 0, UNIQUE (lid, name)
    );
    CREATE TABLE skipped (
        folder INTEGER NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (folder, name)
    ) WITHOUT ROWID;
    CREATE TABLE activity (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, path TEXT NOT NULL,
        user TEXT NOT NULL DEFAULT '', device TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT ''
    );
    """,
    """
    CREATE TABLE past (
        turn INTEGER PRIMARY KEY AUTOINCREMENT, lid INTEGER NOT NULL, fact TEXT NOT NULL, key BLOB NOT NULL,
        seq INTEGER NOT NULL
    );
    CREATE INDEX past_key ON past (lid, fact, key);
    CREATE TABLE lost (
        lid INTEGER PRIMARY KEY, parent INTEGER NOT NULL, name TEXT NOT NULL, place BLOB NOT NULL, epoch BLOB NOT NULL,
        seq INTEGER NOT NULL, rev BLOB, hash BLOB, over BLOB, moved INTEGER NOT NULL,
        offered INTEGER NOT NULL
    );
    CREATE INDEX lost_offered ON lost (lid) WHERE offered = 1;
    CREATE TABLE mark (space BLOB PRIMARY KEY, path TEXT NOT NULL, ino INTEGER NOT NULL, birth_ns INTEGER) WITHOUT ROWID;
    ALTER TABLE space ADD COLUMN told_seq INTEGER;
    ALTER TABLE space ADD COLUMN told_chain BLOB;
    """,
    """
    CREATE INDEX node_parked ON node (lid) WHERE presence = 'parked';
    """,
    """
    CREATE TABLE evidence (lid INTEGER PRIMARY KEY);
    """,
    """
    CREATE TABLE kept (lid INTEGER PRIMARY KEY, since_ms INTEGER NOT NULL);
    CREATE TABLE protection (lid INTEGER PRIMARY KEY, shut INTEGER NOT NULL, due INTEGER NOT NULL);
    CREATE INDEX protection_due ON protection (lid) WHERE due = 1;
    INSERT INTO protection SELECT n.lid, 1, 1 FROM node n JOIN space s ON s.id = n.space WHERE s.role = 'viewer'
        AND s.state = 'member' AND n.kind = 'file' AND n.presence = 'here' AND n.b_parent IS NOT NULL;
    """,
    """
    CREATE TABLE left_out (node_id BLOB PRIMARY KEY) WITHOUT ROWID;
    """,
)
