"""A package brings what it needs of the lock, with its hashes, and nothing else."""

import pytest

from packages import locked, windows
from tests.project.sources import ROOT

LOCK = """\
first==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:ab
    # via govsync (pyproject.toml)
of-first==2.0 ; sys_platform == 'linux' \\
    --hash=sha256:ba
    # via
    #   first
    #   other
deep-down==3 \\
    --hash=sha256:ca
    # via of-first
other==4 \\
    --hash=sha256:da
    # via govsync (pyproject.toml)
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "product.lock").write_text(LOCK)
    (tmp_path / "pyproject.toml").write_text(
        '[project]\ndependencies = ["First>=1; python_version > \'3\'"]\n[project.optional-dependencies]\nmore = ["other"]\n'
    )
    return tmp_path


def names(text):
    return {locked.canonical(line) for line in text.splitlines() if not line.startswith(" ")}


def test_what_is_named_and_what_that_needs_is_brought(root):
    assert names(locked.requirements(root, ())) == {"first", "of-first", "deep-down"}
    assert names(locked.requirements(root, ("more",))) == {"first", "of-first", "deep-down", "other"}


def test_more_can_be_named_of_another_lock(root):
    (root / "requirements" / "development.lock").write_text(LOCK + "tool==5 \\\n    --hash=sha256:ea\n")
    assert names(locked.requirements(root, (), "development.lock", ["tool"])) == {
        "first", "of-first", "deep-down", "tool",
    }  # fmt: skip


def test_entries_keep_their_pins_their_conditions_and_all_their_hashes(root):
    text = locked.requirements(root, ())
    assert "first==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:ab\n" in text
    assert "of-first==2.0 ; sys_platform == 'linux' \\\n" in text
    assert "#" not in text


def test_what_is_named_and_not_locked_is_an_error(root):
    lock = root / "requirements" / "product.lock"
    lock.write_text(lock.read_text().replace("other==4", "another==4"))
    with pytest.raises(KeyError, match="other"):
        locked.requirements(root, ("more",))


def test_the_desk_gets_no_part_of_the_server_and_the_server_none_of_the_window():
    desk, server = (
        names(locked.requirements(ROOT, extras)) for extras in (("desktop",), ("server", "postgres", "s3"))
    )
    assert {"httpx", "keyring", "pyside6-essentials", "shiboken6", "secretstorage"} <= desk
    assert desk.isdisjoint({"sqlalchemy", "starlette", "uvicorn", "psycopg", "obstore", "pytest"})
    assert {"sqlalchemy", "uvicorn", "uvloop", "psycopg-binary", "obstore"} <= server
    assert server.isdisjoint({"pyside6-essentials", "shiboken6", "pytest"})


def test_for_another_system_what_is_not_for_it_is_left_out_with_what_only_that_needs(root):
    assert names(locked.requirements(root, (), system={"sys_platform": "win32"})) == {"first"}
    assert names(locked.requirements(root, (), system={"sys_platform": "linux"})) == {
        "first",
        "of-first",
        "deep-down",
    }


def test_the_desk_for_windows_gets_its_vault_and_nothing_of_linux():
    found = names(locked.requirements(ROOT, windows.EXTRAS, system=windows.SYSTEM))
    assert {"httpx", "keyring", "pywin32-ctypes", "pyside6-essentials"} <= found
    assert found.isdisjoint({"jeepney", "secretstorage", "importlib-metadata"})
