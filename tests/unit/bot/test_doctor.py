"""The doctor finds what is wrong with settings, ports and storage, and says what to do about it."""

import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from bot.doctor.finding import Finding, Mark
from bot.doctor.ports import check_all_ports
from bot.doctor.report import summary
from bot.doctor.settings import check_settings
from bot.doctor.storage import check_data_folder, check_database, check_disk, check_files, check_holders
from bot.start.data_folder import hold_data
from db.engine import Database
from db.migrations.run import configuration
from tests.support.bot.settings import settings

NEWEST, OLDER = [script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()][:2]


async def migrated(data_dir: Path, version: str) -> None:
    """Make a database whose tables are of some version, or say that they are."""
    async with Database.from_url(settings(data_dir).database) as database:
        await database.migrate()
        with database.begin() as connection:
            if version == "9999":
                connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
            else:
                command.downgrade(configuration(connection), version)


def tables(connection: sa.Connection) -> list[Any]:
    """Return how every table is made, and the version."""
    made = connection.execute(sa.text("SELECT name, sql FROM sqlite_schema ORDER BY name")).all()
    return [*made, *connection.execute(sa.text("SELECT version_num FROM alembic_version"))]


async def copied(content: bytes, file: Path) -> list[Any]:
    """Return the tables of a database's bytes."""
    file.write_bytes(content)
    async with Database.from_url(f"sqlite:///{file}") as database:
        return await database.read(tables)


async def test_database_that_answers_is_good(tmp_path: Path) -> None:
    await migrated(tmp_path, NEWEST)
    assert (await check_database(settings(tmp_path))).mark is Mark.GOOD


async def test_database_file_that_is_something_else_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "atelier.db").write_text("these are no tables, and long enough to be looked at " * 100)
    finding = await check_database(settings(tmp_path))
    assert finding.mark is Mark.BAD
    assert "not a database" in finding.text


@pytest.mark.parametrize("url", ["mysql://localhost/atelier", "postgresql://127.0.0.1:1/nobody"])
async def test_database_that_cannot_be_used_is_a_problem_with_a_remedy(tmp_path: Path, url: str) -> None:
    finding = await check_database(settings(tmp_path, database_url=url))
    assert finding.mark is Mark.BAD
    assert "DATABASE_URL" in finding.remedy


async def test_database_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    assert (await check_database(settings(tmp_path))).mark is Mark.GOOD
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("version", "mark", "told"),
    [
        (NEWEST, Mark.GOOD, "up to date"),
        (OLDER, Mark.NOTE, f"of version {OLDER}, and the next start makes them {NEWEST}"),
        ("9999", Mark.BAD, f"of version 9999, and this Atelier knows them up to {NEWEST}"),
    ],
)
async def test_database_of_another_version_is_told_and_left_as_it_is(
    tmp_path: Path, version: str, mark: Mark, told: str
) -> None:
    await migrated(tmp_path, version)
    before = (tmp_path / "atelier.db").read_bytes()
    finding = await check_database(settings(tmp_path))
    assert finding.mark is mark
    assert told in finding.text
    async with Database.from_url(settings(tmp_path).database) as database:
        assert await database.read(tables) == await copied(before, tmp_path / "copy.db")


async def test_files_that_can_be_written_are_good_and_leave_nothing_behind(tmp_path: Path) -> None:
    assert (await check_files(settings(tmp_path))).mark is Mark.GOOD
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


async def test_files_that_cannot_be_written_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file where a folder should be")
    finding = await check_files(settings(tmp_path, files_url=str(tmp_path / "occupied")))
    assert finding.mark is Mark.BAD


def test_data_folder_that_can_be_written_is_good_and_left_empty(tmp_path: Path) -> None:
    assert [finding.mark for finding in check_data_folder(settings(tmp_path))][:1] == [Mark.GOOD]
    assert list(tmp_path.iterdir()) == []


def test_data_folder_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file where a folder should be")
    (finding,) = check_data_folder(settings(tmp_path / "occupied"))
    assert finding.mark is Mark.BAD
    assert "DATA_DIR" in finding.remedy


def test_disk_with_little_room_is_a_note_and_with_almost_none_a_problem(tmp_path: Path) -> None:
    free_bytes = shutil.disk_usage(tmp_path).free
    assert list(check_disk(settings(tmp_path), little_bytes=free_bytes // 2, too_little_bytes=0)) == []
    (note,) = check_disk(settings(tmp_path), little_bytes=2 * free_bytes, too_little_bytes=0)
    (problem,) = check_disk(settings(tmp_path), little_bytes=2 * free_bytes, too_little_bytes=2 * free_bytes)
    assert (note.mark, problem.mark) == (Mark.NOTE, Mark.BAD)


def test_bot_that_runs_is_a_note_and_its_ports_are_its_own(tmp_path: Path) -> None:
    assert list(check_holders(settings(tmp_path))) == []
    with hold_data(settings(tmp_path)):
        (finding,) = check_holders(settings(tmp_path))
    assert finding.mark is Mark.NOTE
    with socket.create_server(("127.0.0.1", 0)) as server:
        chosen = settings(tmp_path, sandbox_port=server.getsockname()[1])
        assert [one.mark for one in check_all_ports(chosen, running=True)] == [Mark.NOTE]
        assert [one.mark for one in check_all_ports(chosen, running=False)] == [Mark.BAD]
    assert [one.mark for one in check_all_ports(chosen, running=False)] == [Mark.GOOD]


def test_tiers_are_read_and_a_missing_file_of_them_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiers.toml").write_text('[[tier]]\nname = "everybody"\n')
    assert {finding.mark for finding in check_settings(settings(tmp_path, tiers=Path("tiers.toml")), {})} == {Mark.GOOD}
    *_, finding = check_settings(settings(tmp_path, tiers=Path("tears.toml")), {})
    assert (finding.what, finding.mark) == ("TIERS", Mark.BAD)
    assert "tears.toml" in finding.text


def test_name_that_is_no_setting_is_a_problem_in_the_file_and_a_note_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DALY_CREDITS", "5")
    (tmp_path / ".env").write_text("DAILY_CREDTS=200\nHF_TOKEN=x\n")
    findings = list(check_settings(settings(tmp_path), {"lease_s": "LEASE_S=1 is not allowed"}))
    assert [finding.mark for finding in findings] == [Mark.BAD, Mark.BAD, Mark.NOTE, Mark.NOTE]


@pytest.mark.parametrize(
    ("marks", "line"),
    [
        ({}, "No problems, no notes."),
        ({Mark.GOOD: 5, Mark.NOTE: 1}, "No problems, 1 note."),
        ({Mark.BAD: 1, Mark.NOTE: 2}, "1 problem to mend, 2 notes."),
        ({Mark.BAD: 2}, "2 problems to mend, no notes."),
    ],
)
def test_last_line_sums_up(marks: dict[Mark, int], line: str) -> None:
    assert summary(marks) == line


def test_finding_is_one_line_whatever_broke_its_text() -> None:
    assert str(Finding(Mark.BAD, "catalogue", "two\n  lines", "Do it.")) == "PROBLEM  catalogue: two lines. Do it."
    assert str(Finding(Mark.NOTE, "settings", "Did you mean X?")) == "   note  settings: Did you mean X?"
