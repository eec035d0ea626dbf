"""The steps of the schema and the tables that the code speaks of are the same thing, to the letter."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server.db import migrate, tables
from govsync.server.db.connect import Database

STEPS = Path(migrate.__file__).parent / "migrations"


@pytest.fixture
def url(new_url: str) -> str:
    """The steps are taken where none was taken yet."""
    return new_url


def described(database: Database) -> dict[str, str]:
    """Answers every table and index in the database's own words, however they were made."""
    if database.is_sqlite:
        query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%'"
    else:
        query = (
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'alembic%'"
            " UNION ALL SELECT table_name || '.' || column_name,"
            " concat_ws(' ', ordinal_position, data_type, is_nullable, column_default)"
            " FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'alembic%'"
        )
    with database.begin(write=False) as tx:
        return {name: " ".join(sql.split()) for name, sql in tx.execute(text(query))}


def test_all_steps_together_make_the_tables_of_the_code(database: Database):
    database.upgrade()
    by_steps = described(database)
    with database.begin(write=False) as tx:
        assert compare_metadata(MigrationContext.configure(tx), tables.metadata) == []
    with database.begin() as tx:
        tables.metadata.drop_all(tx)
        assert inspect(tx).get_table_names() == ["alembic_version"]
        tables.metadata.create_all(tx)
    assert described(database) == by_steps


def test_a_second_start_changes_nothing(database: Database):
    database.upgrade()
    before = described(database)
    database.upgrade()
    assert described(database) == before


def test_a_step_that_fails_leaves_no_half_made_tables(database: Database):
    with database.begin() as tx:
        tx.execute(text("CREATE TABLE seal (number INTEGER)"))
    with pytest.raises(Exception, match=r"(?i)already exists"):
        database.upgrade()
    with database.begin(write=False) as tx:
        assert inspect(tx).get_table_names() == ["seal"]


def test_tables_of_a_newer_program_are_left_as_they_are(database: Database):
    database.upgrade()
    with database.begin() as tx:
        tx.execute(text("CREATE TABLE of_tomorrow (number INTEGER)"))
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = described(database)
    with pytest.raises(Failure) as raised:
        database.upgrade()
    assert (raised.value.code, raised.value.facts) == (
        Code.TABLES_NEWER,
        {"found": "9999", "known": migrate.NEWEST},
    )
    assert described(database) == before


def test_the_steps_are_one_line_without_forks():
    steps = ScriptDirectory(str(STEPS))
    assert len(steps.get_heads()) == 1
    assert len(list(steps.walk_revisions())) == len(list((STEPS / "versions").glob("v*.py")))


def test_a_start_with_no_step_to_take_does_without_what_takes_them(tmp_path: Path):
    assert ScriptDirectory(str(STEPS)).get_current_head() == migrate.NEWEST
    script = (
        "import sys\nfrom govsync.server.db.connect import Database\n"
        f"database = Database('sqlite:///{tmp_path}/server.db')\ndatabase.upgrade()\ndatabase.close()\n"
        "print('alembic' in sys.modules)"
    )
    said = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert said == ["True\n", "False\n"]
