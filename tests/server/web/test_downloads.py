"""What is fetched through a link: whole files and parts of them, folders as ZIPs that any system opens, in bounded memory, and
nothing more once a link opens nothing any more."""

import io
import tracemalloc
from collections.abc import Iterable
from functools import partial
from zipfile import ZipFile

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govsync.content.manifests import ChunkRef
from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.protocol.commits import Want
from govsync.protocol.limits import MIB
from govsync.protocol.session import Role
from govsync.server import links
from govsync.server.bounds import Bounds
from govsync.server.web import downloads
from tests.server.desk import KIB, Desk, give_role, noise
from tests.server.office import Office
from tests.server.test_links import code_of, make, opened

CHUNKS = [
    noise(size, seed)
    for seed, size in enumerate((700 * KIB, 900 * KIB, 1_200 * KIB, 3 * KIB, 2_000 * KIB), 40)
]
LARGE = b"".join(CHUNKS)


@pytest.fixture
def url(tmp_path) -> str:
    """One kind of database is enough for what is said of bytes."""
    return f"sqlite:///{tmp_path / 'server.db'}"


@pytest.fixture
def anna(office: Office) -> Desk:
    return Desk(office)


def save_large(desk: Desk, name: str = "large", parent: bytes | None = None) -> bytes:
    desk.send(*CHUNKS)
    [state] = desk.do(desk.put(name, *CHUNKS, parent=parent or desk.root))
    return state.node


def reader(office: Office, link: links.Opened) -> downloads.Reader:
    """Who reads through a link, as its pages do."""
    return downloads.Reader(link.maker, link.space, partial(links.require_still, office.server, link))


def joined(pieces: Iterable[Iterable[bytes | memoryview]]) -> bytes:
    return b"".join(bytes(data) for piece in pieces for data in piece)


def zipped(office: Office, desk: Desk, folder: bytes) -> ZipFile:
    link = opened(office, make(desk, folder))
    what = downloads.items(office.server, link.node)
    found = ZipFile(io.BytesIO(joined(downloads.packed(office.server, reader(office, link), what))))
    assert found.testzip() is None
    return found


# A file


@pytest.fixture(scope="module")
def bounds_of_chunks() -> list[int]:
    ends, at = [0], 0
    for chunk in CHUNKS:
        at += len(chunk)
        ends.append(at)
    return ends


@given(st.data())
@settings(suppress_health_check=list(HealthCheck), max_examples=20, deadline=None)
def test_a_part_is_that_part_of_the_file(office: Office, bounds_of_chunks: list[int], data: st.DataObject):
    anna = Desk(office)
    link = opened(office, make(anna, save_large(anna, data.draw(st.uuids()).hex)))
    place = st.one_of(
        st.integers(0, len(LARGE)),
        st.sampled_from(bounds_of_chunks),
        st.sampled_from(bounds_of_chunks).map(lambda at: max(at - 1, 0)),
    )
    start, end = sorted((data.draw(place), data.draw(place)))
    assert (
        joined(downloads.part(office.server, reader(office, link), link.node.rev, start, end))
        == LARGE[start:end]
    )


def test_only_the_chunks_of_a_part_are_read():
    chunks = [ChunkRef(bytes(32), MIB) for _ in range(100)]
    wants = list(downloads._wants(b"rev", chunks, 50 * MIB + 5, 50 * MIB + 6))
    assert wants == [(Want(b"rev", 50, 51), 50 * MIB)]
    wants = list(downloads._wants(b"rev", chunks, 0, 100 * MIB))
    assert [want.end - want.start for want, _ in wants] == [4] * 25


def test_an_empty_file_has_no_piece(office: Office, anna: Desk):
    link = opened(office, make(anna, anna.do(anna.put("empty"))[0].node))
    assert joined(downloads.part(office.server, reader(office, link), link.node.rev, 0, 0)) == b""


def test_a_version_that_was_replaced_meanwhile_is_fetched_to_its_end(
    office: Office, anna: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(downloads, "PIECE_BYTES", MIB)
    link = opened(office, make(anna, save_large(anna)))
    pieces = downloads.part(office.server, reader(office, link), link.node.rev, 0, len(LARGE))
    first = next(pieces)
    anna.do(anna.put(None, b"new", node=link.node.id, base_rev=link.node.rev), inline=(b"new",))
    assert joined([first, *pieces]) == LARGE


@pytest.mark.parametrize("loss", ["ended", "over", "may not read"])
def test_nothing_more_comes_once_a_link_opens_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch, loss: str
):
    monkeypatch.setattr(downloads, "PIECE_BYTES", MIB)
    team, clara = Desk(office, "boris", "Planning"), Desk(office, "clara")
    give_role(office, team.space, office.clara, Role.EDITOR)
    clara.space, clara.root, clara.epoch = team.space, team.root, team.epoch
    made = make(clara, save_large(team))
    link = opened(office, made)
    pieces = downloads.part(office.server, reader(office, link), link.node.rev, 0, len(LARGE))
    assert next(pieces)
    if loss == "ended":
        links.end(office.server, clara.caller, made.link)
    elif loss == "over":
        office.clock.now_ms = made.expires_ms
    else:
        give_role(office, team.space, office.clara, Role.UPLOADER)
    assert code_of(lambda: next(pieces)) is Code.NOT_FOUND


