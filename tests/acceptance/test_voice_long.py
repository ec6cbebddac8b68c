"""Two hours of real sound, sent like anything else: a clear answer, no charge, and no more memory than the file."""

import re
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from db.credits.statement import read_statement
from db.queue.finding import jobs_of_member
from db.queue.job import State
from tests.support.acceptance.bots import ALLOWANCE, DAILY, bot_process, bot_with_models, open_job_store
from tests.support.acceptance.voice import HEARD_WITHIN_S, available, jobs_of, refusal, sound
from tests.support.files.lying_clips import NOT_STATED, STATED

BESIDES_MAX = 48 << 20  # bytes; the file is 7 MB, and there twice while it is received


def peak_bytes(pid: int) -> int:
    """Return the most memory that a process ever had."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


@pytest.mark.parametrize("stated", [True, pytest.param(False, marks=pytest.mark.long)], ids=["stated", "not-stated"])
async def test_two_hours_in_a_file_are_refused_at_no_cost(sandbox: Sandbox, tmp_path: Path, stated: bool) -> None:
    content = STATED["ogg"]() if stated else NOT_STATED["webm"]()
    ben = sandbox.member("ben")
    async with bot_process(sandbox, tmp_path) as bot, open_job_store(tmp_path) as jobs:
        await sandbox.until(lambda: sandbox.bot_online)
        card = await (await ben.slash("transcribe", file=sound(1.0))).message()
        await sandbox.until(lambda: "> hello" in ben.text(card["id"]))
        before_bytes = peak_bytes(bot.pid)
        await ben.slash("transcribe", file=Upload(filename="talk.ogg", content=content))
        assert "That is longer than 30 min, the limit." in await refusal(sandbox, ben, timeout_s=90)
        assert peak_bytes(bot.pid) - before_bytes < BESIDES_MAX
        assert len(await jobs.db.read(jobs_of_member, int(ben.id))) == 1
        statement = await read_statement(jobs.db, int(ben.id), ALLOWANCE)
        assert (statement.available, statement.held) == (DAILY - 1, 0)
    assert len(list((tmp_path / "files" / "uploads").rglob("clip"))) == 1


@pytest.mark.long
async def test_two_hours_in_a_voice_message_of_twelve_seconds_are_found_out_and_given_back(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_with_models(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        message = await ben.voice(STATED["ogg"](), 12.0)
        card = await (await ben.context_menu("Transcribe", message_id=message["id"])).message()
        await sandbox.until(lambda: "refunded" in ben.text(card["id"]), timeout_s=HEARD_WITHIN_S)
        assert "**No transcript.** That clip is longer than it says it is." in ben.text(card["id"])
        (job,) = await jobs_of(bot, ben)
        assert (job.state, job.attempt, job.charged) == (State.FAILED, 1, 0)
        assert await available(bot, ben) == DAILY
        assert await bot.services.files.list("uploads") == []
