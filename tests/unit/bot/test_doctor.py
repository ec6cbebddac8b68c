"""The doctor finds what is wrong and says what to do about it."""

import base64
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

import discord
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from bot.doctor.account import (
    NEEDED,
    check_discord,
    check_message_content,
    check_permissions,
    check_token,
    looks_like_token,
)
from bot.doctor.computing import check_computing, check_decoding, check_devices
from bot.doctor.finding import Finding, Mark
from bot.doctor.ports import check_all_ports
from bot.doctor.report import summary
from bot.doctor.settings import check_settings
from bot.doctor.storage import check_data_folder, check_database, check_disk, check_files, check_holders
from bot.settings import Settings
from bot.start.data_folder import hold_data
from db.engine import Database
from db.migrations.run import configuration
from inference.decoders import process
from tests.support.speech_weights import weights

FETCH = f"{sys.executable} -m inference.engines.speech.fetch"
NEWEST, OLDER = [script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()][:2]
CATALOGUE = """
[[image]]
name = "mine"
title = "Mine"
source = "/nowhere/mine"
family = "sd"
licence = "MIT"
width_px = 64
height_px = 64
side_max_px = 64
steps = 4
steps_max = 8
guidance = 1.0
"""
SPEECH = """
[[speech]]
name = "{name}"
title = "{name}"
source = "{folder}"
licence = "MIT"
"""


def settings(tmp_path: Path, **values: Any) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, **values)


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


def test_decoding_that_is_locked_down_is_good_and_without_a_filter_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = check_decoding()
    assert finding.mark is (Mark.NOTE if "no filter" in finding.text else Mark.GOOD)
    hidden = process.PROGRAM.replace("import sys;", "import sys; sys.modules['pyseccomp'] = None;")
    monkeypatch.setattr(process, "PROGRAM", hidden)
    finding = check_decoding()
    assert (finding.mark, "no filter of system calls" in finding.text) == (Mark.NOTE, True)
    assert "libseccomp2" in finding.remedy


def test_decoding_process_that_does_not_start_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PROGRAM", "raise SystemExit(1)")
    assert check_decoding().mark is Mark.BAD


async def test_catalogue_with_a_wrong_line_is_a_problem_that_names_it(tmp_path: Path) -> None:
    catalogue = tmp_path / "models.toml"
    catalogue.write_text('[[image]]\nname = "mine"\ntitle = "Mine"\nsource = "someone/mine"\nfamily = "sd"\n')
    findings = [finding async for finding in check_computing(settings(tmp_path, catalogue=catalogue))]
    assert [finding.mark for finding in findings] == [Mark.BAD]
    assert "licence" in findings[0].text


async def test_models_and_devices_that_are_not_there_are_problems(tmp_path: Path) -> None:
    whole = weights("base")
    for name in ("cut/base", "empty", "hollow"):
        (tmp_path / name).mkdir(parents=True)
        shutil.copy(whole / "vocabulary.txt", tmp_path / name)
    (tmp_path / "cut/base/model.bin").write_bytes((whole / "model.bin").read_bytes()[:-1000])
    (tmp_path / "empty/model.bin").touch()
    speech = {"whole": whole, "gone": tmp_path / "base", "cut": tmp_path / "cut/base", "empty": tmp_path / "empty"}
    speech["hollow"] = tmp_path / "hollow"
    catalogue = tmp_path / "models.toml"
    catalogue.write_text(CATALOGUE + "".join(SPEECH.format(name=name, folder=at) for name, at in speech.items()))
    chosen = settings(tmp_path, catalogue=catalogue, devices="cpu,cuda:99")
    findings = [finding async for finding in check_computing(chosen)]
    marks = {finding.what: finding.mark for finding in findings}
    assert marks["device cpu"] is Mark.GOOD
    assert marks["speech model whole"] is Mark.GOOD
    problems = {finding.what: finding for finding in findings if finding.mark is Mark.BAD}
    assert set(problems) == {"model mine", "DEVICES", *(f"speech model {name}" for name in speech if name != "whole")}
    assert f"its weights are not in {tmp_path / 'base'}" in problems["speech model gone"].text
    assert problems["speech model gone"].remedy == f"Run: {FETCH} base --to {tmp_path / 'base'}"
    assert "model.bin in base is cut off" in problems["speech model cut"].text
    assert problems["speech model cut"].remedy.startswith(f"Delete that folder, then run: {FETCH} base ")
    assert "model.bin in empty is cut off" in problems["speech model empty"].text
    assert "no model.safetensors" in problems["speech model hollow"].text
    assert "cuda:99" in problems["DEVICES"].text
    assert "DEVICES=auto" in problems["DEVICES"].remedy


