"""What one server process takes in: `python -m bench.commits` (commits of one small file each, to 64 spaces at once).

One raw connection a space, each with one commit under way: the next goes when the last is answered, so the waiting of all
the others is in each one's time. Requests are made before; the clock sees the server and the line. Printed are commits a
second, how long one took (p50, p99), and the server's processor seconds.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from govsync.content.chunks import SCHEME
from govsync.content.manifests import encode, manifest_of
from govsync.model.ids import to_text, uuid7
from govsync.model.operations import Put
from govsync.protocol import wire
from govsync.protocol.commits import Commit, CommitAnswer, Done
from govsync.protocol.session import DeviceInfo, SignIn, SpaceInfo, Spaces, SpacesAsked, Tokens
from govsync.server import accounts, directory
from govsync.server.app import Options, open_server

PASSWORD = "bench"
FILE_BYTES = 1024


def _people(data: Path, count: int) -> None:
    server = open_server(Options(data=data))
    with server.database.begin() as tx:
        directory.add_organisation(server, tx, "Ministry")
        for number in range(count):
            user = directory.add_user(server, tx, f"person{number}", f"Person {number}", "Ministry")
            accounts.set_password(server, tx, user, PASSWORD)
    server.database.close()


def _new_id() -> bytes:
    return uuid7(time.time_ns() // 1_000_000, os.urandom(10))


def _signed_in(address: str, number: int) -> tuple[str, SpaceInfo]:
    """Answers an access token of a person, and the person's own space."""
    url = address + wire.PREFIX
    device = DeviceInfo(id=_new_id(), name="desk", machine="bench")
    headers = {"Content-Type": wire.JSON}
    asked = wire.encode_json(SignIn(login=f"person{number}", password=PASSWORD, device=device))
    answer = httpx.post(f"{url}/sessions", content=asked, headers=headers, timeout=60).raise_for_status()
    token = wire.decode_json(answer.content, Tokens).access
    headers["Authorization"] = f"Bearer {token}"
    asked = wire.encode_json(SpacesAsked(have=()))
    answer = httpx.post(f"{url}/me/spaces", content=asked, headers=headers, timeout=60).raise_for_status()
    return token, wire.decode_json(answer.content, Spaces).spaces[0]


def _request(token: str, space: SpaceInfo, number: int) -> bytes:
    """Writes a whole request: a new file of random bytes at the top of a space, its content beside it."""
    content = os.urandom(FILE_BYTES)
    manifest = manifest_of((content,))
    put = Put(
        key=_new_id(), node=_new_id(), parent=space.root, name=f"{number}.bin", hash=manifest.content_hash,
        size_bytes=FILE_BYTES, scheme=SCHEME, mtime_ns=time.time_ns(), manifest=encode(manifest),
    )  # fmt: skip
    commit = Commit(epoch=space.epoch, operations=(put,))
    body = b"".join(wire.encode_framed(commit, [(manifest.chunks[0].hash, content)]))
    head = (
        f"POST {wire.PREFIX}/spaces/{to_text(space.id)}/commits HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: {wire.FRAMES}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _one_after_the_other(port: int, requests: Sequence[bytes]) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times = []
    for request in requests:
        start = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        size_bytes = int(head.split("content-length:")[1].split("\r\n")[0])
        body = await reader.readexactly(size_bytes)
        times.append(time.perf_counter() - start)
        assert head.startswith("http/1.1 200 "), (head, body)
        answer, _ = wire.decode_framed([body], CommitAnswer, len(body))
        assert all(isinstance(outcome, Done) for outcome in answer.outcomes), answer
    writer.close()
    return times


async def _all_at_once(port: int, requests: Sequence[Sequence[bytes]]) -> list[float]:
    found = await asyncio.gather(*(_one_after_the_other(port, each) for each in requests))
    return sorted(duration for times in found for duration in times)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Commits, and prints what it took."""
    parser = argparse.ArgumentParser(prog="python -m bench.commits", description=__doc__)
    parser.add_argument("--spaces", type=int, default=64)
    parser.add_argument("--commits", type=int, default=100, help="to each space")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="govsync-bench-") as folder:
        _people(Path(folder), options.spaces)
        command = [sys.executable, "-m", "govsync.cli.main", "serve", "--data", folder, "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1]
            people = [_signed_in(address, number) for number in range(options.spaces)]
            requests = [
                [_request(token, space, number) for number in range(options.commits)]
                for token, space in people
            ]
            cpu, start = _cpu_s(process.pid), time.perf_counter()
            times = asyncio.run(_all_at_once(int(address.rsplit(":", 1)[1]), requests))
            took = time.perf_counter() - start
            print(f"{len(times) / took:,.0f} commits/s to {options.spaces} spaces, one under way to each")
            print(
                f"p50 {times[len(times) // 2] * 1e3:.1f} ms, p99 {times[int(len(times) * 0.99)] * 1e3:.1f} ms"
            )
            print(
                f"{(_cpu_s(process.pid) - cpu) / len(times) * 1e3:.2f} ms CPU of the server each", flush=True
            )
            process.terminate()


if __name__ == "__main__":
    main()
