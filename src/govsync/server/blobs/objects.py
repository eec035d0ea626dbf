"""Objects in an S3-compatible store, through obstore; the only module that knows it.

`s3://BUCKET/PREFIX?endpoint=URL&region=NAME`; credentials come from the environment, as everywhere with S3. An object is
put only if its key is free (If-None-Match), in one request, so two replicas never write over each other and nothing half
is ever visible.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server.blobs.interface import MARK, Stored

T = TypeVar("T")
# A call waits inside a thread that others want too: better a plain "unavailable", which every desk asks again after.
_CONNECT, _ANSWER, _ALL_TRIES = timedelta(seconds=5), timedelta(seconds=60), timedelta(seconds=90)
_TRIES = 3


class ObjectBlobs:
    """Objects below a prefix of a bucket."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        options = {name: values[0] for name, values in parse_qs(parts.query).items()}
        endpoint = options.get("endpoint")
        self._store = S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            region=options.get("region", "us-east-1"),
            endpoint=endpoint,
            virtual_hosted_style_request=False,
            client_options={
                "allow_http": bool(endpoint and endpoint.startswith("http://")),
                "connect_timeout": _CONNECT,
                "timeout": _ANSWER,
            },
            retry_config={"max_retries": _TRIES, "retry_timeout": _ALL_TRIES},
        )

    def put_new(self, key: str, pieces: Iterable[bytes | memoryview]) -> None:
        """As `Blobs.put_new`."""
        try:
            obstore.put(self._store, key, iter(pieces), mode="create", use_multipart=False)
        except AlreadyExistsError:
            return
        except (
            FileNotFoundError,
            BaseError,
        ) as error:  # "Not there" speaks of the bucket: nothing was stored.
            raise Failure(Code.STORE_UNAVAILABLE, what=type(error).__name__) from error

    def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        """As `Blobs.get_range`."""
        # The store refuses a range that begins behind the end in a way that cannot be told from other trouble.
        size = self.size(key) if offset else None
        if size is not None and offset >= size:
            raise Failure(Code.CHUNK_LOST, what="short")
        data = _call(lambda: bytes(obstore.get_range(self._store, key, start=offset, length=size_bytes)))
        if data is None or len(data) < size_bytes:
            raise Failure(Code.CHUNK_LOST)
        return data

    def size(self, key: str) -> int | None:
        """As `Blobs.size`."""
        return _call(lambda: int(obstore.head(self._store, key)["size"]))

    def delete(self, key: str) -> None:
        """As `Blobs.delete`."""
        _call(lambda: obstore.delete(self._store, key))

    def list(self) -> Iterator[Stored]:
        """As `Blobs.list`."""
        pages = obstore.list(self._store)  # In order of key: the protocol says so (ListObjectsV2).
        while page := _call(lambda: next(pages, None)):
            for each in page:
                if each["path"] != MARK:
                    modified_ms = int(each["last_modified"].timestamp() * 1000)
                    yield Stored(str(each["path"]), int(each["size"]), modified_ms)

    def identity(self) -> str | None:
        """As `Blobs.identity`."""
        return _call(lambda: bytes(obstore.get(self._store, MARK).bytes()).decode())

    def establish(self, identity: str) -> None:
        """As `Blobs.establish`."""
        self.put_new(MARK, [identity.encode()])


def _call(request: Callable[[], T]) -> T | None:
    """Answers what the store answers, None for "not there"; raises Failure(store_unavailable) for anything else."""
    try:
        return request()
    except FileNotFoundError:
        return None
    except BaseError as error:
        raise Failure(Code.STORE_UNAVAILABLE, what=type(error).__name__) from error