def test_devices_are_compared_with_those_that_torch_found() -> None:
    found = ["cuda:0", "cuda:1", "cpu"]
    assert [list(check_devices(setting, found)) for setting in ("auto", "cpu", "cuda:0,cuda:1")] == [[], [], []]
    (finding,) = check_devices("cuda:1, cuda:2", found)
    assert finding.text == "it names cuda:2, and torch sees only cuda:0, cuda:1 here"
    (finding,) = check_devices("cuda:0", ["cpu"])
    assert finding.text == "it names cuda:0, and torch sees no GPU here"


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


async def test_token_that_is_missing_is_a_note(tmp_path: Path) -> None:
    findings = [finding async for finding in check_discord(settings(tmp_path))]
    assert [finding.mark for finding in findings] == [Mark.NOTE]


@pytest.mark.parametrize(
    ("token", "right"),
    [
        (f"{base64.b64encode(b'1181423900221145108').decode().rstrip('=')}.GaBcDe.{'x' * 38}", True),
        ("c" * 32, False),  # a client secret
        ("0" * 64, False),  # a public key
        ("1181423900221145108", False),  # the application's ID
        (f"Bot {base64.b64encode(b'1181423900221145108').decode().rstrip('=')}.GaBcDe.{'x' * 38}", False),
        (f"{'x' * 24}.GaBcDe.{'x' * 38}", False),
    ],
)
def test_token_is_known_by_its_shape(tmp_path: Path, token: str, right: bool) -> None:
    assert looks_like_token(token) is right
    finding = check_token(settings(tmp_path, discord_token=token))
    assert (finding is None) is right
    assert finding is None or (finding.mark is Mark.BAD and token not in str(finding))


def test_address_of_a_stand_in_without_a_token_is_a_problem(tmp_path: Path) -> None:
    finding = check_token(settings(tmp_path, discord_api_url="http://127.0.0.1:9"))
    assert finding
    assert (finding.mark, finding.remedy) == (Mark.BAD, "Set both, or neither.")


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


def test_permissions_that_are_missing_are_named() -> None:
    granted = discord.Permissions(view_channel=True, send_messages=True, read_message_history=True)
    finding = check_permissions("Home", granted.value)
    assert finding.mark is Mark.BAD
    assert finding.text == "the bot lacks permissions: attach files, send messages in threads"


def test_setup_guide_names_the_permissions_that_are_needed() -> None:
    guide = (Path(__file__).parents[3] / "docs/setup.md").read_text("utf-8")
    assert NEEDED.send_messages_in_threads  # in a thread, Send Messages alone does not count
    assert f"As a number: `{NEEDED.value}`" in guide
    names = {name.replace("_", " ") for name, needed in NEEDED if needed} - {"read messages"}  # View Channels' old name
    assert {name for name in names if name not in guide.lower()} == set()


def test_permissions_as_the_setup_guide_asks_for_are_good() -> None:
    guide = (Path(__file__).parents[3] / "docs/setup.md").read_text("utf-8")
    assert f"`{NEEDED.value}`" in guide
    assert check_permissions("Home", NEEDED.value).mark is Mark.GOOD


def test_administrator_is_a_note() -> None:
    assert check_permissions("Home", discord.Permissions(administrator=True).value).mark is Mark.NOTE


@pytest.mark.parametrize(
    ("granted", "wanted", "mark"),
    [(True, True, Mark.GOOD), (False, True, Mark.BAD), (True, False, Mark.NOTE), (False, False, Mark.NOTE)],
)
def test_message_content_is_compared_with_the_setting_that_needs_it(granted: bool, wanted: bool, mark: Mark) -> None:
    flags = discord.ApplicationFlags(gateway_message_content_limited=granted)
    assert check_message_content(flags, wanted=wanted).mark is mark
