"""What the doctor finds of the bot's account: its token, its permissions, its intents."""

import base64
from pathlib import Path

import discord
import pytest

from bot.doctor.account import (
    NEEDED,
    check_discord,
    check_message_content,
    check_permissions,
    check_token,
    looks_like_token,
)
from bot.doctor.finding import Mark
from tests.support.bot.settings import settings


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
