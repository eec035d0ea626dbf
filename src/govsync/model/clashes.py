"""Two nodes want one name in one folder: who yields, and how (R18, R21, R22, R23).

The server's holder keeps the name. The other one, which the person made or moved here, is the same thing under two
ids (unify), or it moves to a conflict name. It is never copied: its history goes with it. Only a mount that comes for the
first time yields to what is there.
"""

from govsync.model.merge import alive, presence
from govsync.model.merged_tree import kind_of
from govsync.model.nodes import Kind, Node, Presence
from govsync.model.steps import Aside, Unify


def give_way(mine: Node, holder: Node) -> Aside | Unify:
    """Decides what becomes of `mine`, on this disk at a name that `holder` keeps on the server.

    They are one thing when the server never heard of `mine`, this disk never held `holder`, and both are folders or
    files of equal content. A node deleted here and edited there (`holder` is missing) is not the new one of its name:
    it keeps its history, and the new one moves aside.
    """
    twins = mine.remote is None and alive(holder) and presence(holder) is Presence.NOT_YET
    if twins and kind_of(mine) is kind_of(holder) and _same_content(mine, holder):
        return Unify(mine.lid, holder.lid)
    return Aside(mine.lid, holder.lid)


def gives_way_itself(holder: Node) -> bool:
    """Says whether the server's holder yields after all: a mount that this disk never held. What a person has here under
    its name is private and keeps the name; the mount hangs in the person's own space, so it is renamed there (R25)."""
    return kind_of(holder) is Kind.MOUNT and alive(holder) and presence(holder) is Presence.NOT_YET


def _same_content(mine: Node, holder: Node) -> bool:
    if kind_of(mine) is not Kind.FILE:
        return kind_of(mine) is Kind.FOLDER
    return mine.local is not None and holder.remote is not None and mine.local.hash == holder.remote.hash
