"""Dear clips: price and wait are shown first, nothing of them is kept for the question, and a yes goes on."""

from pathlib import Path

from bot.features.voice.job_card import OTHER_LANGUAGE
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from db.queue.job import Pace
from tests.support.acceptance.bots import DAILY, bot_beside
from tests.support.acceptance.voice import available, jobs_of, said, sound, transcript

EPHEMERAL = 64


async def question(sandbox: Sandbox, who: HumanClient, price: int) -> str:
    """Return the message that asks about a price, once it is there."""

    def asked() -> list[str]:
        return [one["id"] for one in who.messages() if f"This uses {price} of your" in who.text(one["id"])]

    await sandbox.until(asked)
    assert who.message(asked()[0])["flags"] & EPHEMERAL
    return asked()[0]


def heard(who: HumanClient, words: str) -> int:
    return sum(words in who.text(one["id"]) for one in who.messages())


async def test_dear_clip_is_fetched_and_paid_for_only_after_a_yes(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, asks_above=3) as bot:
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        await ben.context_menu("Transcribe", message_id=await said(sandbox, ben, "A long talk.", 91.0))
        asked = await question(sandbox, ben, 4)
        assert f"of your {DAILY} credits" in ben.text(asked)
        await sandbox.until(lambda: len(ada.messages()) == 1)  # what was said, and nothing about it
        assert await jobs_of(bot, ben) == []
        assert await bot.services.files.list("uploads") == []
        await ben.press(asked, "Continue")
        await sandbox.until(lambda: heard(ada, "A long talk."))
        assert await available(bot, ben) == DAILY - 4
        assert len(ben.messages()) == 2


async def test_file_that_turns_out_dear_is_asked_about_and_not_kept(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, asks_above=0) as bot:
        ben = sandbox.member("ben")
        await ben.slash("transcribe", file=sound(31.0))  # how long it is, only its sound tells
        asked = await question(sandbox, ben, 2)
        assert await bot.services.files.list("uploads") == []
        await ben.press(asked, "Run for free")
        await sandbox.until(lambda: heard(ben, "hello"))
        assert [(job.pace, job.price) for job in await jobs_of(bot, ben)] == [(Pace.RELAXED, 0)]


async def test_clip_heard_again_is_asked_about_after_a_restart_and_twice_is_once(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        card = await transcript(sandbox, ben, "Guten Morgen.", 91.0)
    async with bot_beside(sandbox, tmp_path, asks_above=3):
        await ben.select(card, OTHER_LANGUAGE, "fr")
        asked = await question(sandbox, ben, 4)
    async with bot_beside(sandbox, tmp_path, asks_above=3) as bot:
        for pressed in [await ben.press(asked, "Continue") for _ in range(2)]:
            await pressed.done()
        await sandbox.until(lambda: heard(ben, "Guten Morgen.") == 2)
        assert [job.price for job in await jobs_of(bot, ben)] == [4, 4]


async def test_clip_in_a_direct_message_is_not_asked_about(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, asks_above=3) as bot:
        ben = sandbox.member("ben")
        dm = await ben.dm()
        await said(sandbox, ben, "Between us.", 91.0, channel=dm)
        await sandbox.until(lambda: any("Between us." in ben.text(one["id"]) for one in ben.messages(dm)))
        assert await available(bot, ben) == DAILY - 4
