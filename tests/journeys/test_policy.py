"""What an organisation fixes on its people's desks: told within moments, kept without a line, never against the machine or
the files, forgotten with the sign-out."""

import json

import pytest

from tests.journeys.site import until

pytestmark = pytest.mark.journey
LARGE = b"x" * (2 << 20)


def test_an_organisation_fixes_what_its_desks_send_and_nothing_is_lost_by_it(site):
    def policy(*arguments: str) -> str:
        done = site.server.admin("org", "policy", *arguments)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    refused = site.server.admin("org", "policy", "set", "Ministry", "network.proxy", "none")
    assert refused.returncode == 1
    assert "network.proxy" in refused.stderr

    desk, colleague = site.desk("desk", port=site.line.port), site.desk("colleague", "boris")
    for each in (desk, colleague):
        each.join_team()
    desk.write("Planning/before.bin", LARGE)
    desk.wait()
    policy("set", "Ministry", "sync.max_file_size", "1 MiB")
    policy("set", "Ministry", "sync.blocked_extensions", "pst")
    assert json.loads(policy("list", "Ministry", "--json")) == [
        {"key": "sync.blocked_extensions", "value": "pst"}, {"key": "sync.max_file_size", "value": "1 MiB"},
    ]  # fmt: skip

    def fixed() -> bool:
        found = desk.json("settings")
        return {found[key]["source"] for key in ("sync.max_file_size", "sync.blocked_extensions")} == {
            "endpoint"
        }

    until(fixed, "the desk takes what is fixed")
    assert desk.call("settings", "set", "sync.max_file_size", "0").returncode == 1
    desk.write("large.bin", LARGE)
    desk.write("mail.pst", b"mail")
    desk.write("small.txt", b"small")
    (desk.folder / "Planning" / "before.bin").rename(desk.folder / "before.bin")  # Into another space.
    desk.wait(expected=4)
    assert desk.codes() == {"large.bin": "too_large_by_rule", "mail.pst": "extension_blocked"}
    assert set(desk.files()) == {"large.bin", "mail.pst", "small.txt", "before.bin"}

    other = site.desk("other")
    other.wait()
    assert other.files() == {"small.txt": b"small", "before.bin": LARGE}
    site.line.cut()
    desk.kill()
    desk.start()
    assert fixed(), "it is kept for times without a line"
    site.line.mend()
    policy("unset", "Ministry", "sync.max_file_size")
    policy("unset", "Ministry", "sync.blocked_extensions")
    until(lambda: "large.bin" in other.files() and "mail.pst" in other.files(), "what was kept back goes")
    assert desk.codes() == {}
    policy("set", "Ministry", "app.language", "ko")
    until(lambda: desk.json("settings")["app.language"]["source"] == "endpoint", "the next one is taken")
    desk.do("logout")
    assert desk.json("settings")["app.language"]["source"] == "default"
