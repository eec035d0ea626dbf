"""What the answers to own operations change: the fact that each was about is agreed now, as it was sent (R32).

Nearly all answers of a first sync say the same: what this commit made is there, as it was asked for. These are taken in
together; every other answer by itself, in any order, since each state is a whole one (`remote_tree`).
"""

from collections.abc import Sequence

from govsync.model import names
from govsync.model import operations as ask
from govsync.model.nodes import Place, Presence
from govsync.protocol.changes import Cursor, NodeState
from govsync.protocol.commits import CommitAnswer, Done
from govsync.store import dirty, holds, local_tree, lost, meta, remote_tree, spaces, trees
from govsync.store.database import Row, Store
from govsync.store.ops import OpRow

_MADE = (
    "UPDATE node SET r_parent = ?1, r_name = ?2, r_key = ?3, r_place = ?4, r_rev = ?5, r_seq = ?6, r_hash = ?7,"
    " r_size = ?8, r_mtime_ns = ?9, r_exec = ?10, r_dead = 0, conflict_of = coalesce(conflict_of, ?11),"
    " b_parent = ?1, b_name = ?2, b_place = ?4, b_rev = ?5, b_hash = ?7, b_exec = ?10 WHERE lid = ?12"
)


def take_in(store: Store, done: Sequence[tuple[OpRow, Done]]) -> int:
    """Takes in the operations of a commit that are done; answers how many made what is settled by that."""
    made = _made(store, done)
    store.many(_MADE, made.values())
    for row, outcome in done:
        if row.lid not in made:
            acknowledge(store, row, outcome)
    lids = list(made)
    settled = trees.settled(store, lids)
    local_tree.settle(store, settled)
    dirty.add(store, (lid for lid in lids if lid not in settled))
    return len(settled)


def follow(
    store: Store, space: bytes, epoch: bytes, answer: CommitAnswer, done: Sequence[tuple[OpRow, Done]]
) -> None:
    """Takes in how far the journal goes, after `done`. Where every entry behind the cursor is one that these operations
    made, what the entries tell was told by the answer (docs/decisions/0013); else the head is waited for."""
    row, head = spaces.get(store, space), Cursor(epoch, answer.head, answer.chain)
    own = {outcome.seq for op, outcome in done if _is_its_entry(op.operation, outcome)}
    if (
        row is not None and row.cursor is not None and row.epoch == epoch and row.told is None
        and answer.at_ms and row.cursor.seq < head.seq and own.issuperset(range(row.cursor.seq + 1, head.seq + 1))
    ):  # fmt: skip
        spaces.set_cursor(store, space, head)
        meta.changed_at(store, answer.at_ms)
    else:
        spaces.told(store, space, head)


def _is_its_entry(operation: ask.AnyOperation, outcome: Done) -> bool:
    """Says whether the state is that of the operation's own entry, and not of what had its effect before it."""
    state = outcome.state
    return state is not None and state.seq == outcome.seq and operation.key in (state.place, state.rev)


def _made(store: Store, done: Sequence[tuple[OpRow, Done]]) -> dict[int, Row]:
    """Answers, by node, what to write of those that the server knows now for the first time, exactly as it was asked."""
    asked = {row.lid: (row, outcome) for row, outcome in done if _as_asked(row.operation, outcome)}
    untold = local_tree.untold(store, list(asked))
    states = {
        lid: outcome.state
        for lid, (row, outcome) in asked.items()
        if outcome.state is not None and untold.get(lid) == row.operation.node
    }
    folders = local_tree.by_ids(
        store, {state.parent for state in states.values() if state.parent is not None}
    )
    return {
        lid: (
            folders[state.parent], state.name, names.key(state.name), state.place, state.rev, state.seq, state.hash,
            state.size_bytes, state.mtime_ns, state.exec, state.conflict_of, lid,
        )
        for lid, state in states.items()
        if state.parent in folders
    }  # fmt: skip


def _as_asked(operation: ask.AnyOperation, outcome: Done) -> bool:
    """Says whether a node was made, and nothing has become of it since."""
    state = outcome.state
    if not isinstance(operation, ask.Mkdir | ask.Put) or state is None:
        return False
    place = (state.node, state.parent, state.name, state.place, state.dead, state.target_space)
    if place != (operation.node, operation.parent, operation.name, operation.key, False, None):
        return False
    if isinstance(operation, ask.Mkdir):
        return True
    return (state.rev, state.hash, state.exec) == (operation.key, operation.hash, operation.exec)


def acknowledge(store: Store, row: OpRow, outcome: Done) -> None:
    """Takes in that an operation is done: the fact it was about is agreed now, as it was sent (R32)."""
    state, op = outcome.state, row.operation
    lid = row.lid
    if isinstance(op, ask.Put | ask.Offer | ask.Move):
        lost.given_back(store, lid, place=isinstance(op, ask.Move))
    if outcome.merged is not None and state is not None:
        remote_tree.learn(store, row.space, state)
        winner = remote_tree.placeholder(store, outcome.merged, row.space)
        node = local_tree.node(store, winner)
        if winner != lid and (node.local is None or node.local.presence is Presence.NOT_YET):
            remote_tree.unify(store, lid, winner)
            return
        dirty.add(store, [lid, winner])
        return
    if state is not None:
        remote_tree.learn(store, row.space, state)
    if isinstance(op, ask.Delete):
        holds.note_deleted(store, row.space, row.covers)
    elif isinstance(op, ask.Mkdir | ask.Move | ask.Revive):
        _agree_place(store, lid, op.key, op.parent, op.name, state)
    elif isinstance(op, ask.Put):
        if op.parent is not None and op.name is not None:
            _agree_place(store, lid, op.key, op.parent, op.name, state)
        if op.base_rev is not None:
            holds.note_rewritten(store, row.space, lid, op.base_rev)
        equal = state is not None and state.hash == op.hash and state.rev is not None
        rev = state.rev if equal and state is not None else op.key
        local_tree.agree_content(store, lid, rev, op.hash, op.exec)
    elif isinstance(op, ask.Offer):
        _agree_offer(store, lid, op, state)
    elif isinstance(op, ask.Attr):
        local_tree.agree_exec(store, lid, op.exec)
    dirty.add(store, row.covers)


def _agree_offer(store: Store, lid: int, op: ask.Offer, state: NodeState | None) -> None:
    """What was offered is agreed again; whatever is current on the server is newer, or the same by another key."""
    if state is not None and state.place == op.place_key:
        _agree_place(store, lid, op.place_key, op.parent, op.name, state)
    if op.rev is not None:
        equal = state is not None and state.hash == op.hash
        rev = state.rev if equal and state is not None else op.rev
        local_tree.agree_content(store, lid, rev, op.hash, op.exec)


def _agree_place(
    store: Store, lid: int, key: bytes, parent: bytes, name: str, state: NodeState | None
) -> None:
    folder = local_tree.by_id(store, parent)
    if folder is None and state is not None and state.parent is not None:
        folder = local_tree.by_id(store, state.parent)  # The folder was another's, under another id (R21).
    if folder is None:
        return
    local_tree.agree_place(store, lid, Place(folder, name), key)
