"""Commands, completion and menus: an unmodified discord.py client in the sandbox."""

from typing import Any

import pytest

from bot.sandbox.errors import HumanError
from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from tests.support.acceptance.demo import Demo


async def test_slash_with_every_kind_of_option(sandbox: Sandbox, demo: Demo) -> None:
    ada = sandbox.member("ada")
    given: dict[str, Any] = {
        "whole": 2,
        "number": 1.5,
        "yes": True,
        "who": "ben",
        "role": "Patrons",
        "where": "voice-notes",
    }
    shown = await ada.slash("options", text="hi", file=Upload(filename="a.txt", content=b"12345"), **given)
    card = await shown.answer()
    assert card["content"] == "['hi', 2, 1.5, True, 'ben', 'Patrons', 'voice-notes', 5]"
    assert card["interaction_metadata"]["name"] == "options"
    assert sandbox.unimplemented == []


async def test_slash_with_defaults_only(sandbox: Sandbox, demo: Demo) -> None:
    card = await (await sandbox.member("ben").slash("options", text="hi")).answer()
    assert card["content"] == "['hi', 4, 7.5, False, None, None, None, None]"


@pytest.mark.parametrize(
    "wrong", [{}, {"text": ""}, {"text": "x" * 11}, {"text": "x", "whole": 5}, {"text": "x", "nothing": 1}]
)
async def test_slash_with_wrong_options_never_reaches_the_bot(
    sandbox: Sandbox, demo: Demo, wrong: dict[str, Any]
) -> None:
    with pytest.raises(HumanError, match="invalid"):
        await sandbox.member("ada").slash("options", **wrong)


async def test_subcommand_in_a_group(sandbox: Sandbox, demo: Demo) -> None:
    card = await (await sandbox.member("ada").slash("quota grant", who="ben", amount=5)).answer()
    assert card["content"] == "ben gets 5"
    with pytest.raises(HumanError, match="needs a subcommand"):
        await sandbox.member("ada").slash("quota")


async def test_autocomplete_offers_what_matches(sandbox: Sandbox, demo: Demo) -> None:
    choices = await sandbox.member("ada").autocomplete("model", "name", name="s")
    assert choices == [{"name": "Small", "value": "small"}]


async def test_message_menu_sees_content_and_files_without_the_intent(sandbox: Sandbox, demo: Demo) -> None:
    ada = sandbox.member("ada")
    said = await sandbox.member("ben").say("look", files=[Upload(filename="a.png", content=b"123")])
    card = await (await ada.context_menu("Weigh", message_id=said["id"])).answer()
    assert card["content"] == "look [3]"
    assert card["flags"] & 64


async def test_user_menu_names_the_person(sandbox: Sandbox, demo: Demo) -> None:
    card = await (await sandbox.member("ada").context_menu("Greet", user_id="ben")).answer()
    assert card["content"] == "hello ben"


async def test_operators_command_is_hidden_from_members(sandbox: Sandbox, demo: Demo) -> None:
    assert "desk" in sandbox.member("ada").commands()
    assert "desk" not in sandbox.member("ben").commands()
    with pytest.raises(HumanError, match="hidden"):
        await sandbox.member("ben").slash("desk")


async def test_age_restricted_command_runs_in_such_a_channel_only(sandbox: Sandbox, demo: Demo) -> None:
    ada = sandbox.member("ada")
    with pytest.raises(HumanError, match="age-restricted"):
        await ada.slash("adult")
    assert (await (await ada.slash("adult", channel="after-dark")).answer())["content"] == "hello"


async def test_command_in_direct_messages(sandbox: Sandbox, demo: Demo) -> None:
    ada = sandbox.member("ada")
    card = await (await ada.slash("model", channel=await ada.dm(), name="x")).answer()
    assert card["content"] == "x"
    assert "guild_id" not in card


async def test_registering_the_same_commands_again_keeps_their_ids(sandbox: Sandbox, demo: Demo) -> None:
    before = {c["name"]: c["id"] for c in sandbox.container.commands.registered(None)}
    await demo.tree.sync()
    assert {c["name"]: c["id"] for c in sandbox.container.commands.registered(None)} == before
