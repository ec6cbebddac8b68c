"""The log of acts: whatever an operator does by a command, or by a button on what is not theirs, is in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from discord.ext import commands

from bot.sandbox.errors import HumanError
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import GENERAL
from db.moderation.audit_log import latest_entries
from db.queue.finding import jobs_of_member
from tests.support.acceptance.bots import RunningBot, bot_beside
from tests.support.acceptance.engines import SLOTS
from tests.support.acceptance.home import CREDITS, commands_at_home, credits_offered
from tests.support.acceptance.menus import menu_of, press_more
from tests.support.acceptance.pictures import draw, settled
from tests.support.acceptance.private import run_privately, show_to_everybody

JUST_READ = {"atelier words list", "atelier channels list", "atelier log"}  # what operators themselves decided


def operator_commands(client: commands.Bot) -> Iterator[tuple[str, list[str]]]:
    """Yield the commands that only operators may use, and the options that each must or, for an aim, should have."""
    for command in commands_at_home(client):
        if (data := command.to_dict(client.tree)).get("type", 1) == 1:
            yield from _leaves(data, "", guarded=data.get("default_member_permissions") is not None)


def _leaves(data: dict[str, Any], path: str, *, guarded: bool) -> Iterator[tuple[str, list[str]]]:
    path = f"{path} {data['name']}".strip()
    options = data.get("options", [])
    if inner := [option for option in options if option["type"] in (1, 2)]:
        for one in inner:
            yield from _leaves(one, path, guarded=guarded)
    elif guarded or data["description"].startswith("Operators:"):
        wanted = [option["name"] for option in options if option.get("required") or option["name"] == "member"]
        yield path, wanted


def given(wanted: list[str], about: HumanClient) -> dict[str, Any]:
    """Return something for each of these options."""
    values = {"member": about.id, "reason": "because", "word": "x", "channel": GENERAL, "amount": 5, "state": "off"}
    return {"channel_" if name == "channel" else name: values[name] for name in wanted}


async def run(who: HumanClient, name: str, **options: Any) -> None:
    """Run a command, and send the form that it may open."""
    shown = await who.slash(name, **options)
    if await shown.done() == "modal":
        shown = await shown.submit(Reason="because")
    await shown.answer()


async def acts(bot: RunningBot, who: HumanClient) -> list[tuple[str, str, str]]:
    """Return what somebody did as an operator, oldest first."""
    noted = await bot.services.db.read(latest_entries, int(who.state()["guilds"][0]["id"]), 100)
    return [
        (one.entry.what, str(one.entry.target), one.entry.reason)
        for one in reversed(noted)
        if one.entry.by_user == int(who.id)
    ]


async def test_every_command_of_operators_is_in_the_log(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, auto_transcription=True) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        await credits_offered(sandbox, ada)
        found = dict(operator_commands(bot.client))
        await draw(sandbox, ben, "a red heart")
        await settled(sandbox, bot, ben)
        assert found.keys() >= JUST_READ | {
            "atelier-credits show",
            "atelier-credits grant",
            "atelier-credits set",
            "transcribe-channel",
        }
        silent = []
        for name, wanted in found.items():
            before = len(await acts(bot, ada))
            await run(ada, name, **given(wanted, ben))
            new = (await acts(bot, ada))[before:]
            if [name.removeprefix("atelier").lstrip(" -").split()[0]] != [what.split()[0] for what, _, _ in new]:
                silent.append(name)
            assert all(reason == "because" for _, _, reason in new if "reason" in wanted)
        assert set(silent) == JUST_READ


async def test_commands_of_operators_are_refused_to_members_even_if_discord_shows_them(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path, auto_transcription=True) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        await credits_offered(sandbox, ada)
        assert not {"atelier", CREDITS} & set(ben.commands())
        with pytest.raises(HumanError, match="not shown"):
            await ben.slash("atelier log")
        show_to_everybody(sandbox, ada)
        for name, wanted in operator_commands(bot.client):
            assert (
                await run_privately(ben, name, **given(wanted, ben))
                == "Only operators can do that, and only in their server."
            )
        assert await bot.services.db.read(latest_entries, int(next(iter(sandbox.container.world.guilds))), 10) == []


async def test_changed_credits_are_in_the_log_with_their_reason(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        await credits_offered(sandbox, ada)
        await run_privately(ada, "atelier-credits grant", member=ben.id, amount=50, reason="for the poster")
        await run_privately(ada, "atelier-credits grant", member=ben.id, amount=-20, reason="a mistake")
        await run_privately(ada, "atelier-credits set", member=ben.id, amount=7, reason="a fresh start")
        newest, second, first = (await run_privately(ada, "atelier log")).splitlines()
        assert f"<@{ada.id}> **credits grant** <@{ben.id}> +50: for the poster" in first
        assert f"**credits grant** <@{ben.id}> -20: a mistake" in second
        assert f"**credits set** <@{ben.id}> = 7: a fresh start" in newest


async def test_buttons_on_what_is_not_theirs_are_in_the_log(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a red heart")).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)
        (job,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        await (await press_more(ben, card["id"], "Info")).answer()
        for label in ben.buttons(card["id"]):
            await (await ada.press(card["id"], label)).done()
        menu = await menu_of(ada, card["id"])
        for label in ada.buttons(menu):
            await (await ada.press(menu, label)).done()
        await sandbox.until(lambda: card["id"] not in [one["id"] for one in ben.messages()])
        noted = [(what, target) for what, target, _ in await acts(bot, ada)]
        assert noted == [("press delete", f"job {job.id}")]  # the others are open to all
        assert await acts(bot, ben) == []
    monkeypatch.setenv(SLOTS, "0")
    async with bot_beside(sandbox, tmp_path) as bot:
        card = await (await ben.slash("imagine", prompt="a blue cat")).answer()
        await sandbox.until(lambda: "Cancel" in ben.buttons(card["id"]))
        await ada.press(card["id"], "Cancel")
        await sandbox.until(lambda: "Cancel" not in ben.buttons(card["id"]))
        assert (await acts(bot, ada))[-1][0] == "press cancel"


async def test_what_works_in_servers_only_is_not_offered_in_direct_messages(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, auto_transcription=True, gifts=True) as bot:
        ada = sandbox.member("ada")
        await credits_offered(sandbox, ada)
        only_here = set(ada.commands()) - set(ada.commands("dm"))
        assert only_here == {"atelier", CREDITS, "transcribe-channel", "gift"}
        guarded = {one.name for one in commands_at_home(bot.client) if one.default_permissions is not None}
        assert guarded == {"atelier", CREDITS, "transcribe-channel"}
