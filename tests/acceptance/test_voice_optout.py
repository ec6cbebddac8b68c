"""Whoever opts out of transcription is not transcribed by others any more, on old cards neither."""

from pathlib import Path

import pytest

from bot.features.voice.job_card import OTHER_LANGUAGE
from bot.sandbox.human.client import HumanClient, InteractionResult
from bot.sandbox.server import Sandbox
from tests.support.acceptance.bots import DAILY, bot_beside
from tests.support.acceptance.voice import available, jobs_of, refusal, said, transcript

REFUSED = "does not want their voice messages transcribed"


async def press(who: HumanClient, card: str, item: str) -> InteractionResult:
    return await (who.select(card, item, "fr") if item == OTHER_LANGUAGE else who.press(card, item))


@pytest.mark.parametrize("item", ["Translate to English", OTHER_LANGUAGE])
async def test_opt_out_counts_on_cards_of_before(sandbox: Sandbox, tmp_path: Path, item: str) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        message = await said(sandbox, ben, "Guten Morgen.")
        card = str((await (await cleo.context_menu("Transcribe", message_id=message)).message())["id"])
        await sandbox.until(lambda: "Guten Morgen" in cleo.text(card))
        left = await available(bot, cleo)
        await (await ben.slash("voice optout")).answer()
        await press(cleo, card, item)
        assert REFUSED in await refusal(sandbox, cleo, timeout_s=5)
        assert (len(await jobs_of(bot, cleo)), await available(bot, cleo)) == (1, left)
        await (await press(ben, card, item)).message()  # their own voice
        await sandbox.until(lambda: "> " in ben.text(ben.messages()[-1]["id"]))
        assert len(await jobs_of(bot, ben)) == 1


async def test_opt_out_counts_for_a_file_that_its_member_sent(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await transcript(sandbox, ben, "Goedemorgen.")
        await (await ben.slash("voice optout")).answer()
        await cleo.press(card, "Subtitles and times")
        assert REFUSED in await refusal(sandbox, cleo, timeout_s=5)
        assert await available(bot, cleo) == DAILY
