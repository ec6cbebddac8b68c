"""Reactions to results: an envelope sends them, a star keeps them, a cross cancels or deletes one's own; and /show."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from db.people.favourites import count_favourites
from db.queue.finding import jobs_of_member
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.engines import SLOTS
from tests.support.acceptance.training import sees

EPHEMERAL = 64
WITHIN_S = 60.0


async def drawn(sandbox: Sandbox, who: HumanClient, **options: Any) -> str:
    """Return the card of a finished picture."""
    card = await (await who.slash("imagine", prompt="a red heart", count=1, seed=7, **options)).message()
    await sandbox.until(lambda: len(who.pictures(card["id"])) == 1)
    return str(card["id"])


async def kept(bot: RunningBot, who: HumanClient) -> int:
    return await bot.services.db.read(count_favourites, int(who.id))


async def until_kept(sandbox: Sandbox, bot: RunningBot, who: HumanClient, count: int) -> None:
    """Wait until somebody has so many favourites: a reaction has no answer to wait for."""
    async with asyncio.timeout(WITHIN_S):
        while await kept(bot, who) != count:
            await sandbox.until(lambda: True)


async def test_envelope_sends_a_result_with_its_seed_and_id_to_whoever_reacts(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        card = await drawn(sandbox, ben)
        (job,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        dm = await ada.dm()
        for emoji in ("🎉", "✉️"):
            await ada.react(card, emoji)
        await sandbox.until(lambda: len(ada.messages(dm)) == 1)
        (sent,) = ada.messages(dm)
        assert len(ada.pictures(sent["id"])) == 1
        assert f"job `{job.id}`" in ada.text(sent["id"])
        assert "seed 7" in ada.text(sent["id"])
        assert ada.buttons(sent["id"]) == []
        assert sandbox.unimplemented == []


async def test_star_keeps_a_result_until_it_is_taken_back_or_removed(sandbox: Sandbox, tmp_path: Path) -> None:
    ben, ada = sandbox.member("ben"), sandbox.member("ada")
    async with bot_beside(sandbox, tmp_path) as bot:
        card = await drawn(sandbox, ben)
        for who in (ben, ada):
            await who.react(card, "⭐")
        await until_kept(sandbox, bot, ben, 1)
        await until_kept(sandbox, bot, ada, 1)
    async with bot_beside(sandbox, tmp_path) as bot:
        mine = await (await ben.slash("favourites")).message()
        await sandbox.until(lambda: ben.buttons(mine["id"]) == ["Show"])
        shown = await (await ben.press(mine["id"], "Show")).message()
        await sandbox.until(lambda: len(ben.pictures(shown["id"])) == 1)
        others = await (await ada.slash("favourites")).message()
        await sandbox.until(lambda: ada.buttons(others["id"]) == ["Open"])
        assert "a red heart" in ada.text(others["id"])
        (job,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        await (await ada.select(others["id"], "Remove one …", job.id)).done()
        await sandbox.until(lambda: "No favourites yet" in ada.text(others["id"]))
        await ben.react(card, "⭐", remove=True)
        await until_kept(sandbox, bot, ben, 0)
        assert len(ben.pictures(card)) == 1


async def test_cross_cancels_or_deletes_what_is_ones_own(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben, ada = sandbox.member("ben"), sandbox.member("ada")
    async with bot_beside(sandbox, tmp_path) as bot:
        card = await drawn(sandbox, ben)
        await ada.react(card, "❌")
        await ada.react(card, "⭐")
        await until_kept(sandbox, bot, ada, 1)  # which came later, and Ada's cross did nothing
        assert len(ben.pictures(card)) == 1
        await ben.react(card, "❌")
        await sandbox.until(lambda: all(one["id"] != card for one in ben.messages()))
        (job,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        assert job.deleted
        assert await bot.services.files.list(f"jobs/{job.id}") == []
    monkeypatch.setenv(SLOTS, "0")
    async with bot_beside(sandbox, tmp_path) as bot:
        waiting = await (await ben.slash("imagine", prompt="a blue cat")).answer()
        await ben.react(str(waiting["id"]), "✖️")
        await sandbox.until(lambda: "4 credits refunded" in ben.text(waiting["id"]))
        assert (await bot.statement(ben)).available == DAILY - 1


async def test_envelope_that_cannot_be_filled_says_why(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLOTS, "0")
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        waiting = await (await ben.slash("imagine", prompt="a blue cat")).answer()
        dm = await ben.dm()
        await ben.react(str(waiting["id"]), "📩")
        await sandbox.until(lambda: [one["content"][:25] for one in ben.messages(dm)] == ["That isn't finished yet. "])


async def test_show_brings_a_result_back_by_its_id_and_in_public_if_told(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        await drawn(sandbox, ben, private=True)
        await drawn(sandbox, ben)
        public, private = await bot.services.db.read(jobs_of_member, int(ben.id))
        shown = await (await ben.slash("show", job=public.id, public=True)).message()
        await sandbox.until(lambda: len(ada.pictures(shown["id"])) == 1)
        await ben.slash("show", job=private.id, public=True)
        await sandbox.until(lambda: sees(ben, "made for your eyes only"))
        assert not sees(ada, "made for your eyes only")
        again = await (await ben.slash("show", job=private.id)).message()
        await sandbox.until(lambda: len(ben.pictures(again["id"])) == 1)
        assert again["flags"] & EPHEMERAL
        await ada.slash("show", job=public.id)
        await sandbox.until(lambda: sees(ada, "Only the person who asked for this"))
