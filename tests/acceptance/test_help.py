"""/help by topic, and the answer to those who say hello: to them, briefly, and where the bot may be used."""

from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest

from bot.features.help.topics import topics_for
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import GENERAL, LOBBY, STUDIO
from bot.shared.discord.limits import GREETING, LIMITS
from tests.support.acceptance.bots import RunningBot, bot_beside
from tests.support.acceptance.home import CREDITS, credits_offered
from tests.support.acceptance.messages import alt_texts
from tests.support.acceptance.voice import clip

EPHEMERAL = 64
MENU = "What would you like to know?"
HELLO = "hello, what can you do?"


@pytest.fixture
async def bot(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[RunningBot]:
    """Return a bot that offers all that it can."""
    async with bot_beside(sandbox, tmp_path, gifts=True, auto_transcription=True) as bot:
        yield bot


def answers(who: HumanClient, channel: str | None = None) -> list[str]:
    """Return what the bot said in a channel."""
    return [who.text(one["id"]) for one in who.messages(channel) if one["author"].get("bot")]


async def settled(sandbox: Sandbox, who: HumanClient) -> None:
    """Wait until the bot has seen what was said before: it hears events in their order, and answers this one."""
    before = len(who.messages())
    await (await who.slash("models")).answer()
    await sandbox.until(lambda: len(who.messages()) > before)


async def test_topics_name_every_command_so_that_it_can_be_clicked(sandbox: Sandbox, bot: RunningBot) -> None:
    ada = sandbox.member("ada")
    await credits_offered(sandbox, ada)
    shown = await (await ada.slash("help")).answer()
    assert shown["flags"] & EPHEMERAL
    told = ada.text(shown["id"])
    for topic in topics_for(operator=True).values():
        await ada.select(shown["id"], MENU, topic.key)
        await sandbox.until(lambda topic=topic: topic.title in ada.text(shown["id"]))  # type: ignore[misc]
        assert alt_texts(ada.message(shown["id"])) == [f"Drawn by my built-in model: {', '.join(topic.pictures)}"]
        told += ada.text(shown["id"])
    tree = bot.client.tree
    all_here = [*await tree.fetch_commands(), *await tree.fetch_commands(guild=discord.Object(STUDIO))]
    registered = {one.name: one for one in all_here if one.type.value == 1}
    assert CREDITS in registered
    assert len(registered) >= 16
    assert [name for name, command in registered.items() if name != "help" and f":{command.id}>" not in told] == []
    assert "Transcribe*" in told


async def test_members_who_are_no_operators_are_not_offered_what_operators_do(
    sandbox: Sandbox, bot: RunningBot
) -> None:
    ben = sandbox.member("ben")
    shown = await (await ben.slash("help")).answer()
    assert "For operators" not in str(ben.message(shown["id"]))


@pytest.mark.parametrize(("channel", "at_home"), [(GENERAL, True), (LOBBY, False)])
async def test_operators_read_about_credits_in_home_servers_only(
    sandbox: Sandbox, bot: RunningBot, channel: str, at_home: bool
) -> None:
    ada = sandbox.member("ada")
    await credits_offered(sandbox, ada)
    shown = await (await ada.slash("help", channel=channel)).answer()
    await ada.select(shown["id"], MENU, "operators")
    await sandbox.until(lambda: "/atelier ban:" in ada.text(shown["id"]))
    assert ("</atelier-credits grant:" in ada.text(shown["id"])) is at_home


async def test_ids_of_commands_are_known_after_a_start_that_registers_none(sandbox: Sandbox, tmp_path: Path) -> None:
    for _ in range(2):
        async with bot_beside(sandbox, tmp_path):
            ben = sandbox.member("ben")
            shown = await (await ben.slash("help")).answer()
            assert "</imagine:" in ben.text(shown["id"])


async def test_hello_in_a_direct_message_is_answered(sandbox: Sandbox, bot: RunningBot) -> None:
    ben = sandbox.member("ben")
    channel = await ben.dm()
    await ben.say(HELLO, channel=channel)
    await sandbox.until(lambda: len(answers(ben, channel)) == 1)
    assert answers(ben, channel)[0].startswith("Hello!")
    (answer,) = (one for one in ben.messages(channel) if one["author"].get("bot"))
    await ben.select(answer["id"], MENU, "voice")
    await sandbox.until(lambda: "send me a voice message" in ben.text(answer["id"]))


async def test_mention_is_answered_and_notifies_nobody(sandbox: Sandbox, bot: RunningBot) -> None:
    ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
    await ben.say("hello everybody")
    said = await ben.say(f"<@{sandbox.container.world.bot_id}> {HELLO}")
    await sandbox.until(lambda: len(answers(ben)) == 1)
    (answer,) = (one for one in ben.messages() if one["author"].get("bot"))
    assert answer["message_reference"]["message_id"] == said["id"]
    assert answer["mentions"] == []
    private = await (await cleo.select(answer["id"], MENU, "credits")).answer()
    assert private["flags"] & EPHEMERAL
    assert ben.text(answer["id"]).startswith("Hello!")


async def test_mention_is_heard_without_the_privileged_intent(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        await ben.say(f"<@{sandbox.container.world.bot_id}> {HELLO}")
        await sandbox.until(lambda: len(answers(ben)) == 1)


async def test_reply_to_a_card_is_no_call(sandbox: Sandbox, bot: RunningBot) -> None:
    ben = sandbox.member("ben")
    card = await (await ben.slash("imagine", prompt="a red heart")).message()
    await ben.say("so pretty!", reply_to=card["id"])
    await settled(sandbox, ben)
    assert not any("Hello!" in text for text in answers(ben))


async def test_banned_members_and_closed_channels_get_no_answer(sandbox: Sandbox, bot: RunningBot) -> None:
    ada, ben, cleo = (sandbox.member(name) for name in ("ada", "ben", "cleo"))
    await (await ada.slash("atelier ban", member=ben.id, reason="spam")).answer()
    await (await ada.slash("atelier channels forbid", channel_=cleo.channel("general"))).answer()
    for who in (ben, cleo):
        await who.say(f"<@{sandbox.container.world.bot_id}> {HELLO}")
    await settled(sandbox, cleo)
    assert not any("Hello!" in text for text in answers(cleo))


async def test_many_hellos_are_answered_a_few_times(sandbox: Sandbox, bot: RunningBot) -> None:
    ben = sandbox.member("ben")
    channel = await ben.dm()
    (times,) = (limit.times for limit in LIMITS if GREETING in limit.entries)
    for _ in range(times + 3):
        await ben.say(HELLO, channel=channel)
    await sandbox.until(lambda: len(answers(ben, channel)) == times)
    await settled(sandbox, ben)
    assert len(answers(ben, channel)) == times


async def test_voice_message_in_a_direct_message_is_heard_and_not_greeted(sandbox: Sandbox, bot: RunningBot) -> None:
    ben = sandbox.member("ben")
    channel = await ben.dm()
    await ben.voice(clip("a red heart"), 2.0, channel=channel)
    await sandbox.until(lambda: any("a red heart" in text for text in answers(ben, channel)))
    assert not any("Hello!" in text for text in answers(ben, channel))
