"""A place of updates as files: `metadata`, which is signed, and `targets`, which that names by their sums.

Two channels, each a role of its own that the role `targets` delegates its folder to; what one offers stands in its signed list. No
file is ever changed but `timestamp.json`, which is written last: a mirror that is copied in the middle of it is of one piece.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from securesystemslib.signer import Key
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from govsync.updates.releases import LIST
from govsync.updates.versions import order
from updates.keys import Keys

CHANNELS = ("pilot", "broad")
DAYS = {"root": 730, "targets": 365, "pilot": 365, "broad": 365, "snapshot": 365, "timestamp": 14}
"""How long each is valid. The timestamp's are the days after which a desk notices that it is shown nothing new any more."""
_FORMS = (
    ("deb", re.compile(r"govsync_(?P<version>[^_]+)_(?P<machine>[a-z0-9]+)\.deb")),
    ("rpm", re.compile(r"govsync-(?P<version>[^-]+)-\d+\.(?P<machine>[a-z0-9_]+)\.rpm")),
    ("msi", re.compile(r"GovSync-(?P<version>[^-]+)-(?P<machine>x64)\.msi")),
    ("msi-person", re.compile(r"GovSync-(?P<version>[^-]+)-(?P<machine>x64)-person\.msi")),
)
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "x64": "x86_64"}


class Refused(Exception):
    """Something cannot be published, and why."""


