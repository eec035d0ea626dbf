"""No file ties the project to one package index: whoever builds it names his own mirror."""

import re
import tomllib

from tests.project.sources import ROOT, committed_files

# Written in two halves, so that this file does not name them either.
INDEX_HOSTS = [
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "piwheels" + ".org",
    "npmjs" + ".org",
    "conda" + ".io",
]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==\S+(?: ; [^\\]*)? \\$")


def test_no_file_names_an_index_host():
    named = [
        f"{file.relative_to(ROOT)}: {host}"
        for file in committed_files()
        for host in INDEX_HOSTS
        if host.encode() in file.read_bytes()
    ]
    assert named == []


def test_a_lock_holds_no_address_and_no_option():
    assert LOCKS
    for lock in LOCKS:
        lines = lock.read_text().splitlines()
        assert [line for line in lines if "://" in line or line.startswith("-")] == [], lock.name


def test_every_locked_package_is_pinned_and_hashed():
    for lock in LOCKS:
        lines = [line for line in lock.read_text().splitlines() if not line.lstrip().startswith("#")]
        for number, line in enumerate(lines):
            if not line.startswith(" "):
                assert PINNED.match(line), f"{lock.name}: {line}"
                assert lines[number + 1].startswith("    --hash=sha256:"), f"{lock.name}: {line}"


def locked(name: str) -> set[str]:
    return {
        found[1].lower().replace("_", "-").replace(".", "-")
        for line in (ROOT / "requirements" / name).read_text().splitlines()
        if (found := PINNED.match(line))
    }


def wanted(*extras: str) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = project["dependencies"] + [
        line for extra in extras for line in project["optional-dependencies"][extra]
    ]
    return {re.split(r"[^A-Za-z0-9._-]", line)[0].lower().replace(".", "-") for line in asked}


def test_the_locks_hold_every_dependency_that_the_project_names():
    assert wanted("server", "postgres", "s3", "desktop") - locked("product.lock") == set()
    assert wanted("server", "postgres", "s3", "desktop", "dev", "docs") - locked("development.lock") == set()


def test_what_is_tested_is_what_is_shipped():
    pins = {
        name: set(
            re.findall(
                r"^([A-Za-z0-9._-]+(?:\[[^]]*\])?==\S+)", (ROOT / "requirements" / name).read_text(), re.M
            )
        )
        for name in ("product.lock", "development.lock")
    }
    assert pins["product.lock"] - pins["development.lock"] == set()
