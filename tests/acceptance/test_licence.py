"""A licence that members accept: asked for once; a yes goes on with what was asked for, a no costs nothing."""

from pathlib import Path
from typing import Any

import pytest

from bot.features.voice.job_card import OTHER_LANGUAGE
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from db.queue.finding import jobs_of_member
from inference.catalogue import Catalogue
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.training import photos
from tests.support.acceptance.voice import said
from tests.support.bot.catalogues import HEARS, LARGE, TINY

WANTED: dict[str, Any] = {"must_accept": True}
CATALOGUE = Catalogue(
    images=(TINY.model_copy(update=WANTED), LARGE.model_copy(update=WANTED)),
    speech=(HEARS.model_copy(update=WANTED),),
)
EPHEMERAL = 64


async def asked(sandbox: Sandbox, who: HumanClient, channel: str | None = None) -> str:
    """Return the message that asks somebody whether they accept, once it is there."""

    def questions() -> list[str]:
        return [one["id"] for one in who.messages(channel) if "Do you accept it?" in who.text(one["id"])]

    await sandbox.until(questions)
    return questions()[-1]


async def available(bot: RunningBot, who: HumanClient) -> int:
    return (await bot.statement(who)).available


def drawn(who: HumanClient, pictures: int = 4) -> list[str]:
    return [one["id"] for one in who.messages() if len(who.pictures(one["id"])) == pictures]


@pytest.mark.parametrize("private", [False, True])
async def test_yes_draws_what_was_asked_for_and_is_asked_once(sandbox: Sandbox, tmp_path: Path, private: bool) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=CATALOGUE) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        await ben.slash("imagine", prompt="a red heart", private=private)
        question = await asked(sandbox, ben)
        assert ben.message(question)["flags"] & EPHEMERAL
        await sandbox.until(lambda: ada.messages() == [])
        await ben.press(question, "Accept")
        await sandbox.until(lambda: drawn(ben))
        assert "a red heart" in ben.text(drawn(ben)[0])
        assert len(ben.messages()) == 1  # the question has gone
        assert len(drawn(ada)) == (0 if private else 1)
        card = await (await ben.slash("imagine", prompt="a blue cat")).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)
        assert await available(bot, ben) == DAILY - 8


async def test_yes_after_a_restart_and_twice_is_one_job(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=CATALOGUE):
        ben = sandbox.member("ben")
        await ben.slash("imagine", prompt="a red heart")
        question = await asked(sandbox, ben)
    async with bot_beside(sandbox, tmp_path, catalogue=CATALOGUE) as bot:
        both = [await ben.press(question, "Accept") for _ in range(2)]
        for one in both:
            await one.done()
        await sandbox.until(lambda: drawn(ben))
        assert len(await bot.services.db.read(jobs_of_member, int(ben.id))) == 1


async def test_yes_to_something_dear_is_followed_by_its_price(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=CATALOGUE, asks_above=3) as bot:
        ben = sandbox.member("ben")
        await ben.slash("imagine", prompt="a red heart")
        question = await asked(sandbox, ben)
        await ben.press(question, "Accept")
        await sandbox.until(lambda: "This uses 4 of your" in ben.text(question))
        assert await bot.services.db.read(jobs_of_member, int(ben.id)) == []
        await ben.press(question, "Continue")
        await sandbox.until(lambda: drawn(ben))
        assert await available(bot, ben) == DAILY - 4


async def test_no_costs_nothing_and_is_asked_again(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=CATALOGUE) as bot:
        ben = sandbox.member("ben")
        for _ in range(2):
            await ben.slash("imagine", prompt="a red heart")
            question = await asked(sandbox, ben)
            await ben.press(question, "Decline")
            await sandbox.until(lambda question=question: "Nothing was charged" in ben.text(question))  # type: ignore[misc]
            assert "a red heart" in ben.text(question)
            assert ben.buttons(question) == ["Edit prompt"]
        assert await bot.services.db.read(jobs_of_member, int(ben.id)) == []
        assert await available(bot, ben) == DAILY


async def test_yes_opens_the_form_for_a_lessons_photos(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=CATALOGUE):
        ben = sandbox.member("ben")
        await ben.slash("train", name="Blob", kind="mascot")
        question = await asked(sandbox, ben)
        assert ben.modals() == []
        form = await ben.press(question, "Accept")
        await (await form.submit(**{"3_to_10_photos": photos(4)})).done()
        await sandbox.until(lambda: "I agree – start" in ben.buttons(question))
        await ben.press(question, "I agree – start")
        await sandbox.until(lambda: any("Training finished" in ben.text(one["id"]) for one in ben.messages()))


async def test_yes_turns_what_was_said_into_text(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=CATALOGUE):
        ben = sandbox.member("ben")
        message = await said(sandbox, ben, "We accept.")
        await ben.context_menu("Transcribe", message_id=message)
        await ben.press(await asked(sandbox, ben), "Accept")
        await sandbox.until(lambda: any("We accept." in ben.text(one["id"]) for one in ben.messages()))
        assert len(ben.messages()) == 2


async def test_yes_in_a_direct_message_turns_what_was_said_into_text(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=CATALOGUE) as bot:
        ben = sandbox.member("ben")
        dm = await ben.dm()
        await said(sandbox, ben, "Between us.", channel=dm)
        await ben.press(await asked(sandbox, ben, dm), "Accept")
        await sandbox.until(lambda: any("Between us." in ben.text(one["id"]) for one in ben.messages(dm)))
        assert len(ben.messages(dm)) == 2
        assert len(await bot.services.db.read(jobs_of_member, int(ben.id))) == 1


async def test_yes_hears_a_clip_again(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=CATALOGUE):
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        await ben.context_menu("Transcribe", message_id=await said(sandbox, ben, "Guten Morgen."))
        await ben.press(await asked(sandbox, ben), "Accept")
        await sandbox.until(lambda: [one for one in ben.messages() if "Imagine this" in ben.buttons(one["id"])])
        card = next(one["id"] for one in ben.messages() if "Imagine this" in ben.buttons(one["id"]))
        await cleo.select(card, OTHER_LANGUAGE, "fr")
        await cleo.press(await asked(sandbox, cleo), "Accept")
        await sandbox.until(lambda: sum("Guten Morgen." in cleo.text(one["id"]) for one in cleo.messages()) == 2)
