"""Three people on three desks share folders with each other, through the command line alone."""

import os
import shutil

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import PASSWORD, Desk, until

pytestmark = pytest.mark.journey

LARGE = 6 * 1024 * 1024


@pytest.fixture
def three(site: Site) -> tuple[Desk, Desk, Desk]:
    """Anna, Boris, and Clara, who is of another organisation."""
    site.server.admin("org", "add", "Agency").check_returncode()
    site.server.admin("group", "add", "Auditors").check_returncode()
    options = ("--name", "Clara", "--org", "Agency", "--password-stdin")
    site.server.admin("user", "add", "clara", *options, stdin=PASSWORD).check_returncode()
    site.server.admin("group", "member", "add", "Auditors", "clara").check_returncode()
    far = site.replicas[-1].port
    return site.desk("anna"), site.desk("boris", "boris", site.line.port), site.desk("clara", "clara", far)


def shows(desk: Desk, path: str, content: str) -> None:
    until(lambda: desk.files().get(path) == content.encode(), f"{path} on {desk.name}")


def refused(desk: Desk, *arguments: str) -> str:
    """Answers the code with which a command is refused, which is said in one line with what to do."""
    done = desk.call(*arguments)
    assert (done.returncode, done.stdout) == (1, ""), done
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("govsync: ")
    return done.stderr.rpartition("[")[2].split()[0].rstrip("]\n")


def rescued(desk: Desk) -> dict[str, bytes]:
    folder = desk.base / "home" / "GovSync Rescued"
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def role(desk: Desk, path: str, who: str, role: str) -> None:
    desk.do("share", "add", str(desk.folder / path), "--with", who, "--role", role)


@pytest.mark.parametrize("site", ["small", "large"], indirect=True)
def test_a_folder_that_is_given_to_others_is_worked_in_together(
    site: Site, three: tuple[Desk, Desk, Desk]
) -> None:
    anna, boris, clara = three
    anna.write("Plans/2026/budget.txt", "first")
    anna.write("private.txt", "mine")
    anna.write("report.txt", "a report")
    anna.wait()
    role(anna, "Plans", "boris", "editor")
    role(anna, "Plans", "group:Auditors", "viewer")
    for desk in (boris, clara):
        shows(desk, "Plans/2026/budget.txt", "first")
    assert "private.txt" not in boris.files() | clara.files()

    boris.write("Plans/2026/budget.txt", "second")
    boris.write("Plans/new.txt", "by Boris")
    for desk in (anna, clara):
        shows(desk, "Plans/2026/budget.txt", "second")
        shows(desk, "Plans/new.txt", "by Boris")
    rows = {row["with"]: row for row in anna.json("share", "list", str(anna.folder / "Plans"))}
    assert {who: row["role"] for who, row in rows.items()} == {
        "anna": "manager", "boris": "editor", "group:Auditors": "viewer",
    }  # fmt: skip
    assert (rows["boris"]["title"], rows["anna"]["you"], rows["boris"]["you"]) == ("Boris", True, False)
    assert {row["path"] for row in boris.json("share", "list")} == {"Plans"}
    assert ("put", "Plans/new.txt", "Boris") in [
        (row["kind"], row["path"], row["user"]) for row in anna.json("activity")
    ]
    told = boris.json("activity", "--shared", str(boris.folder / "Plans"))
    assert [(row["kind"], row["path"], row["user"], row["detail"]) for row in told if row["detail"]] == [
        ("member_added", "Plans", "Anna", "group:Auditors (viewer)"),
        ("member_added", "Plans", "Anna", "boris (editor), anna (manager)"),
    ]  # fmt: skip
    assert ("put", "Plans/new.txt") in [(row["kind"], row["path"]) for row in told]

    clara.write("Plans/new.txt", "by Clara")
    copy = "Plans/new (your copy, not uploaded).txt"
    until(lambda: clara.codes() == {copy: "kept_here"}, "what Clara may not change")
    clara.wait(4)
    assert (clara.files()["Plans/new.txt"], clara.files()[copy]) == (b"by Boris", b"by Clara")
    anna.wait()
    assert copy not in anna.files()
    role(anna, "Plans", "group:Auditors", "editor")
    shows(anna, copy, "by Clara")

    (anna.folder / "report.txt").rename(anna.folder / "Plans/2026/report.txt")
    shows(clara, "Plans/2026/report.txt", "a report")
    (clara.folder / copy).rename(clara.folder / "taken out.txt")
    until(lambda: copy not in anna.tree(), "what Clara took out of the folder gone from Anna's")
    assert clara.files()["taken out.txt"] == b"by Clara"
    anna.do("share", "remove", str(anna.folder / "Plans"), "--with", "group:Auditors")
    until(lambda: clara.files() == {"taken out.txt": b"by Clara"}, "the folder gone from Clara's desk")
    until(
        lambda: (
            ("mount_ended", "Plans", "Anna")
            in [(row["kind"], row["path"], row["user"]) for row in clara.json("activity")]
        ),
        "the end of the folder in Clara's activity, as Anna's doing",
    )
    assert ("mount", "Plans", "Anna") in [
        (row["kind"], row["path"], row["user"]) for row in clara.json("activity")
    ]
    assert ("delete", "Plans") not in [(row["kind"], row["path"]) for row in clara.json("activity")]

    role(anna, "Plans", "clara", "viewer")
    shows(clara, "Plans/2026/report.txt", "a report")
    shows(boris, "Plans/2026/report.txt", "a report")
    boris.wait()
    site.line.refuse(b"/commits")
    large = os.urandom(LARGE)
    boris.write("Plans/large.bin", large)
    boris.write("Plans/new.txt", "of Boris, unsent")
    until(site.line.refused.is_set, "the bytes sent, and nothing told of them")
    anna.do("share", "remove", str(anna.folder / "Plans"), "--with", "boris")
    site.line.mend()
    until(lambda: "Plans" not in boris.tree(), "the folder gone from Boris's desk")
    boris.wait()
    assert rescued(boris) == {"large.bin": large, "new.txt": b"of Boris, unsent"}
    shared = {
        "Plans/2026/budget.txt": b"second",
        "Plans/2026/report.txt": b"a report",
        "Plans/new.txt": b"by Boris",
    }
    clara.wait()
    assert clara.files() == shared | {"taken out.txt": b"by Clara"}
    clara.do("share", "leave", str(clara.folder / "Plans"))
    until(lambda: clara.files() == {"taken out.txt": b"by Clara"}, "the folder gone from Clara's desk")
    anna.wait()
    assert anna.files() == shared | {"private.txt": b"mine"}
    assert [row["with"] for row in anna.json("share", "list")] == ["anna"]
    assert site.server.admin("check").stdout.strip() == "sound"


