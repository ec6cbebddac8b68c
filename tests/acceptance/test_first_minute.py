"""The first minute: a word where the bot was added, and a hello whose examples draw at once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.permissions import Permission
from bot.sandbox.state.seed import ANNEX, BACKSTAGE, LOBBY
from db.queue.finding import jobs_of_member
from inference.vocabulary import Vocabulary
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.messages import alt_texts
from tests.support.acceptance.pictures import settled
from tests.support.bot.catalogues import CATALOGUE

EPHEMERAL = 64
SMALL = replace(CATALOGUE, vocabularies={"tiny": Vocabulary(frozenset({"heart", "cat", "car"}))})


@pytest.fixture
async def bot(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[RunningBot]:
    """Return a bot with a model that knows a few words."""
    async with bot_beside(sandbox, tmp_path, catalogue=SMALL) as bot:
        yield bot


def said_in(who: HumanClient, channel: str) -> list[str]:
    """Return the ids of what the bot said in a channel."""
    return [str(one["id"]) for one in who.messages(channel) if one["author"].get("bot")]


async def greeted(sandbox: Sandbox, who: HumanClient, channel: str | None = None) -> str:
    """Say hello, and return the bot's answer."""
    where = who.channel(channel)
    before = len(said_in(who, where))
    await who.say(f"<@{sandbox.container.world.bot_id}> hello", channel=where)
    await sandbox.until(lambda: len(said_in(who, where)) > before)
    return said_in(who, where)[-1]


async def test_server_that_adds_the_bot_is_told_how_to_begin_where_its_operators_read(
    sandbox: Sandbox, bot: RunningBot
) -> None:
    ada, editor = sandbox.member("ada"), sandbox.world_editor
    await bot.client.wait_until_ready()  # before that, discord.py takes every server for one that it was in already
    editor.remove_bot(ANNEX)
    sandbox.container.world.guild(ANNEX).public_updates_channel_id = BACKSTAGE
    editor.add_bot(ANNEX)
    await sandbox.until(lambda: bool(said_in(ada, BACKSTAGE)))
    (hello,) = said_in(ada, BACKSTAGE)
    for command in ("</imagine:", "</train:", "</transcribe:", "</atelier channels allow:"):
        assert command in ada.text(hello)
    assert said_in(ada, LOBBY) == []
    editor.remove_bot(ANNEX)
    editor.deny(BACKSTAGE, int(Permission.SEND_MESSAGES))
    editor.add_bot(ANNEX)
    await sandbox.until(lambda: bool(said_in(ada, LOBBY)))
    assert (len(said_in(ada, BACKSTAGE)), len(said_in(ada, LOBBY))) == (1, 1)


async def test_start_and_a_lost_connection_greet_no_server(sandbox: Sandbox, tmp_path: Path) -> None:
    ada = sandbox.member("ada")
    for _ in range(2):
        async with bot_beside(sandbox, tmp_path):
            await (await ada.slash("models", channel=LOBBY)).answer()
            assert [one for one in ada.messages(LOBBY) if not one["flags"] & EPHEMERAL] == []


async def test_hello_has_examples_that_draw_at_once_for_whoever_presses(sandbox: Sandbox, bot: RunningBot) -> None:
    ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
    hello = await greeted(sandbox, ben)
    assert ben.buttons(hello) == ["a red heart", "a cat", "a green car"]
    assert alt_texts(ben.message(hello)) == ["Drawn by my built-in model: a red heart, a cat, a green car"]
    card = await (await cleo.press(hello, "a cat")).answer()
    await settled(sandbox, bot, cleo)
    assert len(ben.pictures(card["id"])) == 4
    assert not card["flags"] & EPHEMERAL
    (job,) = await bot.services.db.read(jobs_of_member, int(cleo.id))
    assert (job.request["prompt"], job.charged) == ("a cat", 4)
    assert await bot.services.db.read(jobs_of_member, int(ben.id)) == []
    assert (await bot.statement(cleo)).available == DAILY - 4


async def test_example_asks_what_imagine_would_ask_after_a_restart_and_in_direct_messages(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
    dm = await ben.dm()
    async with bot_beside(sandbox, tmp_path, catalogue=SMALL):
        hello = await greeted(sandbox, ben, dm)
    async with bot_beside(sandbox, tmp_path, asks_above=3) as bot:
        await (await ben.press(hello, "a red heart")).done()
        await sandbox.until(lambda: any("This uses 4 of your" in ben.text(one) for one in said_in(ben, dm)))
        assert await bot.services.db.read(jobs_of_member, int(ben.id)) == []
        other = await greeted(sandbox, cleo)  # by now the default model knows any words
        assert cleo.buttons(other)[1] == "a small harbour at night, watercolour"
        assert cleo.pictures(other) == []