def test_what_others_have_used_up_does_not_end_what_has_begun(
    office: Office, anna: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(downloads, "PIECE_BYTES", MIB)
    made = make(anna, save_large(anna), downloads=1)
    link = opened(office, made)
    pieces = downloads.part(office.server, reader(office, link), link.node.rev, 0, len(LARGE))
    links.take_download(office.server, link, link.node.id)
    assert code_of(lambda: opened(office, made)) is Code.NOT_FOUND
    assert joined(pieces) == LARGE


# A folder


def test_a_zip_holds_what_lies_below_with_its_times_and_bits(office: Office, anna: Desk):
    [top] = anna.do(anna.mkdir("Plans"))
    [below, _] = anna.do(anna.mkdir("below", top.node), anna.mkdir("leer", top.node))
    anna.send(b"#!", b"small", b"other")
    anna.do(
        anna.put("tool.sh", b"#!", parent=top.node, exec=True, mtime_ns=1_795_000_000 * 10**9),
        anna.put("회의록.txt", b"small", parent=below.node, mtime_ns=-5 * 10**18),
        anna.put("none", parent=below.node, mtime_ns=9 * 10**18),
        anna.put("beside", b"other"),
    )
    save_large(anna, "large.bin", top.node)
    gone = anna.save("gone", b"gone", top.node)
    anna.do(anna.delete(gone))
    found = zipped(office, anna, top.node)
    assert {each.filename: each.file_size for each in found.infolist()} == {
        "below/": 0, "below/회의록.txt": 5, "below/none": 0, "leer/": 0, "tool.sh": 2, "large.bin": len(LARGE),
    }  # fmt: skip
    assert found.read("large.bin") == LARGE
    assert found.read("below/회의록.txt") == b"small"
    modes = {each.filename: each.external_attr >> 16 for each in found.infolist()}
    assert (modes["tool.sh"], modes["large.bin"], modes["leer/"]) == (0o100755, 0o100644, 0o040755)
    assert found.getinfo("leer/").is_dir()
    assert found.getinfo("tool.sh").date_time == (2026, 11, 18, 11, 6, 40)
    assert found.getinfo("below/회의록.txt").date_time == (1980, 1, 1, 0, 0, 0)
    assert found.getinfo("below/none").date_time == (2107, 12, 31, 23, 59, 58)


def test_a_zip_has_no_name_that_leads_elsewhere_or_stands_for_two(office: Office, anna: Desk):
    [top] = anna.do(anna.mkdir("f"))
    for name in ("..\\..\\evil.bat", "a:b", "a?b", "a_b", "gpj.\u202eexe", "dots...", "A_B (2)"):
        anna.save(name, name.encode(), top.node)
    found = zipped(office, anna, top.node)
    names = found.namelist()
    assert len({name.casefold() for name in names}) == len(names) == 7
    assert not any(sign in name for name in names for sign in '\\:*?"<>|\u202e')
    assert not any(name.endswith((".", " ")) for name in names)
    assert {found.read(name) for name in names} >= {b"..\\..\\evil.bat", b"a:b", b"a?b", b"a_b"}


def test_a_shared_folder_of_others_is_not_packed_along(office: Office, anna: Desk):
    team = Desk(office, space="Planning", caller=anna.caller)
    team.save("theirs", b"1")
    anna.save("mine", b"1")
    assert any(entry.state.kind is Kind.MOUNT for entry in anna.journal().entries)
    assert zipped(office, anna, anna.root).namelist() == ["mine"]


def test_a_file_is_whole_whoever_cut_it(office: Office, anna: Desk):
    """A desk that cuts a small file into more chunks than ours does cannot mix its content into another's."""
    [top] = anna.do(anna.mkdir("f"))
    pieces = [noise(1_000, seed) for seed in range(5)]
    anna.send(*pieces, b"before", b"behind")
    anna.do(
        anna.put("a", b"before", parent=top.node), anna.put("b", *pieces, parent=top.node),
        anna.put("c", parent=top.node), anna.put("d", b"behind", parent=top.node),
    )  # fmt: skip
    found = zipped(office, anna, top.node)
    assert [found.read(name) for name in "abcd"] == [b"before", b"".join(pieces), b"", b"behind"]


def test_too_much_for_a_zip_is_refused_before_anything_is_sent(office: Office, anna: Desk):
    office.server = msgspec.structs.replace(office.server, bounds=Bounds(link_files=20))
    [top] = anna.do(anna.mkdir("f"))
    anna.do(*(anna.put(f"{number:02}", parent=top.node) for number in range(20)))
    link = opened(office, make(anna, top.node))
    assert len(downloads.items(office.server, link.node)) == 20
    anna.do(anna.put("20", parent=top.node))
    assert code_of(lambda: downloads.items(office.server, link.node)) is Code.TOO_LARGE


def test_a_large_folder_is_packed_in_bounded_memory(office: Office, anna: Desk):
    """1,200 small files and a file of 200 MiB: what is held at once is a small part of it."""
    [top] = anna.do(anna.mkdir("f"))
    contents = [noise(500, seed) for seed in range(100)]
    anna.send(*contents)
    for start in range(0, 1_200, 400):
        anna.do(
            *(
                anna.put(f"{start + number:04}", contents[number % 100], parent=top.node)
                for number in range(400)
            )
        )
    chunk = noise(2 * MIB, 7)
    anna.send(chunk)
    anna.do(anna.put("large", *([chunk] * 100), parent=top.node))
    link = opened(office, make(anna, top.node))
    size = 0
    tracemalloc.start()
    try:
        what = downloads.items(office.server, link.node)
        for piece in downloads.packed(office.server, reader(office, link), what):
            size += sum(map(len, piece))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 200 * MIB
    assert peak < downloads.MEMORY_BYTES + 1_201 * downloads.ENTRY_BYTES + 10 * MIB
