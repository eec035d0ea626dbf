"""Nothing of a place of updates is believed that was not signed, and nothing that is older than what was seen."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from tuf.api.metadata import Metadata, TargetFile

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.updates import trust
from govsync.updates.trust import Answer, Place
from tests.updates.place import Operator, fetch, named, seen

CONTENT = bytes(range(256)) * 1000


def refused(work) -> str:
    with pytest.raises(Failure) as raised:
        work()
    assert raised.value.code is Code.UPDATE_REFUSED
    return raised.value.facts["what"]


def versions(place: Place, channel: str = "broad") -> list[str]:
    return [each.version for each in place.releases(channel)]


def changed(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def test_what_is_published_is_seen_and_comes_as_it_was(operator: Operator, tmp_path):
    assert versions(seen(operator, tmp_path / "desk")) == []
    operator.publish("0.2.0.dev5+gabc", CONTENT)
    operator.publish("0.3.0", b"for the first", channel="pilot")
    place = seen(operator, tmp_path / "desk")
    assert versions(place) == ["0.2.0.dev5+gabc"]
    assert versions(place, "pilot") == ["0.3.0"]
    file = place.file("broad", place.releases("broad")[0])
    assert (file.name, file.read_bytes()) == (named("0.2.0.dev5+gabc"), CONTENT)
    asked = len(operator.mirror.asked)
    assert place.file("broad", place.releases("broad")[0]) == file
    assert not any(path.endswith(".deb") for path, _ in operator.mirror.asked[asked:])


def test_what_is_withdrawn_is_offered_no_more(operator: Operator, tmp_path):
    operator.publish("0.2.0")
    operator.repository().withdraw("broad", "0.2.0")
    assert versions(seen(operator, tmp_path / "desk")) == []


def test_a_file_of_other_bytes_is_refused_and_nothing_of_it_is_left(operator: Operator, tmp_path):
    changed(operator.publish("0.2.0", CONTENT))
    place = seen(operator, tmp_path / "desk")
    (release,) = place.releases("broad")
    assert refused(lambda: place.file("broad", release)) == "content"
    assert [file for file in (tmp_path / "desk").iterdir() if file.is_file()] == []


def test_a_file_with_more_after_it_is_refused(operator: Operator, tmp_path):
    stored = operator.publish("0.2.0", CONTENT)
    stored.write_bytes(CONTENT + b"more")
    place = seen(operator, tmp_path / "desk")
    assert refused(lambda: place.file("broad", place.releases("broad")[0])) == "content"


def test_a_list_of_other_bytes_is_refused(operator: Operator, tmp_path):
    operator.publish("0.2.0")
    for file in (operator.folder / "targets" / "broad").glob("*.releases.json"):
        changed(file)
    place = seen(operator, tmp_path / "desk")
    assert refused(lambda: place.releases("broad")) == "content"


def test_a_list_of_more_than_any_needs_is_not_fetched(operator: Operator, tmp_path, monkeypatch):
    operator.publish("0.2.0")
    place = seen(operator, tmp_path / "desk")
    monkeypatch.setattr(trust, "LIST_BYTES", 10)
    assert refused(lambda: place.releases("broad")) == "list"
    assert not any(path.endswith("releases.json") for path, _ in operator.mirror.asked)


@contextmanager
def without_end(url: str, start_bytes: int) -> Iterator[Answer]:
    """As a mirror that goes on after what was signed: whoever reads on fills memory or disk."""

    def more(pieces: Iterator[bytes]) -> Iterator[bytes]:
        yield from pieces
        yield b"more"
        pytest.fail("more was read than was signed")

    with fetch(url, start_bytes) as answer:
        yield Answer(answer.begins, more(answer.pieces) if "/targets/" in url else answer.pieces)


def test_a_mirror_that_never_ends_is_left_at_the_first_byte_too_many(operator: Operator, tmp_path):
    operator.publish("0.2.0", CONTENT)
    (release,) = seen(operator, tmp_path / "desk").releases("broad")
    place = Place(tmp_path / "desk", operator.mirror.url, operator.root, without_end)
    assert refused(lambda: place.releases("broad")) == "content"
    assert place.file("broad", release).read_bytes() == CONTENT


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets", "broad"])
def test_a_signed_statement_of_other_bytes_is_refused(operator: Operator, tmp_path, role):
    """Its words, not its layout: the version that it speaks of."""
    operator.publish("0.2.0")
    for file in (operator.folder / "metadata").glob(f"*{role}.json"):
        text = file.read_bytes()
        assert b'"spec_version":"1.0' in text
        file.write_bytes(text.replace(b'"spec_version":"1.0', b'"spec_version": "1.1'))
    assert refused(lambda: seen(operator, tmp_path / "desk").releases("broad")) in ("content", "malformed")


def test_another_root_of_trust_leads_nowhere(operator: Operator, tmp_path):
    other = Operator(tmp_path / "other")
    other.mirror.close()
    operator.publish("0.2.0")
    place = Place(tmp_path / "desk", operator.mirror.url, other.root, fetch)
    assert refused(lambda: place.releases("broad")) == "content"


def test_what_is_no_root_of_trust_is_refused(operator: Operator, tmp_path):
    assert refused(lambda: Place(tmp_path / "desk", operator.mirror.url, b"{}", fetch)) == "malformed"


def test_an_older_state_than_was_seen_is_refused(operator: Operator, tmp_path):
    operator.publish("0.2.0")
    shutil.copytree(operator.folder, tmp_path / "before")
    operator.repository().withdraw("broad", "0.2.0")
    assert versions(seen(operator, tmp_path / "desk")) == []
    operator.mirror.folder = tmp_path / "before"
    assert refused(lambda: seen(operator, tmp_path / "desk").releases("broad")) == "older"


def test_a_state_past_its_date_is_refused(tmp_path):
    operator = Operator(tmp_path / "operator", began_days_ago=15)
    operator.publish("0.2.0")
    assert refused(lambda: seen(operator, tmp_path / "desk").releases("broad")) == "expired"
    operator.now += timedelta(days=15)
    assert operator.repository(tmp_path / "operator" / "online").renew() == ["snapshot", "timestamp"]
    assert versions(seen(operator, tmp_path / "desk")) == ["0.2.0"]
    operator.mirror.close()


def test_the_key_of_one_channel_says_nothing_in_the_other(operator: Operator, tmp_path):
    stored = operator.publish("0.2.0", channel="pilot")
    repository = operator.repository()
    metadata = repository._newest("pilot")
    path = f"broad/{named('0.2.0')}"
    metadata.signed.targets[path] = TargetFile.from_file(path, str(stored), ["sha256"])
    repository._write("pilot", metadata)
    repository._say_newest(("pilot",), repository._newest("snapshot"), repository._timestamp())
    place = seen(operator, tmp_path / "desk")
    (release,) = place.releases("pilot")
    assert place.file("pilot", release).read_bytes() == b"a package"
    assert refused(lambda: place.file("broad", release)) == "absent"


def test_a_root_that_was_signed_anew_is_followed(operator: Operator, tmp_path):
    assert versions(seen(operator, tmp_path / "desk")) == []
    operator.repository().renew()
    operator.publish("0.2.0")
    assert Metadata.from_file(str(operator.folder / "metadata" / "2.root.json")).signed.version == 2
    assert versions(seen(operator, tmp_path / "desk")) == ["0.2.0"]


def test_a_download_that_ended_goes_on_where_it_ended(operator: Operator, tmp_path):
    operator.publish("0.2.0", CONTENT)
    place = seen(operator, tmp_path / "desk")
    (release,) = place.releases("broad")
    operator.mirror.cut_bytes = 100_000
    for _ in range(2):
        with pytest.raises(Failure) as raised:
            place.file("broad", release)
        assert raised.value.code is Code.OFFLINE
    operator.mirror.cut_bytes = 0
    assert place.file("broad", release).read_bytes() == CONTENT
    asked = [begins for path, begins in operator.mirror.asked if path.endswith(".deb")]
    assert asked == [None, "bytes=100000-", "bytes=200000-"]


def test_a_mirror_that_ends_too_soon_without_a_word_is_asked_for_the_rest(operator: Operator, tmp_path):
    """As behind a proxy that says the length of what it has."""

    @contextmanager
    def half(url: str, start_bytes: int) -> Iterator[Answer]:
        with fetch(url, start_bytes) as answer:
            first = [next(answer.pieces)[:1000]]
            yield Answer(
                answer.begins, iter(first) if url.endswith(".deb") else iter([*first, *answer.pieces])
            )

    operator.publish("0.2.0", CONTENT)
    (release,) = seen(operator, tmp_path / "desk").releases("broad")
    place = Place(tmp_path / "desk", operator.mirror.url, operator.root, half)
    with pytest.raises(Failure) as raised:
        place.file("broad", release)
    assert raised.value.code is Code.OFFLINE
    assert seen(operator, tmp_path / "desk").file("broad", release).read_bytes() == CONTENT
    assert [begins for path, begins in operator.mirror.asked if path.endswith(".deb")] == [
        None,
        "bytes=1000-",
    ]


def test_a_mirror_that_begins_at_the_beginning_is_borne_with(operator: Operator, tmp_path):
    operator.publish("0.2.0", CONTENT)
    place = seen(operator, tmp_path / "desk")
    (release,) = place.releases("broad")
    operator.mirror.cut_bytes, operator.mirror.ranges = 100_000, False
    with pytest.raises(Failure):
        place.file("broad", release)
    operator.mirror.cut_bytes = 0
    assert place.file("broad", release).read_bytes() == CONTENT


def test_what_was_damaged_on_the_own_disk_is_fetched_again(operator: Operator, tmp_path):
    operator.publish("0.2.0", CONTENT)
    place = seen(operator, tmp_path / "desk")
    (release,) = place.releases("broad")
    changed(place.file("broad", release))
    assert place.file("broad", release).read_bytes() == CONTENT


def test_one_version_is_kept_at_a_time(operator: Operator, tmp_path):
    operator.publish("0.2.0", CONTENT)
    place = seen(operator, tmp_path / "desk")
    place.file("broad", place.releases("broad")[0])
    operator.publish("0.3.0", CONTENT)
    place = seen(operator, tmp_path / "desk")
    newer = place.file("broad", place.releases("broad")[1])
    assert [file for file in (tmp_path / "desk").iterdir() if file.is_file()] == [newer]


def test_a_place_that_does_not_answer_is_offline(operator: Operator, tmp_path):
    operator.mirror.close()
    with pytest.raises(Failure) as raised:
        seen(operator, tmp_path / "desk").releases("broad")
    assert raised.value.code is Code.OFFLINE


def test_a_disk_that_cannot_keep_what_was_seen_is_told_as_one(operator: Operator, tmp_path):
    (tmp_path / "desk" / "metadata").mkdir(parents=True)
    (tmp_path / "desk" / "metadata" / "root_history").touch()
    with pytest.raises(Failure) as raised:
        seen(operator, tmp_path / "desk")
    assert raised.value.code is Code.EXISTS
