"""Who gets something is told in a direct message, once, if they take any; and so is a channel that becomes text."""

from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import GENERAL
from bot.shared.discord.limits import LIMITS, NOTICE
from db.moderation.channels import is_transcribed
from tests.support.acceptance.bots import RunningBot, bot_beside
from tests.support.acceptance.home import credits_offered
from tests.support.acceptance.training import trained

SHARE = "Share with a member, or stop sharing …"


@pytest.fixture
async def bot(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[RunningBot]:
    """Return a bot that offers all that it can."""
    async with bot_beside(sandbox, tmp_path, gifts=True, auto_transcription=True) as bot:
        yield bot


async def notices(who: HumanClient) -> list[str]:
    """Return what the bot wrote to a member."""
    channel = await who.dm()
    return [who.text(one["id"]) for one in who.messages(channel) if one["author"].get("bot")]


async def told(sandbox: Sandbox, who: HumanClient) -> str:
    """Return the first thing that the bot writes to a member."""
    channel = await who.dm()
    await sandbox.until(lambda: any(one["author"].get("bot") for one in who.messages(channel)))
    return (await notices(who))[0]


async def test_gift_tells_its_receiver(sandbox: Sandbox, bot: RunningBot) -> None:
    ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
    await (await ben.slash("gift", member=cleo.id, amount=5)).answer()
    text = await told(sandbox, cleo)
    assert f"<@{ben.id}> gave you 5 credits" in text
    assert "</quota mine:" in text
    assert await notices(ben) == []


async def test_grant_tells_its_receiver_why_and_taking_back_does_not(sandbox: Sandbox, bot: RunningBot) -> None:
    ada, ben, cleo = (sandbox.member(name) for name in ("ada", "ben", "cleo"))
    await credits_offered(sandbox, ada)
    await (await ada.slash("atelier-credits grant", member=cleo.id, amount=-3, reason="a mistake")).answer()
    await (await ada.slash("atelier-credits set", member=cleo.id, amount=1, reason="less")).answer()
    await (
        await ada.slash("atelier-credits grant", member=cleo.id, amount=7, reason="for @everyone [x](http://y)")
    ).answer()
    text = await told(sandbox, cleo)
    assert "`The Studio` gave you 7 credits" in text
    assert "@everyone" not in text
    assert "[x](" not in text
    await (await ada.slash("atelier-credits set", member=ben.id, amount=500, reason="prize")).answer()
    assert "gave you 400 credits: prize" in await told(sandbox, ben)
    assert len(await notices(cleo)) == 1


async def test_receiver_with_closed_direct_messages_is_left_alone(sandbox: Sandbox, bot: RunningBot) -> None:
    ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
    sandbox.container.world.users[cleo.id].dms_closed = True
    said = await (await ben.slash("gift", member=cleo.id, amount=5)).answer()
    await (await ben.slash("models")).answer()
    assert "That was kind!" in ben.text(said["id"])
    assert await notices(cleo) == []
    assert len(ben.messages()) == 2  # no complaint


async def test_receiver_is_not_flooded(sandbox: Sandbox, bot: RunningBot) -> None:
    ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
    (times,) = (limit.times for limit in LIMITS if NOTICE in limit.entries)
    for _ in range(times + 2):
        await (await ben.slash("gift", member=cleo.id, amount=1)).answer()
    channel = await cleo.dm()
    await sandbox.until(lambda: len(cleo.messages(channel)) == times)
    await (await ben.slash("models")).answer()
    assert len(await notices(cleo)) == times


async def test_shared_subject_tells_the_member_once_and_names_it(sandbox: Sandbox, bot: RunningBot) -> None:
    ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
    await trained(sandbox, ben)
    overview = await (await ben.slash("subjects")).answer()
    card = (await (await ben.press(overview["id"], "Open")).answer())["id"]
    for now in ("<@", "nobody", "<@"):  # shared, taken back, shared again
        await ben.select(card, SHARE, cleo.id)
        await sandbox.until(lambda now=now: f"Shared with {now}" in ben.text(card))  # type: ignore[misc]
    text = await told(sandbox, cleo)
    assert f"<@{ben.id}> shared their subject" in text
    assert "</imagine:" in text
    assert len(await notices(cleo)) == 1


async def test_channel_that_becomes_text_tells_its_members_once(sandbox: Sandbox, bot: RunningBot) -> None:
    ada, cleo = sandbox.member("ada"), sandbox.member("cleo")
    for state in ("on", "on"):
        await (await ada.slash("transcribe-channel", state=state)).answer()
    public = [cleo.text(one["id"]) for one in cleo.messages()]
    assert len(public) == 1
    assert "turn voice messages in this channel into text" in public[0]
    assert "</voice optout:" in public[0]
    assert await bot.services.db.read(is_transcribed, int(cleo.channel("general")))


async def test_operator_hears_that_a_channel_could_not_be_told(sandbox: Sandbox, bot: RunningBot) -> None:
    ada, cleo = sandbox.member("ada"), sandbox.member("cleo")
    sandbox.world_editor.deny(GENERAL, discord.Permissions(send_messages=True).value)
    said = await (await ada.slash("transcribe-channel", state="on")).answer()
    assert "please tell members yourself" in ada.text(said["id"])
    assert cleo.messages() == []
