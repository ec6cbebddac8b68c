"""Delivery: the result arrives, once, by the first method that works, and private things stay private."""

from pathlib import Path

import discord
import pytest

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import GENERAL, STUDIO
from bot.shared.files.pictures import read_parameters
from bot.shared.results import forget_results
from db.queue.finding import jobs_of_member
from db.queue.job import End, State
from tests.support.acceptance.bots import RunningBot, bot_beside
from tests.support.acceptance.delivery import TOKEN_S, half_done, until_delivered
from tests.support.acceptance.engines import GATE, SLOTS


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that lets jobs with 'gate' in their prompt go on."""
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    return tmp_path / "open"


async def how(bot: RunningBot, who: HumanClient) -> str | None:
    """Return the rung by which somebody's newest job was delivered."""
    return (await bot.services.db.read(jobs_of_member, int(who.id)))[0].delivered_how


async def test_result_after_the_tokens_end_still_reaches_its_card(sandbox: Sandbox, tmp_path: Path, gate: Path) -> None:
    async with bot_beside(sandbox, tmp_path / "data") as bot:
        ben = sandbox.member("ben")
        card = await half_done(sandbox, ben)
        sandbox.clock.advance(TOKEN_S + 60)
        gate.touch()
        await sandbox.until(lambda: len(ben.pictures(card)) == 4)
        assert len(ben.messages()) == 1
        assert sandbox.notified == []
        await until_delivered(bot, ben)
        assert await how(bot, ben) == "message"


async def test_token_that_was_refused_is_not_tried_again(sandbox: Sandbox, tmp_path: Path, gate: Path) -> None:
    async with bot_beside(sandbox, tmp_path / "data") as bot:
        ben = sandbox.member("ben")
        card = await half_done(sandbox, ben)
        sandbox.container.interactions.expire_tokens()
        (job,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        await bot.services.jobs.cancel(job.id, by_user=1)  # the card says that it is stopping …
        await sandbox.until(lambda: "Stopping" in ben.text(card))
        gate.touch()
        await until_delivered(bot, ben)  # … and then how it ended
        refused = [one for one in sandbox.requests if one.status == 401]
        assert [one.method for one in refused] == ["PATCH"]


async def test_result_whose_card_is_gone_is_posted_and_tells_its_requester_alone(
    sandbox: Sandbox, tmp_path: Path, gate: Path
) -> None:
    async with bot_beside(sandbox, tmp_path / "data") as bot:
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        card = await half_done(sandbox, ben)
        sandbox.clock.advance(TOKEN_S + 60)
        await ada.do("delete", message_id=card)
        gate.touch()
        await sandbox.until(lambda: ben.messages() and len(ben.pictures(ben.messages()[0]["id"])) == 4)
        assert [one["users"] for one in sandbox.notified] == [[ben.id]]
        await until_delivered(bot, ben)
        assert await how(bot, ben) == "channel"


async def test_result_whose_channel_is_gone_comes_as_a_direct_message(
    sandbox: Sandbox, tmp_path: Path, gate: Path
) -> None:
    async with bot_beside(sandbox, tmp_path / "data") as bot:
        ben = sandbox.member("ben")
        await half_done(sandbox, ben)
        sandbox.world_editor.delete_channel(GENERAL)
        gate.touch()
        dm = await ben.dm()
        await sandbox.until(lambda: ben.messages(dm) and len(ben.pictures(ben.messages(dm)[0]["id"])) == 4)
        await until_delivered(bot, ben)
        assert await how(bot, ben) == "dm"


async def test_result_in_a_channel_where_the_bot_may_not_write_comes_as_a_direct_message(
    sandbox: Sandbox, tmp_path: Path, gate: Path
) -> None:
    async with bot_beside(sandbox, tmp_path / "data"):
        ben = sandbox.member("ben")
        await half_done(sandbox, ben)
        sandbox.clock.advance(TOKEN_S + 60)
        sandbox.world_editor.deny(GENERAL, discord.Permissions(view_channel=True, send_messages=True).value)
        gate.touch()
        dm = await ben.dm()
        await sandbox.until(lambda: ben.messages(dm) and len(ben.pictures(ben.messages(dm)[0]["id"])) == 4)


async def test_result_that_nobody_takes_is_kept_for_history(sandbox: Sandbox, tmp_path: Path, gate: Path) -> None:
    async with bot_beside(sandbox, tmp_path / "data") as bot:
        ben = sandbox.member("ben")
        await half_done(sandbox, ben)
        sandbox.world_editor.delete_channel(GENERAL)
        sandbox.world_editor.close_dms(ben.id)
        gate.touch()
        await until_delivered(bot, ben)
        assert await how(bot, ben) == "kept"
        history = await (await ben.slash("history")).answer()
        shown = await (await ben.press(history["id"], "1")).answer()
        assert len(ben.pictures(shown["id"])) == 4


async def test_private_result_after_the_tokens_end_comes_as_a_direct_message_and_nowhere_else(
    sandbox: Sandbox, tmp_path: Path, gate: Path
) -> None:
    async with bot_beside(sandbox, tmp_path / "data"):
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        await half_done(sandbox, ben, private=True)
        sandbox.clock.advance(TOKEN_S + 60)
        gate.touch()
        dm = await ben.dm()
        await sandbox.until(lambda: ben.messages(dm) and len(ben.pictures(ben.messages(dm)[0]["id"])) == 4)
        assert ada.messages() == []


async def test_pictures_beyond_the_servers_limit_are_made_to_fit(sandbox: Sandbox, tmp_path: Path, gate: Path) -> None:
    sandbox.world_editor.set_upload_limit(STUDIO, 20_000)
    async with bot_beside(sandbox, tmp_path / "data"):
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="pure noise", count=1)).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 1)
        content = ben.read(ben.pictures(card["id"])[0])
        assert content[8:12] == b"WEBP"
        assert len(content) <= 20_000
        assert "Steps: 20" in read_parameters(content)
        assert 413 not in {request.status for request in sandbox.requests}