def test_a_shared_folder_that_is_deleted_is_left_only_if_that_was_meant(
    three: tuple[Desk, Desk, Desk],
) -> None:
    anna, boris, clara = three
    anna.write("Plans/a.txt", "a")
    anna.wait()
    role(anna, "Plans", "boris", "editor")
    shows(boris, "Plans/a.txt", "a")
    boris.wait()
    for word in ("reject", "approve"):
        shutil.rmtree(boris.folder / "Plans")
        until(lambda: [hold["kind"] for hold in boris.json("holds")] == ["leaving"], "the question")
        (hold,) = boris.json("holds")
        assert (hold["paths"], hold["count"]) == (["Plans"], 1)
        boris.wait(4)
        boris.do(word, hold["id"])
        boris.wait()
        assert ("Plans/a.txt" in boris.files()) is (word == "reject")
    assert anna.files()["Plans/a.txt"] == b"a"
    assert [row["with"] for row in anna.json("share", "list")] == ["anna"]
    shutil.rmtree(anna.folder / "Plans")
    until(lambda: [hold["kind"] for hold in anna.json("holds")] == ["leaving"], "the question")
    assert refused(anna, "approve") == "last_manager"
    anna.do("reject")
    anna.wait()
    assert anna.files()["Plans/a.txt"] == b"a"

    role(anna, "Plans", "clara", "manager")
    shows(clara, "Plans/a.txt", "a")
    anna.do("share", "leave", str(anna.folder / "Plans"))
    until(lambda: "Plans" not in anna.tree(), "the folder gone from Anna's desk")
    role(clara, "Plans", "boris", "viewer")
    shows(boris, "Plans/a.txt", "a")
    told = clara.json("activity", "--shared", str(clara.folder / "Plans"))
    passed_on = [(row["kind"], row["user"], row["detail"]) for row in told][1:3]
    assert passed_on == [("owner", "Anna", "clara (manager)"), ("member_left", "Anna", "")]


