"""Objects in an S3-compatible store, through obstore; the only module that knows it.

`s3://BUCKET/PREFIX?endpoint=URL&region=NAME`; credentials come from the environment, as everywhere with S3. An object is
made with put-if-absent, so two replicas never write over each other.
"""

from collections.abc import Iterable, Iterator
from urllib.parse import parse_qs, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import S3Store

from govsync.model.codes import Code
from govsync.model.problems import Failure

_IDENTITY = "store-id"


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
            client_options={"allow_http": bool(endpoint and endpoint.startswith("http://"))},
        )

    def put_new(self, key: str, pieces: Iterable[bytes | memoryview]) -> None:
        """As `Blobs.put_new`."""
        try:
            obstore.put(self._store, key, b"".join(pieces), mode="create")
        except AlreadyExistsError:
            return
        except BaseError as error:
            raise Failure(Code.STORE_UNAVAILABLE, what=type(error).__name__) from error

    def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        """As `Blobs.get_range`."""
        try:
            data = bytes(obstore.get_range(self._store, key, start=offset, length=size_bytes))
        except NotFoundError as error:
            raise Failure(Code.CHUNK_LOST) from error
        except BaseError as error:
            raise Failure(Code.STORE_UNAVAILABLE, what=type(error).__name__) from error
        if len(data) < size_bytes:
            raise Failure(Code.CHUNK_LOST, what="short")
        return data

    def size(self, key: str) -> int | None:
        """As `Blobs.size`."""
        try:
            return int(obstore.head(self._store, key)["size"])
        except NotFoundError:
            return None
        except BaseError as error:
            raise Failure(Code.STORE_UNAVAILABLE, what=type(error).__name__) from error

    def delete(self, key: str) -> None:
        """As `Blobs.delete`."""
        try:
            obstore.delete(self._store, key)
        except NotFoundError:
            return
        except BaseError as error:
            raise Failure(Code.STORE_UNAVAILABLE, what=type(error).__name__) from error

    def list(self) -> Iterator[tuple[str, int]]:
        """As `Blobs.list`."""
        try:
            found = [
                (str(each["path"]), int(each["size"])) for page in obstore.list(self._store) for each in page
            ]
        except BaseError as error:
            raise Failure(Code.STORE_UNAVAILABLE, what=type(error).__name__) from error
        yield from sorted((key, size) for key, size in found if key != _IDENTITY)

    def identity(self) -> str | None:
        """As `Blobs.identity`."""
        try:
            return bytes(obstore.get(self._store, _IDENTITY).bytes()).decode()
        except NotFoundError:
            return None
        except BaseError as error:
            raise Failure(Code.STORE_UNAVAILABLE, what=type(error).__name__) from error

    def establish(self, identity: str) -> None:
        """As `Blobs.establish`."""
        self.put_new(_IDENTITY, [identity.encode()])
