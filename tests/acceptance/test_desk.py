"""/atelier: what operators decide counts, and costs nobody anything."""

from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.permissions import Permission
from bot.sandbox.state.seed import AFTER_DARK, VOICE_NOTES
from db.queue.finding import jobs_of_member
from db.queue.job import State
from inference.catalogue import Catalogue
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.engines import SLOTS
from tests.support.acceptance.private import EPHEMERAL, run_privately
from tests.support.bot.catalogues import HEARS, LARGE, TINY


@pytest.fixture
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every job stay in the queue."""
    monkeypatch.setenv(SLOTS, "0")


async def refused(sandbox: Sandbox, who: HumanClient, words: str, bot: RunningBot, **options: Any) -> None:
    """See that drawing is refused with these words, to the one who asked alone, and costs nothing."""
    before = [job.id for job in await bot.services.db.read(jobs_of_member, int(who.id))]
    shown = await who.slash("imagine", **({"prompt": "a red heart"} | options))
    await shown.done()
    channel = options.get("channel")
    await sandbox.until(lambda: any(words in who.text(one["id"]) for one in who.messages(channel)))
    (told,) = [one for one in who.messages(channel) if words in who.text(one["id"])]
    assert told["flags"] & EPHEMERAL
    assert [job.id for job in await bot.services.db.read(jobs_of_member, int(who.id))] == before
    assert (await bot.statement(who)).available == DAILY


async def test_paused_studio_takes_nothing_and_keeps_what_waits(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        await run_privately(ada, "atelier pause", notice="New lamps until noon.")
        await refused(sandbox, ben, "I'm paused: New lamps until noon.\nJobs in the queue are kept", bot)
        assert "Resumed" in await run_privately(ada, "atelier resume")
        card = await (await ben.slash("imagine", prompt="a red heart")).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)


@pytest.mark.usefixtures("nothing_runs")
async def test_banned_member_is_refused_and_loses_what_waits(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ada, ben, cleo = (sandbox.member(name) for name in ("ada", "ben", "cleo"))
        await (await ben.slash("imagine", prompt="a red heart")).answer()
        await run_privately(ada, "atelier ban", member=ben.id, reason="spam")
        (job,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        assert job.state is State.CANCELLED
        await refused(sandbox, ben, "banned you from using me here", bot)
        await refused(sandbox, ben, "banned you from using me here", bot, channel=await ben.dm())
        await (await cleo.slash("imagine", prompt="a blue cat")).answer()
        assert "can use me again" in await run_privately(ada, "atelier unban", member=ben.id)
        await (await ben.slash("imagine", prompt="a red heart")).answer()
        assert len(await bot.services.db.read(jobs_of_member, int(ben.id))) == 2
        log = await run_privately(ada, "atelier log")
        assert f"<@{ada.id}> **ban** <@{ben.id}>: spam" in log
        assert "**unban**" in log


async def test_blocked_word_is_named_and_not_charged(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        await run_privately(ada, "atelier words add", word="Müll")
        assert await run_privately(ada, "atelier words list") == "`Müll`"
        await refused(sandbox, ben, "The word `Müll` is blocked here", bot, prompt="a heap of MU\u0308LL, please")
        card = await (await ben.slash("imagine", prompt="a muller at work")).message()  # a word of its own
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)
        assert "Unblocked `mull`" in await run_privately(ada, "atelier words remove", word="mull")


async def test_channels_are_open_where_operators_say_so(sandbox: Sandbox, tmp_path: Path) -> None:
    ada, ben = sandbox.member("ada"), sandbox.member("ben")
    sandbox.container.world.channels[AFTER_DARK].denied[ben.id] = int(Permission.VIEW_CHANNEL)
    async with bot_beside(sandbox, tmp_path) as bot:
        await run_privately(ada, "atelier channels allow", channel_=AFTER_DARK)
        await refused(sandbox, ben, "can't be used in this channel. Please try another one", bot)
        await run_privately(ada, "atelier channels clear", channel_=AFTER_DARK)
        assert "No channel has a rule" in await run_privately(ada, "atelier channels list")
        said = await run_privately(ada, "atelier channels allow", channel_=VOICE_NOTES)
        assert "I now work in allowed channels only" in said
        assert f"<#{VOICE_NOTES}> allowed" in said
        assert said == await run_privately(ada, "atelier channels list")
        await run_privately(ada, "atelier channels allow", channel_=AFTER_DARK)  # which Ben does not see
        await refused(sandbox, ben, f"can't be used in this channel. Please try <#{VOICE_NOTES}>.", bot)
        card = await (await ben.slash("imagine", prompt="a red heart", channel=VOICE_NOTES)).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)


async def test_model_for_adults_is_used_in_age_restricted_channels_only(sandbox: Sandbox, tmp_path: Path) -> None:
    catalogue = Catalogue(images=(TINY, LARGE.model_copy(update={"age_restricted": True})), speech=(HEARS,))
    async with bot_beside(sandbox, tmp_path, catalogue=catalogue) as bot:
        ben = sandbox.member("ben")
        await refused(sandbox, ben, "only in age-restricted channels", bot, model="large")
        card = await (await ben.slash("imagine", prompt="a red heart", model="large", channel=AFTER_DARK)).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)
