"""What desks cost that do nothing but listen: `python -m bench.streams --streams 10000` (Linux; needs as many open files).

One server process, one raw connection a desk, a hundred people in one division. Printed are the memory that each stream
adds, what opening one costs, and what one beat (every 20 s) of all of them costs.
"""

import argparse
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from govsync.protocol.session import DeviceInfo, SignIn
from govsync.server import accounts, directory
from govsync.server.app import Options, open_server
from govsync.server.events import BEAT_S

PEOPLE = 100
PASSWORD = "bench"


def _tokens(data: Path, count: int) -> list[str]:
    """Makes people and their desks; answers an access token each."""
    server = open_server(Options(data=data))
    with server.database.begin() as tx:
        directory.add_organisation(server, tx, "Ministry")
        directory.add_division(server, tx, "Ministry/Planning")
        for number in range(PEOPLE):
            login = f"person{number}"
            user = directory.add_user(server, tx, login, login, "Ministry/Planning")
            accounts.set_password(server, tx, user, PASSWORD)
    found = []
    for number in range(count):
        device = DeviceInfo(id=server.ids.new(), name=f"desk {number}", machine="bench")
        asked = SignIn(login=f"person{number % PEOPLE}", password=PASSWORD, device=device)
        found.append(accounts.sign_in(server, asked, os.urandom).access)
    server.database.close()
    return found


def _open(port: int, path: str, token: str) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=120)
    request = f"GET /api/v1{path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n"
    line.sendall(request.encode())
    assert line.recv(4096).startswith(b"HTTP/1.1 200 ")
    return line


def _memory_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1])


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Opens the streams, lets them be, and prints what they cost."""
    parser = argparse.ArgumentParser(prog="python -m bench.streams", description=__doc__)
    parser.add_argument("--streams", type=int, default=1_000)
    count = parser.parse_args().streams
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="govsync-bench-") as folder:
        tokens = _tokens(Path(folder), count)
        command = [sys.executable, "-m", "govsync.cli.main", "serve", "--data", folder, "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            port = int(process.stdout.readline().rsplit(":", 1)[1])
            _open(port, "/me", tokens[0]).close()
            memory, cpu = _memory_kb(process.pid), _cpu_s(process.pid)
            lines = [_open(port, f"/events?nonce={number}", token) for number, token in enumerate(tokens)]
            opened = _cpu_s(process.pid)
            time.sleep(BEAT_S)
            idle = _cpu_s(process.pid)
            time.sleep(BEAT_S)
            print(f"{count} streams: {(_memory_kb(process.pid) - memory) / count:.1f} kB each", flush=True)
            print(f"opening one: {(opened - cpu) / count * 1e3:.2f} ms CPU", flush=True)
            print(f"one beat of all: {_cpu_s(process.pid) - idle:.2f} s CPU", flush=True)
            for line in lines:
                line.close()
            process.terminate()


if __name__ == "__main__":
    main()