async def test_pictures_that_the_platform_finds_too_large_are_sent_smaller(
    sandbox: Sandbox, tmp_path: Path, gate: Path
) -> None:
    async with bot_beside(sandbox, tmp_path / "data"):
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="noise behind a gate")).answer()
        await sandbox.until(lambda: "step" in ben.text(card["id"]))
        sandbox.world_editor.set_upload_limit(STUDIO, 10_000)  # nobody told the bot
        gate.touch()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)
        assert all(len(ben.read(url)) <= 10_000 for url in ben.pictures(card["id"]))
        assert 413 in {request.status for request in sandbox.requests}


async def test_what_ended_while_the_bot_was_away_is_delivered_when_it_is_back(
    sandbox: Sandbox, tmp_path: Path, gate: Path
) -> None:
    async with bot_beside(sandbox, tmp_path / "data"):
        ben = sandbox.member("ben")
        card = await half_done(sandbox, ben)
    gate.touch()
    async with bot_beside(sandbox, tmp_path / "data"):
        await sandbox.until(lambda: len(ben.pictures(card)) == 4)
        assert len(ben.messages()) == 1


async def test_job_that_is_deleted_while_it_ends_leaves_nothing(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLOTS, "0")  # the test computes
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, jobs, files = sandbox.member("ben"), bot.services.jobs, bot.services.files
        card = await (await ben.slash("imagine", prompt="a red heart", count=1)).answer()
        (job,) = await jobs.claim(owner="the test", kinds=["image"], limit=1, lease_s=60)
        await forget_results(bot.services, job)
        await files.put(f"jobs/{job.id}/1.png", b"made in the same moment")
        end = End(state=State.DONE, charge=job.price, outcome={"files": {"1.png": {}}})
        assert await jobs.settle(owner="the test", job_id=job.id, attempt=job.attempt, end=end)
        await until_delivered(bot, ben)
        assert await how(bot, ben) == "deleted"
        assert (await jobs.db.read(jobs_of_member, int(ben.id)))[0].outcome == {}
        assert await files.list(f"jobs/{job.id}") == []
        assert ben.pictures(card["id"]) == []
