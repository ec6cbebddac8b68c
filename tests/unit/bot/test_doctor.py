"""The doctor finds what is wrong and says what to do about it."""

from pathlib import Path
from typing import Any

import discord
import pytest

from bot.doctor import (
    NEEDED,
    Mark,
    check_computing,
    check_database,
    check_decoding,
    check_discord,
    check_files,
    check_message_content,
    check_permissions,
)
from bot.settings import Settings
from inference.decoders import process


def settings(tmp_path: Path, **values: Any) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, **values)


async def test_database_that_answers_is_good(tmp_path: Path) -> None:
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


async def test_model_whose_folder_is_missing_is_a_problem(tmp_path: Path) -> None:
    catalogue = tmp_path / "models.toml"
    catalogue.write_text(
        '[[image]]\nname = "mine"\ntitle = "Mine"\nsource = "/nowhere/mine"\nfamily = "sd"\nlicence = "MIT"\n'
        "width_px = 64\nheight_px = 64\nside_max_px = 64\nsteps = 4\nsteps_max = 8\nguidance = 1.0\n"
    )
    findings = [finding async for finding in check_computing(settings(tmp_path, catalogue=catalogue))]
    assert [(finding.what, finding.mark) for finding in findings if finding.mark is Mark.BAD] == [
        ("model mine", Mark.BAD)
    ]
    assert any(finding.what == "device cpu" and finding.mark is Mark.GOOD for finding in findings)


async def test_token_that_is_missing_is_a_note(tmp_path: Path) -> None:
    findings = [finding async for finding in check_discord(settings(tmp_path))]
    assert [finding.mark for finding in findings] == [Mark.NOTE]


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