class Repository:
    """A place of updates; `now` is the moment from which what is signed is valid for its days."""

    def __init__(self, folder: Path, keys: Keys, now: datetime) -> None:
        self._folder, self._keys, self._now = folder, keys, now
        self._metadata = folder / "metadata"

    def begin(self, public: Mapping[str, Key]) -> Path:
        """Makes an empty place that trusts these keys; answers its root of trust, which desks are given."""
        if self._metadata.exists():
            raise Refused(f"{self._metadata} is there already")
        self._metadata.mkdir(parents=True)
        root = Root(consistent_snapshot=True)
        for role in ("root", "targets", "snapshot", "timestamp"):
            root.add_key(public[role], role)
        targets = Targets()
        roles = {each: DelegatedRole(each, [], 1, terminating=True, paths=[f"{each}/*"]) for each in CHANNELS}
        targets.delegations = Delegations(keys={}, roles=roles)
        for each in CHANNELS:
            targets.add_key(public[each], each)
        signed = {"root": root, "targets": targets, **{each: Targets() for each in CHANNELS}}
        for role, said in signed.items():
            self._write(role, _unwritten(said))
        for channel in CHANNELS:
            self._list(channel, [])
        self._say_newest(("targets", *CHANNELS), _unwritten(Snapshot()), _unwritten(Timestamp()))
        return self._metadata / "1.root.json"

    def add(self, channel: str, files: Sequence[Path], version: str | None = None) -> None:
        """Offers files in a channel, from this moment on; raises Refused for what is in it already, or is no package of ours."""
        offered = self.offered(channel)
        for file in files:
            said, kind = release_of(file.name)
            if any((each["kind"], each["version"]) == (kind, version or said) for each in offered):
                raise Refused(f"{channel} offers {version or said} for {kind} already")
            offered.append(
                {
                    "version": version or said,
                    "kind": kind,
                    "file": file.name,
                    "published_ms": int(self._now.timestamp() * 1000),
                }
            )
        self._change(channel, offered, files)

    def withdraw(self, channel: str, version: str) -> None:
        """Offers a version no more; who has it keeps it, since no desk goes back. Raises Refused where it is not offered."""
        offered = self.offered(channel)
        left = [each for each in offered if each["version"] != version]
        if left == offered:
            raise Refused(f"{channel} does not offer {version}")
        self._change(channel, left, ())

    def renew(self) -> list[str]:
        """Signs anew, for their days from now on, what keys are at hand for; answers which roles those are."""
        renewed = [role for role in ("root", "targets", *CHANNELS) if self._keys.has(role)]
        for role in renewed:
            self._write(role, self._newest(role))
        snapshot, timestamp = self._newest("snapshot"), self._timestamp()
        changed = [role for role in renewed if role != "root"]
        if changed or self._keys.has("snapshot"):
            self._say_newest(changed, snapshot, timestamp)
            return [*renewed, "snapshot", "timestamp"]
        self._write("timestamp", timestamp)
        return [*renewed, "timestamp"]

    def offered(self, channel: str) -> list[dict[str, object]]:
        """Answers what a channel offers."""
        target = self._newest(channel).signed.targets[f"{channel}/{LIST}"]
        file = self._folder / "targets" / channel / f"{target.hashes['sha256']}.{LIST}"
        return json.loads(file.read_bytes())["releases"]

    def _change(self, channel: str, offered: list[dict[str, object]], files: Sequence[Path]) -> None:
        for file in files:
            self._target(channel, file.name, file)
        self._list(channel, offered, files)
        self._say_newest((channel,), self._newest("snapshot"), self._timestamp())

    def _list(self, channel: str, offered: list[dict[str, object]], files: Sequence[Path] = ()) -> None:
        """Signs for a channel that it offers these releases, and that new files are as they are here."""
        text = json.dumps({"releases": offered}, indent=1, sort_keys=True).encode()
        made = self._folder / "targets" / channel / f".{LIST}"
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_bytes(text)
        metadata = self._newest(channel)
        names = {str(each["file"]) for each in offered} | {LIST}
        kept = metadata.signed.targets.items()
        metadata.signed.targets = {path: target for path, target in kept if path.rpartition("/")[2] in names}
        for file, name in [*((file, file.name) for file in files), (made, LIST)]:
            path = f"{channel}/{name}"
            metadata.signed.targets[path] = TargetFile.from_file(path, str(file), ["sha256"])
        self._target(channel, LIST, made)
        made.unlink()
        self._write(channel, metadata)

    def _target(self, channel: str, name: str, file: Path) -> None:
        with file.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
        target = self._folder / "targets" / channel / f"{found}.{name}"
        if not target.exists():
            beside = target.with_name(f".{name}.new")
            shutil.copyfile(file, beside)
            beside.rename(target)

    def _say_newest(
        self, changed: Sequence[str], snapshot: Metadata[Snapshot], timestamp: Metadata[Timestamp]
    ) -> None:
        """Signs which of each list is the newest one; with the timestamp, desks see it."""
        for role in changed:
            snapshot.signed.meta[f"{role}.json"] = MetaFile(self._newest(role).signed.version)
        self._write("snapshot", snapshot)
        timestamp.signed.snapshot_meta = MetaFile(snapshot.signed.version)
        self._write("timestamp", timestamp)

    def _write(self, role: str, metadata: Metadata) -> None:
        metadata.signed.version += 1
        metadata.signed.expires = self._now.replace(microsecond=0) + timedelta(days=DAYS[role])
        metadata.sign(self._keys.of(role))
        name = "timestamp.json" if role == "timestamp" else f"{metadata.signed.version}.{role}.json"
        beside = self._metadata / f".{name}.new"
        metadata.to_file(str(beside))
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.rename(self._metadata / name)

    def _newest(self, role: str) -> Metadata:
        numbered = {int(file.name.split(".")[0]): file for file in self._metadata.glob(f"[0-9]*.{role}.json")}
        return Metadata.from_file(str(numbered[max(numbered)]))

    def _timestamp(self) -> Metadata[Timestamp]:
        return Metadata.from_file(str(self._metadata / "timestamp.json"))


def _unwritten(signed: Root | Timestamp | Snapshot | Targets) -> Metadata:
    """Answers a statement whose first version is still to be written."""
    signed.version = 0
    return Metadata(signed)


def release_of(name: str) -> tuple[str, str]:
    """Answers the version of a package, as `govsync --version` says it, and its kind, as in deb-x86_64; raises Refused."""
    for kind, form in _FORMS:
        found = form.fullmatch(name)
        if found is not None:
            version = found["version"].replace("~dev", ".dev")
            try:
                order(version)
            except ValueError as error:
                raise Refused(f"{name}: {version} is no version of ours") from error
            return version, f"{kind}-{_MACHINES.get(found['machine'], found['machine'])}"
    raise Refused(f"{name} is no package of a desk; the name says version and machine")
