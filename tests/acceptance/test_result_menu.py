"""'More' below a result: what it offers to whom, and what its buttons do; and the buttons of cards of before."""

from pathlib import Path
from typing import Any

from discord import ui

from bot.features.imagine.buttons import AgainButton, EditButton
from bot.features.vary.buttons import CanvasMenu, VarySubtleButton
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import GENERAL
from bot.shared.cards.job_buttons import DeleteButton, InfoButton
from bot.shared.cards.layout import layout
from db.people.favourites import count_favourites
from db.queue.finding import jobs_of_member
from db.queue.job import Job
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.menus import menu_of, press_more, rows_of
from tests.support.acceptance.pictures import settled
from tests.support.acceptance.upscaling import drawn
from tests.support.acceptance.varying import varied

EPHEMERAL = 64


async def parent_of(bot: RunningBot, who: HumanClient) -> Job:
    """Return the first job that somebody asked for."""
    return (await bot.services.db.read(jobs_of_member, int(who.id)))[-1]


async def old_card(bot: RunningBot, job: Job) -> str:
    """Post the buttons of version 0.1.0, and those of before there was a menu."""
    key = f"{job.id}:1"
    rows: list[list[ui.Item[Any]]] = [
        [AgainButton(job.id), EditButton(job.id), InfoButton(job.id), DeleteButton(job.id)],
        [VarySubtleButton(key)],
        [CanvasMenu.of(key)],
    ]
    view = layout(*(ui.ActionRow[Any](*row) for row in rows))
    return str((await bot.client.get_partial_messageable(int(GENERAL)).send(view=view)).id)


def _ids(who: HumanClient) -> list[str]:
    return [str(one["id"]) for one in reversed(who.messages())]


async def test_menu_is_shown_to_who_asks_and_deletes_for_the_owner_after_a_restart(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
    async with bot_beside(sandbox, tmp_path) as bot:
        card = await drawn(sandbox, ben)
        menu, theirs = await menu_of(ben, card), await menu_of(cleo, card)
        assert ben.message(menu)["flags"] & EPHEMERAL
        assert "a red heart" in ben.text(menu)
        assert "Delete" not in cleo.buttons(theirs)
        job = await parent_of(bot, ben)
    async with bot_beside(sandbox, tmp_path) as bot:
        await ben.press(menu, "Delete")
        await sandbox.until(lambda: ben.messages() == [])
        assert await bot.services.files.list(f"jobs/{job.id}") == []
        for label in cleo.buttons(theirs):  # of a source that is gone: one sentence each
            answer = await cleo.press(theirs, label)
            if await answer.done() != "modal":
                await answer.answer()
        assert (await bot.statement(cleo)).available == DAILY


async def test_menu_takes_the_place_of_the_buttons_on_a_card_that_one_member_sees(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = (await (await ben.slash("imagine", prompt="a red heart", private=True, count=1)).answer())["id"]
        await sandbox.until(lambda: "More" in ben.buttons(card))
        before = rows_of(ben, card)
        await ben.press(card, "More")
        await sandbox.until(lambda: "Back" in ben.buttons(card))
        assert rows_of(ben, card) == [
            ["Left", "Right", "Up", "Down"],
            ["Edit prompt", "Info", "Delete", "Back"],
        ]
        assert len(ben.pictures(card)) == 1
        child = await (await ben.press(card, "Up")).message()
        assert child["flags"] & EPHEMERAL
        await sandbox.until(lambda: len(ben.pictures(child["id"])) == 4)
        ((job, _),) = await varied(bot, ben)
        assert job.private
        await ben.press(card, "Back")
        await sandbox.until(lambda: rows_of(ben, card) == before)
        await ben.press(card, "More")
        await sandbox.until(lambda: "Delete" in ben.buttons(card))
        await ben.press(card, "Delete")
        await sandbox.until(lambda: card not in _ids(ben))


async def test_what_the_menu_of_a_public_card_makes_is_seen_by_everybody(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await drawn(sandbox, ben, count=1)
        form = await press_more(ben, card, "Edit prompt")
        edited = await (await form.submit(Prompt="a blue heart --count 1")).message()
        assert not edited["flags"] & EPHEMERAL
        await sandbox.until(lambda: len(cleo.pictures(edited["id"])) == 1)
        question = await (await press_more(cleo, card, "Left")).answer()  # somebody else is asked first
        assert question["flags"] & EPHEMERAL
        await cleo.press(question["id"], "Continue")
        await sandbox.until(lambda: [len(ben.pictures(one["id"])) for one in ben.messages()].count(4) == 1)
        await settled(sandbox, bot, cleo)
        ((job, _),) = await varied(bot, cleo)
        assert not job.private
        assert (await bot.statement(cleo)).available == DAILY - job.charged == DAILY - 8  # of larger pictures


async def test_favourite_is_kept_and_pressed_again_no_more(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await drawn(sandbox, ben)
        for count, sentence in ((1, "one of your favourites now"), (0, "no longer one"), (1, "favourites now")):
            shown = await (await cleo.press(card, "Favourite")).answer()
            assert shown["flags"] & EPHEMERAL
            assert sentence in cleo.text(shown["id"])
            assert await bot.services.db.read(count_favourites, int(cleo.id)) == count
        assert await bot.services.db.read(count_favourites, int(ben.id)) == 0
        assert (await bot.statement(cleo)).available == DAILY
        await press_more(ben, card, "Delete")
        await sandbox.until(lambda: card not in _ids(ben))


async def test_buttons_of_cards_of_before_go_on_working(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await drawn(sandbox, ben, count=1, aspect="512x640")
        old = await old_card(bot, await parent_of(bot, ben))
        child = await (await ben.select(old, CanvasMenu.hint, "square")).message()
        await sandbox.until(lambda: len(ben.pictures(child["id"])) == 4)
        info = await (await cleo.press(old, "Info")).answer()
        assert "Seed" in cleo.text(info["id"])
        assert (await (await cleo.press(old, "Edit prompt")).modal())["components"]
        refusal = await (await cleo.press(old, "Delete")).answer()
        assert refusal["flags"] & EPHEMERAL
        assert "Only the person who asked" in cleo.text(refusal["id"])
        assert len(ben.pictures(card)) == 1
        assert await bot.services.db.read(jobs_of_member, int(cleo.id)) == []
        await ben.press(old, "Delete")
        await sandbox.until(lambda: old not in _ids(ben))
        charged = [job.charged for job in await bot.services.db.read(jobs_of_member, int(ben.id))]
        assert (await bot.statement(ben)).available == DAILY - sum(charged)
        assert len(charged) == 2
