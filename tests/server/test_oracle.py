"""Whether a content is on the server nobody learns who may not read it: not from an answer, nor from the work that it takes
(I8, R37).

Work is counted, not timed: the statements that the database is given, and the objects that the store is. Where both are the
same, letter by letter, the time is the same as far as it is ours.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from govsync.content.hashes import chunk_hash
from govsync.model.codes import Code
from govsync.protocol.commits import Missing
from govsync.protocol.session import Role
from govsync.server import contents
from govsync.server.contents import RENEW_MS
from tests.server.desk import Desk, give_role, noise
from tests.server.office import Office

ABSENT = noise(100_000, 1)
"""A content that nobody has sent."""
SECRET = noise(100_000, 2)
"""One of the same size that somebody has."""
NOT_READ = ("elsewhere", "being sent", "forgotten")
"""Where a content may lie that a member of the space may not read."""


@contextmanager
def work(office: Office) -> Iterator[list[str]]:
    """Lists what the database and the store are asked to do meanwhile."""
    done: list[str] = []
    engine, put_new = office.server.database.engine, office.server.blobs.put_new

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        done.append(f"{statement} / {len(parameters)}")  # type: ignore[arg-type]

    def put(key: str, pieces: object) -> None:
        done.append("put_new")
        put_new(key, pieces)  # type: ignore[arg-type]

    event.listen(engine, "before_cursor_execute", note)
    office.server.blobs.put_new = put  # type: ignore[method-assign]
    try:
        yield done
    finally:
        event.remove(engine, "before_cursor_execute", note)
        office.server.blobs.put_new = put_new  # type: ignore[method-assign]


@pytest.fixture
def anna(office: Office) -> Desk:
    return Desk(office)


def clara_in(office: Office, anna: Desk, role: Role) -> Desk:
    """Clara in Anna's space."""
    made = Desk(office, "clara")
    give_role(office, anna.space, office.clara, role)
    made.space, made.root, made.epoch = anna.space, anna.root, anna.epoch
    return made


def hide(office: Office, anna: Desk, where: str) -> None:
    """Puts the secret where Clara may not read it."""
    if where == "elsewhere":
        Desk(office, "boris").save("secret", SECRET)
    elif where == "in use":
        anna.save("secret", SECRET)
    else:
        anna.send(SECRET)  # No revision names it yet.
        office.clock.now_ms += RENEW_MS + 1 if where == "forgotten" else 0


def missing(desk: Desk, content: bytes) -> object:
    question = Missing(hashes=(chunk_hash(content),), growth_bytes=len(content))
    return contents.missing(desk.office.server, desk.caller, desk.space, question)


def put(desk: Desk, content: bytes) -> object:
    return [type(each).__name__ for each in desk.commit(desk.put("new", content))]


def send(desk: Desk, content: bytes) -> object:
    return desk.send(content)


@pytest.mark.parametrize("call", [missing, put, send])
@pytest.mark.parametrize(
    ("role", "where"),
    [(Role.EDITOR, where) for where in NOT_READ]
    + [(Role.UPLOADER, where) for where in (*NOT_READ, "in use")],
)
def test_a_content_that_one_may_not_read_takes_the_work_of_one_that_is_not_there(
    office: Office, anna: Desk, role: Role, where: str, call: Callable[[Desk, bytes], object]
) -> None:
    clara = clara_in(office, anna, role)
    hide(office, anna, where)
    with work(office) as for_absent:
        answer = call(clara, ABSENT)
    with work(office) as for_secret:
        assert call(clara, SECRET) == answer
    assert for_absent
    assert for_secret == for_absent


def test_who_may_only_add_goes_on_with_what_the_own_device_has_sent(office: Office, anna: Desk) -> None:
    clara = clara_in(office, anna, Role.UPLOADER)
    before = missing(clara, ABSENT)
    clara.send(ABSENT)
    assert missing(clara, ABSENT) != before


def test_a_content_that_one_reads_is_told_to_be_there(office: Office, anna: Desk) -> None:
    clara = clara_in(office, anna, Role.EDITOR)
    anna.save("shared", SECRET)
    assert missing(clara, SECRET) != missing(clara, ABSENT)


@pytest.mark.parametrize("known", [True, False])
def test_a_version_that_one_may_not_read_takes_the_work_of_one_that_never_was(
    office: Office, anna: Desk, known: bool
) -> None:
    boris = Desk(office, "boris")
    secret = boris.save("secret", SECRET)
    space, rev = (boris.space, secret.rev) if known else (boris.space, anna.key())
    with work(office) as done:
        refused = anna.refused(anna.put("mine", SECRET, manifest=None, source=(space, rev)))
    with work(office) as for_nothing:
        unknown = anna.refused(anna.put("mine", SECRET, manifest=None, source=(anna.key(), anna.key())))
    assert refused == unknown
    assert refused.code is Code.NOT_FOUND
    assert done == for_nothing
