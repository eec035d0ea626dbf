"""A desk of Windows and one of Linux keep the same files by one server.

Of wine: it tells nothing of what changes in a folder that was there before the watch began, so where a person there has changed
something in one, the desk is asked to look (`sync-now`). Windows tells it by itself.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from packages.wine import at_hand, of_windows
from tests.journeys.conftest import Site
from tests.journeys.site import Desk, until
from tests.journeys.wine import UnderWine, WindowsDesk

pytestmark = [pytest.mark.journey, pytest.mark.wine, pytest.mark.timeout(300)]

FILES = 200
SIZE_BYTES = 20_000
SLOWLY = "400 KB"
"""A second: so that the files are under way for ten seconds, and an end falls among them."""


@pytest.fixture(scope="session")
def under_wine() -> Iterator[UnderWine]:
    made = UnderWine(at_hand())
    # While a program runs there, wine does not begin anew with each command; that takes it seconds.
    idle = made.other("-c", "import sys; sys.stdin.read()")
    yield made
    idle.communicate(timeout=30)


@pytest.fixture
def windows(site: Site, under_wine: UnderWine) -> WindowsDesk:
    desk = WindowsDesk(site.base, "windows", site.server.port, programs=under_wine)
    site.desks.append(desk)
    return desk


def look(windows: WindowsDesk) -> None:
    """Has a desk see what a person there has done, and send it."""
    windows.do("sync-now")
    windows.wait()


def names(desk_files: dict[str, bytes], content: bytes) -> list[str]:
    return [path for path, data in desk_files.items() if data == content]


def arrived(desk: Desk, folder: str) -> int:
    """Answers how many files a folder has on a desk."""
    return len(list((desk.folder / folder).glob("*.bin")))


def test_what_is_done_on_either_system_is_done_on_the_other(site: Site, windows: WindowsDesk) -> None:
    linux = site.desk("linux")
    windows.write("회의/from Windows.txt", "W")
    linux.write("Reports/from Linux.txt", "L")
    linux.write("Plan.txt", "before")
    (linux.folder / "tool.sh").write_text("#!/bin/sh\n")
    (linux.folder / "tool.sh").chmod(0o755)
    for number in range(20):
        linux.write(f"2025/{number}.txt", f"of 2025: {number}")
    linux.wait()
    windows.wait()
    look(windows)
    linux.wait()
    assert windows.tree() == linux.tree()
    assert {"회의/from Windows.txt", "Reports/from Linux.txt", "2025/19.txt"} <= windows.files().keys()

    windows.do("pause")
    windows.write("Plan.txt", "by Windows")
    windows.write("tool.sh", "#!/bin/sh\necho 2\n")
    (windows.folder / "2025").rename(windows.folder / "2025 old")
    (windows.folder / "회의/from Windows.txt").unlink()
    linux.write("Plan.txt", "by Linux")
    (linux.folder / "Reports").rename(linux.folder / "Berichte")
    (linux.folder / "2025/3.txt").unlink()
    linux.wait()
    windows.do("resume")
    look(windows)
    linux.wait()
    look(windows)
    assert windows.tree() == linux.tree()
    plans = {data for path, data in windows.files().items() if path.startswith("Plan")}
    assert plans == {b"by Windows", b"by Linux"}
    assert linux.files()["Plan.txt"] == b"by Linux"
    assert {path for path in linux.files() if path.startswith("2025")} == {
        f"2025 old/{number}.txt" for number in range(20) if number != 3
    }
    assert "Berichte/from Linux.txt" in windows.files()
    assert "회의/from Windows.txt" not in linux.files()
    assert linux.files()["tool.sh"] == b"#!/bin/sh\necho 2\n"
    assert (linux.folder / "tool.sh").stat().st_mode & 0o100, "Windows has no such bit, and takes none away"
    assert linux.do("verify") == windows.do("verify") == "Everything is equal.\n"


def test_what_windows_cannot_name_or_has_open_is_kept_as_it_is_called(
    site: Site, windows: WindowsDesk, under_wine: UnderWine
) -> None:
    linux = site.desk("linux")
    odd = {"a:b.txt": b"a colon", "con.txt": b"a device", "Ende.": b"a dot", "nul/x.txt": b"in a device"}
    for path, content in odd.items():
        linux.write(path, content)
    linux.write("Twin.txt", "the first")
    linux.write("Budget.xlsx", "before")
    linux.wait()
    windows.wait()
    assert set(odd.values()) < set(windows.files().values())
    assert odd.keys().isdisjoint(windows.files())
    assert windows.codes() == {}

    (colon,) = names(windows.files(), b"a colon")
    windows.write(colon, "edited under Windows")
    (dot,) = names(windows.files(), b"a dot")
    (windows.folder / dot).unlink()
    (device,) = (path for path in windows.tree() if path.startswith("nul") and "/" not in path)
    windows.write(f"{device}/new.txt", "new")
    look(windows)
    linux.wait()
    assert linux.files()["a:b.txt"] == b"edited under Windows"
    assert "Ende." not in linux.files()
    assert linux.files()["nul/new.txt"] == b"new"
    assert len(names(linux.files(), b"edited under Windows")) == 1

    with opened(under_wine, windows.folder / "Budget.xlsx"):
        linux.write("Budget.xlsx", "after")
        linux.write("twin.txt", "the second")
        linux.wait()
        until(lambda: b"the second" in windows.files().values(), "what is not open")
        assert windows.codes() == {}
        assert windows.files()["Budget.xlsx"] == b"before"
    until(lambda: windows.files()["Budget.xlsx"] == b"after", "the version after it was closed")
    look(windows)
    linux.wait()
    assert sorted(windows.files().values()) == sorted(linux.files().values())
    assert len({path.casefold() for path in windows.files()}) == len(windows.files())


def test_a_desk_of_windows_that_is_killed_among_many_files_loses_none(
    site: Site, windows: WindowsDesk
) -> None:
    linux = site.desk("linux")
    contents = {
        f"{way}/{number}.bin": os.urandom(SIZE_BYTES) for way in ("up", "down") for number in range(FILES)
    }
    windows.do("settings", "set", "network.upload_limit", SLOWLY)
    windows.do("settings", "set", "network.download_limit", SLOWLY)
    for path, content in contents.items():
        (windows if path.startswith("up") else linux).write(path, content)
    until(lambda: max(arrived(linux, "up"), arrived(windows, "down")) > 20, "some of the files")
    windows.kill()
    there = arrived(linux, "up"), arrived(windows, "down")
    assert max(there) < FILES, f"it was killed too late to show anything: {there}"
    half = {path: data for path, data in windows.files().items() if data != contents[path]}
    assert half == {}, "no file is seen before it is whole"
    windows.start()
    windows.do("settings", "set", "network.upload_limit", "0")
    windows.do("settings", "set", "network.download_limit", "0")
    look(windows)
    linux.wait()
    windows.wait()
    assert windows.files() == linux.files() == contents
    assert windows.codes() == linux.codes() == {}
    assert windows.do("verify") == "Everything is equal.\n"


HOLDER = """
import ctypes, sys
kernel = ctypes.WinDLL("kernel32", use_last_error=True)
kernel.CreateFileW.restype = ctypes.c_void_p
handle = kernel.CreateFileW(sys.argv[1], 0xC0000000, 0, None, 3, 0, None)
print(handle not in (None, ctypes.c_void_p(-1).value), flush=True)
sys.stdin.read()
"""
"""Opens a file to read and write and lets nobody else near it, as office programs do."""


@contextmanager
def opened(under_wine: UnderWine, path: Path) -> Iterator[None]:
    """Has a program of Windows keep a file open."""
    holder = under_wine.other("-c", HOLDER, of_windows(path))
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == b"True"
    try:
        yield
    finally:
        holder.communicate(timeout=30)
        assert holder.returncode == 0