def test_a_folder_of_the_team_is_shared_further_and_moved_about_in(three: tuple[Desk, Desk, Desk]) -> None:
    anna, boris, clara = three
    for desk in (anna, boris):
        desk.join_team()
    for number in range(30):
        anna.write(f"papers/{number:02}.txt", f"paper {number}")
    anna.write("Planning/Joint/a.txt", "a")
    anna.wait()
    shows(boris, "Planning/Joint/a.txt", "a")
    boris.do("share", "add", str(boris.folder / "Planning/Joint"), "--with", "clara", "--role", "editor")
    shows(clara, "Joint/a.txt", "a")
    clara.write("Joint/b.txt", "b")
    shows(anna, "Planning/Joint/b.txt", "b")
    (anna.folder / "papers").rename(anna.folder / "Planning/Joint/papers")
    shows(clara, "Joint/papers/29.txt", "paper 29")
    anna.wait()
    clara.wait()
    boris.wait()
    joint = {path.removeprefix("Planning/"): data for path, data in anna.files().items()}
    assert len(joint) == 32
    assert clara.files() == joint
    assert boris.files() == anna.files()
    clara.do("share", "leave", str(clara.folder / "Joint"))
    until(lambda: clara.tree() == {}, "nothing left on Clara's desk")
    anna.wait()
    assert len(anna.files()) == 32


def test_what_cannot_be_shared_is_said(three: tuple[Desk, Desk, Desk]) -> None:
    anna, boris, _ = three
    anna.write("Plans/a.txt", "a")
    anna.wait()
    plans = str(anna.folder / "Plans")

    def add(path: str, who: str) -> str:
        return refused(anna, "share", "add", path, "--with", who, "--role", "editor")

    assert add(f"{plans}/a.txt", "boris") == "share_file"
    assert add(str(anna.folder), "boris") == "share_whole"
    assert add(str(anna.folder / "nothing"), "boris") == "not_found"
    assert add(str(anna.base), "boris") == "not_found"
    elsewhere = anna.call("share", "add", str(anna.base), "--with", "boris", "--role", "editor")
    assert f"outside the synced folder, which is {anna.folder}." in elsewhere.stderr
    assert add(plans, "nobody") == "no_such_member"
    assert add(plans, "group:") == "no_such_member"
    assert add(plans, "anna") == "share_self"
    assert refused(anna, "share", "list", plans) == "not_shared"
    assert refused(anna, "share", "remove", plans, "--with", "boris") == "not_shared"
    assert refused(anna, "share", "leave", plans) == "not_shared"
    assert anna.json("share", "list") == []
    anna.do("share", "add", plans, "--with", "boris", "--role", "viewer")
    shows(boris, "Plans/a.txt", "a")
    theirs = str(boris.folder / "Plans")
    assert refused(boris, "share", "add", theirs, "--with", "clara", "--role", "viewer") == "no_right"
    assert add(plans, "anna") == "share_self"
    assert refused(anna, "share", "leave", plans) == "last_manager"
    assert refused(anna, "share", "remove", plans, "--with", "clara") == "no_such_member"


def test_who_may_only_add_puts_files_into_a_folder_and_sees_nothing_of_others(
    three: tuple[Desk, Desk, Desk],
) -> None:
    anna, boris, clara = three
    anna.write("Inbox/of Anna.txt", "secret")
    anna.wait()
    for who in ("boris", "clara"):
        role(anna, "Inbox", who, "uploader")
    for desk in (boris, clara):
        until(lambda desk=desk: "Inbox" in desk.tree(), f"the folder on {desk.name}")
    boris.write("Inbox/report.txt", "of Boris")
    boris.write("Inbox/of Anna.txt", "of Boris, too")
    boris.wait()
    clara.write("Inbox/report.txt", "of Clara")
    clara.wait()
    sent = {
        "Inbox/of Anna.txt": b"secret", "Inbox/of Anna (2).txt": b"of Boris, too", "Inbox/report.txt": b"of Boris",
        "Inbox/report (2).txt": b"of Clara",
    }  # fmt: skip
    until(lambda: anna.files() == sent, "what was put there on Anna's desk")
    assert boris.files() == {"Inbox/report.txt": b"of Boris", "Inbox/of Anna.txt": b"of Boris, too"}
    assert clara.files() == {"Inbox/report.txt": b"of Clara"}
    [space] = [each for each in boris.json("status")["spaces"] if each["path"] == "Inbox"]
    assert (space["role"], space["kind"]) == ("uploader", "shared")

    (boris.folder / "Inbox/report.txt").rename(boris.folder / "Inbox/renamed.txt")
    (boris.folder / "Inbox/of Anna.txt").unlink()
    boris.wait()
    assert anna.files() == sent
    role(anna, "Inbox", "boris", "viewer")
    until(lambda: boris.files() == sent, "all of it on Boris's desk")
    clara.do("share", "leave", str(clara.folder / "Inbox"))
    until(lambda: "Inbox" not in clara.tree(), "the folder gone from Clara's desk")
    assert rescued(clara) == {}
    anna.wait()
    assert anna.files() == sent
