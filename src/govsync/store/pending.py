"""How much is left to do, counted."""

from govsync.model.codes import OF_THE_SERVER, Code
from govsync.model.status import Pending
from govsync.store import problems
from govsync.store.database import Store

_STOPPING = "('" + "', '".join((*OF_THE_SERVER, Code.SPACE_FROZEN)) + "')"
_OF_SPACES = "('" + "', '".join((*OF_THE_SERVER, Code.SPACE_FROZEN, Code.NOT_GIVEN_BACK)) + "')"
"""What is said of a space as a whole, at its root, and hinders nothing in it from coming."""
_KEPT_BACK = (
    "WITH RECURSIVE said(lid, code) AS (SELECT lid, code FROM problem WHERE (waiting = 0 OR {lasting}) AND name = ''),"
    " hindered(lid) AS (SELECT lid FROM said WHERE NOT (code IN {of_spaces} AND lid IN (SELECT root_lid FROM space))"
    "  UNION SELECT s.root_lid FROM space s JOIN hold_item i ON i.lid = s.mount_lid JOIN hold h ON h.id = i.hold"
    "  WHERE h.state = 'open'"
    "  UNION SELECT n.lid FROM hindered h JOIN node n ON n.r_parent = h.lid AND n.r_dead = 0"
    "  WHERE n.presence IS NULL OR n.presence != 'here'),"
    " above(lid) AS (SELECT n.l_parent FROM hindered h JOIN node n ON n.lid = h.lid"
    "  UNION SELECT coalesce(s.mount_lid, n.l_parent) FROM above a JOIN node n ON n.lid = a.lid"
    "  LEFT JOIN space s ON s.root_lid = n.lid),"
    " asked(lid) AS (SELECT i.lid FROM hold_item i JOIN hold h ON h.id = i.hold WHERE h.state = 'open'"
    "  UNION SELECT n.lid FROM asked a JOIN node old ON old.lid = a.lid AND old.r_dead = 0"
    "  JOIN node n ON n.l_parent = old.r_parent AND n.l_key = old.r_key AND n.lid != old.lid"
    "  UNION SELECT n.lid FROM asked a JOIN node n ON n.l_parent = a.lid AND n.r_parent IS NULL),"
    " kept(lid) AS (SELECT lid FROM hindered UNION SELECT lid FROM asked"
    "  UNION SELECT n.lid FROM above a JOIN node n ON n.lid = a.lid WHERE n.kind != 'file' AND n.presence = 'here'"
    "  AND n.r_dead = 0 AND n.l_parent = n.r_parent AND n.l_name = n.r_name"
    "  UNION SELECT n.lid FROM main.kept k JOIN node n ON n.after_lid = k.lid"
    "  UNION SELECT m.lid FROM node m JOIN space s ON s.mount_lid = m.lid JOIN said p ON p.lid = s.root_lid"
    "  WHERE p.code IN {stopping} AND m.r_parent IS NULL"
    "  UNION SELECT l.lid FROM lost l JOIN node n ON n.lid = l.lid JOIN space s ON s.id = n.space"
    "  JOIN said p ON p.lid = s.root_lid WHERE l.offered = 1 AND p.code = '{not_given_back}'"
    "  UNION SELECT f.lid FROM kept k JOIN node n ON n.lid = k.lid JOIN node f ON f.lid = n.r_parent"
    "  WHERE n.presence = 'missing' AND n.r_dead = 0 AND f.presence = 'missing'),"
    " stuck(space) AS (SELECT s.id FROM space s JOIN said p ON p.lid = s.root_lid WHERE p.code IN {stopping}) "
)
"""What waits for a person, or for a program to end: nodes with a problem, with a notice that has lasted, or in a hold, what
cannot come into a folder that has a problem or is asked about, what has the name of one that waits so, or is new in it
(R28), what was moved from where it is to where its person may only read (R24), folders that are to go once something in them
has gone (R26), what others must give back, spaces to which nothing can be sent, with the mounts that the server has lost with
them, and deleted folders in which the server keeps something for one of these reasons."""
_UP = (
    "(coalesce(n.presence, '') IN ('here', 'missing') AND (n.r_parent IS NULL OR n.r_hash IS NOT n.l_hash AND n.r_hash IS n.b_hash"
    " OR n.presence = 'missing' OR n.b_parent IS NOT NULL AND (n.l_parent IS NOT n.b_parent OR n.l_name IS NOT n.b_name)))"
)
_SAME = "(coalesce(n.presence, '') = 'here' AND n.r_hash IS n.l_hash)"
"""A file of which the disk has the content already: it is moved here, or goes, and nothing is fetched for it."""


def undecided(store: Store) -> int:
    """Counts nodes, operations and intents that have something left, files that were not read, and what the server lost and
    was not given back yet."""
    return int(
        store.value(
            "SELECT (SELECT count(*) FROM dirty) + (SELECT count(*) FROM op) + (SELECT count(*) FROM intent)"
            " + (SELECT count(*) FROM node WHERE presence = 'here' AND kind = 'file' AND l_hash IS NULL)"
            " + (SELECT count(*) FROM lost WHERE offered = 1)"
        )
    )


def undecided_but_kept_back(store: Store, now_ms: int) -> int:
    """Counts like `undecided`, without what waits for a person or for a program to end."""
    kept_back = _KEPT_BACK.format(
        lasting=problems.lasting(now_ms), stopping=_STOPPING, of_spaces=_OF_SPACES,
        not_given_back=Code.NOT_GIVEN_BACK,
    )  # fmt: skip
    return int(
        store.value(
            f"{kept_back} SELECT (SELECT count(*) FROM dirty d JOIN node n ON n.lid = d.lid WHERE d.lid NOT IN kept"
            " AND n.space NOT IN stuck) + (SELECT count(*) FROM op WHERE space NOT IN stuck)"
            " + (SELECT count(*) FROM intent) + (SELECT count(*) FROM node WHERE presence = 'here' AND kind = 'file'"
            " AND l_hash IS NULL AND lid NOT IN kept) + (SELECT count(*) FROM lost l JOIN node n ON n.lid = l.lid"
            " WHERE l.offered = 1 AND l.lid NOT IN kept AND n.space NOT IN stuck)"
        )
    )


def counts(store: Store) -> Pending:
    """Counts what is on its way in each direction."""
    row = store.one(
        f"SELECT count(*) FILTER (WHERE {_UP}), count(*) FILTER (WHERE NOT {_UP}),"
        f" coalesce(sum(n.size) FILTER (WHERE {_UP} AND n.kind = 'file'), 0),"
        f" coalesce(sum(n.r_size) FILTER (WHERE NOT {_UP} AND n.kind = 'file' AND NOT {_SAME}), 0)"
        " FROM dirty d JOIN node n ON n.lid = d.lid"
    )
    assert row is not None
    unread = store.one(
        "SELECT count(*), coalesce(sum(size), 0) FROM node n WHERE presence = 'here' AND kind = 'file' AND l_hash IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM dirty d WHERE d.lid = n.lid)"
    )
    assert unread is not None
    return Pending(up=row[0] + unread[0], down=row[1], bytes_up=row[2] + unread[1], bytes_down=row[3])
