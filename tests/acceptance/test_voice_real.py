"""A voice message really becomes text: real weights, the real worker, an unmodified discord.py."""

from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from db.queue.job import State
from tests.support.acceptance.bots import DAILY, bot_with_models
from tests.support.acceptance.voice import HEARD_WITHIN_S, available, jobs_of
from tests.support.files.speech_clips import synthetic, word_error_rate

ERRORS_MAX = 0.35  # of words; a robot speaks, to the next to smallest model


@pytest.mark.long
@pytest.mark.parametrize(("name", "language"), [("en-4.ogg", "English"), ("de-5.ogg", "German")])
async def test_voice_message_becomes_what_was_said(sandbox: Sandbox, tmp_path: Path, name: str, language: str) -> None:
    (clip,) = (one for one in synthetic() if one.name == name)
    async with bot_with_models(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        dm = await ben.dm()
        await ben.voice(clip.content, len(clip.samples) / 16_000, channel=dm)
        await sandbox.until(lambda: "took" in ben.text(ben.messages(dm)[-1]["id"]), timeout_s=HEARD_WITHIN_S)
        (job,) = await jobs_of(bot, ben)
        assert job.state is State.DONE
        text = ben.text(ben.messages(dm)[-1]["id"])
        assert language in text
        assert job.outcome["text"] in text.replace("\\", "")
        assert word_error_rate([(clip.words, job.outcome["text"])]) <= ERRORS_MAX
        assert await available(bot, ben) == DAILY - 1
