"""Two desks of one person, of which one leaves folders out, through the command line alone (R26)."""

import json

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import Desk, until
from tests.journeys.test_sharing import refused, shows

pytestmark = pytest.mark.journey

LARGE = b"large " * 1_000_000


def top(desk: Desk) -> set[str]:
    return {path.partition("/")[0] for path in desk.files()}


def verified(desk: Desk) -> None:
    desk.wait()
    done = desk.call("verify", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, []), done


def test_a_folder_is_left_out_of_one_desk_and_taken_in_again(site: Site) -> None:
    anna, second = site.desk("anna"), site.desk("second")
    anna.write("Archive/large.bin", LARGE)
    anna.write("Archive/2025/a.txt", "a")
    anna.write("report.txt", "a report")
    anna.wait()
    shows(second, "Archive/2025/a.txt", "a")

    second.do("exclude", str(second.folder / "Archive"))
    verified(second)
    assert top(second) == {"report.txt"}
    verified(anna)
    assert set(anna.files()) == {"Archive/large.bin", "Archive/2025/a.txt", "report.txt"}

    anna.write("Archive/2025/a.txt", "edited")
    anna.write("Archive/new.txt", "new")
    anna.wait()
    second.do("stop")
    second.start()
    verified(second)
    assert top(second) == {"report.txt"}

    second.do("include", str(second.folder / "Archive/2025"))
    shows(second, "Archive/2025/a.txt", "edited")
    verified(second)
    assert set(second.files()) == {"Archive/2025/a.txt", "report.txt"}
    second.do("include", str(second.folder / "Archive"))
    shows(second, "Archive/new.txt", "new")
    verified(second)
    assert second.files() == anna.files()
    kinds = [row["kind"] for row in json.loads(second.do("activity", "--json"))]
    assert kinds.count("left_out") == 1
    assert kinds.count("taken_in") == 2


def test_what_is_unsent_stays_and_what_is_no_folder_of_the_server_is_refused(site: Site) -> None:
    anna = site.desk("anna", port=site.line.port)
    anna.write("Archive/a.txt", "a")
    anna.wait()
    site.line.cut()
    until(lambda: anna.json("status")["online"] is False, "the line is seen to be cut")
    anna.write("Archive/unsent.txt", "unsent")
    anna.do("exclude", str(anna.folder / "Archive"))
    until(lambda: set(anna.files()) == {"Archive/unsent.txt"}, "what the server has goes")
    assert refused(anna, "exclude", str(anna.folder)) == "folder_itself"
    assert refused(anna, "exclude", str(anna.folder / "nothing")) == "not_found"
    assert refused(anna, "include", "/elsewhere") == "not_found"
    site.line.mend()
    anna.wait()
    assert anna.files() == {}
    anna.do("include", str(anna.folder / "Archive"))
    verified(anna)
    assert anna.files() == {"Archive/a.txt": b"a", "Archive/unsent.txt": b"unsent"}
