"""kill -9 of the bot while it listens: afterwards there is one text, one charge and one message."""

import asyncio
import math
from pathlib import Path

import pytest

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from db.credits.audit import audit
from db.credits.statement import read_statement
from db.queue.finding import jobs_of_member
from db.queue.job import State
from inference.pricing import SPEECH_SECONDS_PER_CREDIT
from tests.support.acceptance.bots import (
    ALLOWANCE,
    DAILY,
    REAL_ENGINES,
    RECOVERY_S,
    bot_process,
    open_job_store,
    until_all_delivered,
)
from tests.support.acceptance.engines import GATE
from tests.support.acceptance.voice import HEARD_WITHIN_S, said
from tests.support.files.speech_clips import human_or_skip, joined, word_error_rate
from tests.support.speech_weights import weights

WORDS = "First we come to the bridge, then we go on."
HELD = WORDS.replace("bridge", "gate")  # the engine stops at that word


@pytest.mark.long
@pytest.mark.parametrize("direct", [False, True], ids=["menu", "direct"])
async def test_clip_that_is_half_heard_survives_a_kill(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, direct: bool
) -> None:
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    ben = sandbox.member("ben")
    channel = await ben.dm() if direct else ben.channel()
    async with bot_process(sandbox, tmp_path / "data") as doomed:
        await sandbox.until(lambda: sandbox.bot_online)
        message = await said(sandbox, ben, HELD, channel=channel)
        if not direct:
            await ben.context_menu("Transcribe", message_id=message)
        await sandbox.until(lambda: "parts done" in newest(ben, channel))
        doomed.kill()
        await doomed.wait()
    (tmp_path / "open").touch()
    await ends_well(sandbox, tmp_path / "data", channel, HELD)


@pytest.mark.long
@pytest.mark.parametrize("stage", ["submit:after", "set_message:before", "settle:after", "mark_delivered:before"])
async def test_direct_message_survives_a_kill_of_the_bot(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    words = HELD if stage == "set_message:before" else WORDS  # a text that is done at once needs no card before it
    ben = sandbox.member("ben")
    dm = await ben.dm()
    async with bot_process(sandbox, tmp_path / "data", crash=stage) as doomed:
        await sandbox.until(lambda: sandbox.bot_online)
        await said(sandbox, ben, words, channel=dm)
        await asyncio.wait_for(doomed.wait(), 60)
    (tmp_path / "open").touch()
    await ends_well(sandbox, tmp_path / "data", dm, words)


@pytest.mark.long
async def test_long_clip_that_a_real_model_hears_goes_on_after_a_kill(sandbox: Sandbox, tmp_path: Path) -> None:
    weights("base")
    spoken = human_or_skip() * 4
    ben = sandbox.member("ben")
    dm = await ben.dm()
    content = joined(spoken)
    seconds = (len(content) - 44) / 32_000
    async with bot_process(sandbox, tmp_path, engines=REAL_ENGINES) as doomed:
        await sandbox.until(lambda: sandbox.bot_online)
        await ben.voice(content, seconds, channel=dm)
        async with asyncio.timeout(HEARD_WITHIN_S):
            while not any((tmp_path / "files").glob("jobs/*/checkpoint-1")):  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # another process writes; there is nothing to be woken by
        doomed.kill()
        await doomed.wait()
    async with bot_process(sandbox, tmp_path, engines=REAL_ENGINES), open_job_store(tmp_path) as jobs:
        await sandbox.until(lambda: "took" in newest(ben, dm), timeout_s=HEARD_WITHIN_S)
        (job,) = await jobs.db.read(jobs_of_member, int(ben.id))
        assert (job.state, job.attempt) == (State.DONE, 2)
        assert job.charged == math.ceil(seconds / SPEECH_SECONDS_PER_CREDIT)
        assert len(ben.messages(dm)) == 2  # the clip and its text
        assert (await read_statement(jobs.db, int(ben.id), ALLOWANCE)).available == DAILY - job.charged
        words = " ".join(clip.words for clip in spoken)
        assert word_error_rate([(words, job.outcome["text"])]) <= 0.05


def newest(who: HumanClient, channel: str) -> str:
    return who.text(who.messages(channel)[-1]["id"])


async def ends_well(sandbox: Sandbox, data_dir: Path, channel: str, words: str) -> None:
    """Start the bot again and see Ben's only clip written down once, in one message, and charged once."""
    ben = sandbox.member("ben")
    async with bot_process(sandbox, data_dir), open_job_store(data_dir) as jobs:
        await sandbox.until(lambda: words in newest(ben, channel), timeout_s=RECOVERY_S)
        await until_all_delivered(jobs)
        (job,) = await jobs.db.read(jobs_of_member, int(ben.id))
        assert (job.state, job.charged) == (State.DONE, 1)
        assert len(ben.messages(channel)) == 2  # the clip and its text
        statement = await read_statement(jobs.db, int(ben.id), ALLOWANCE)
        assert (statement.available, statement.held) == (DAILY - 1, 0)
        assert await jobs.db.read(audit) == []
