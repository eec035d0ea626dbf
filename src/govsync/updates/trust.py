"""A place of updates, of which only what is signed is believed: The Update Framework's client, and a download that goes on
where it ended.

Source: the specification of TUF (1.0), of which `tuf.ngclient` carries out section 5: an older list than was seen, one past its
date, and one that the root of trust does not lead to are refused. The only module that knows tuf, which is loaded when it is
asked: most desks never do.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from govsync.model.codes import Code
from govsync.model.documents import from_json
from govsync.model.problems import MALFORMED, Failure
from govsync.system.durable import flush, private_folder
from govsync.system.failures import attempt
from govsync.updates.releases import LIST, Release, Releases

if TYPE_CHECKING:
    from tuf.api.metadata import TargetFile
    from tuf.ngclient.fetcher import FetcherInterface
    from tuf.ngclient.updater import Updater

METADATA, TARGETS = "metadata", "targets"
LIST_BYTES = 1 << 20
"""The most that a list may have."""
_ABSENT = (403, 404)

_log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """What a place answers: where in the file its bytes begin, and these."""

    begins: int
    pieces: Iterator[bytes]


Fetch = Callable[[str, int], AbstractContextManager[Answer]]
"""Asks an address for its file from a byte on; raises Failure(not_found) with `status`, or another where there is no answer."""


class Place:
    """One place of updates, as a desk that has `root` trusts it. `folder` keeps what was seen: without it an older list
    could not be told from a newer one."""

    def __init__(self, folder: Path, url: str, root: bytes, fetch: Fetch) -> None:
        self._folder, self._url, self._fetch = folder, url.rstrip("/"), fetch
        private_folder(folder)
        with _judged():
            self._client = self._new_client(root)

    def releases(self, channel: str) -> tuple[Release, ...]:
        """Answers what a channel offers now; raises Failure(update_refused, offline, ...)."""
        with _judged():
            target = self._target(f"{channel}/{LIST}")
            if target.length > LIST_BYTES:
                raise _refused("list")
            data = bytearray()
            with self._fetch(self._address(target), 0) as answer:
                for piece in answer.pieces:
                    data += piece
                    if len(data) > target.length:
                        raise _refused("content")
            target.verify_length_and_hashes(bytes(data))
            try:
                return from_json(bytes(data), Releases).releases
            except MALFORMED as error:
                raise _refused("list") from error

    def file(self, channel: str, release: Release) -> Path:
        """Answers the file of a release, whole and as it was signed; what an earlier try has brought is not fetched again.

        Raises Failure(update_refused) for other bytes, of which nothing is left, and Failure(offline, disk_full, ...) where
        the rest is still to come."""
        with _judged():
            target = self._target(f"{channel}/{release.file}")
            whole = self._folder / release.file
            if whole.exists() and _is(target, whole):
                return whole
            part = self._folder / f"{_sum(target)}.part"
            self._forget(keep=part)
            self._bring(target, part)
            if not _is(target, part):
                part.unlink()
                raise _refused("content")
            return part.rename(whole)

    def _bring(self, target: "TargetFile", part: Path) -> None:
        have = part.stat().st_size if part.exists() else 0
        if have >= target.length:
            return
        with self._fetch(self._address(target), have) as answer, part.open("ab") as file:
            file.truncate(answer.begins)
            size = answer.begins
            for piece in answer.pieces:
                size += len(piece)
                if size > target.length:
                    break  # More than was signed: the sum will say so.
                file.write(piece)
            else:
                if size < target.length:
                    raise Failure(Code.OFFLINE)
            flush(file)

    def _forget(self, keep: Path) -> None:
        """Removes files of other versions: one is enough, and nobody asks for those again."""
        for file in self._folder.iterdir():
            if file != keep and file.is_file():
                file.unlink()

    def _target(self, path: str) -> "TargetFile":
        target = self._client.get_targetinfo(path)
        if target is None:
            raise _refused("absent")
        return target

    def _address(self, target: "TargetFile") -> str:
        folder, _, name = target.path.rpartition("/")
        return f"{self._url}/{TARGETS}/{folder}/{_sum(target)}.{name}"

    def _new_client(self, root: bytes) -> "Updater":
        from tuf.ngclient.updater import Updater

        folder = self._folder / METADATA
        private_folder(folder)
        return Updater(str(folder), f"{self._url}/{METADATA}/", fetcher=_fetcher(self._fetch), bootstrap=root)


def _fetcher(fetch: Fetch) -> "FetcherInterface":
    """Answers the way by which the framework fetches: ours, so that proxy, certificates and limits are those of all else."""
    from tuf.api.exceptions import DownloadHTTPError
    from tuf.ngclient.fetcher import FetcherInterface

    class Ours(FetcherInterface):
        def _fetch(self, url: str) -> Iterator[bytes]:
            try:
                with fetch(url, 0) as answer:
                    yield from answer.pieces
            except Failure as failure:
                status = failure.facts.get("status")
                if failure.code is Code.NOT_FOUND and status in _ABSENT:
                    raise DownloadHTTPError(url, int(status)) from failure
                raise

    return Ours()


@contextmanager
def _judged() -> Iterator[None]:
    """Says of what the framework refuses, why, in our words; and what the disk says, on which it keeps what it has seen."""
    from tuf.api import exceptions

    try:
        with attempt("update"):
            yield
    except exceptions.ExpiredMetadataError as error:
        raise _refused("expired") from error
    except exceptions.BadVersionNumberError as error:
        raise _refused("older") from error
    except (exceptions.UnsignedMetadataError, exceptions.LengthOrHashMismatchError) as error:
        _log.warning("updates: %s", error)
        raise _refused("content") from error
    except exceptions.RepositoryError as error:
        _log.warning("updates: %s", error)
        raise _refused("malformed") from error
    except exceptions.DownloadLengthMismatchError as error:
        raise _refused("content") from error
    except exceptions.DownloadError as error:
        raise Failure(Code.OFFLINE) from error


def _is(target: "TargetFile", path: Path) -> bool:
    """Says whether a file has the bytes that were signed."""
    from tuf.api.exceptions import LengthOrHashMismatchError

    with path.open("rb") as file:
        try:
            target.verify_length_and_hashes(file)
        except LengthOrHashMismatchError:
            return False
    return True


def _sum(target: "TargetFile") -> str:
    if "sha256" not in target.hashes:
        raise _refused("malformed")
    return target.hashes["sha256"]


def _refused(what: str) -> Failure:
    return Failure(Code.UPDATE_REFUSED, what=what)
