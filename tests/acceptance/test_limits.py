"""What costs nothing cannot be done without end: commands, suggestions, buttons, forms and clips that are said."""

from pathlib import Path

import discord
from discord import app_commands

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import STUDIO
from bot.shared.discord.limits import AUTOCOMPLETE, LIMITS, MESSAGE, REFUSAL, RateLimit, RateLimits, entry_of
from tests.support.acceptance.bots import DAILY, bot_beside
from tests.support.acceptance.home import credits_offered
from tests.support.acceptance.voice import available, clip, jobs_of, transcript

TOO_OFTEN = "a lot in a short time"


def times(entry: str) -> int:
    """Return how often something may be done at once."""
    return next(limit.times for limit in LIMITS if entry in limit.entries)


async def answer(who: HumanClient, command: str) -> str:
    return who.text((await (await who.slash(command)).answer())["id"])


async def test_every_command_has_a_limit(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, gifts=True, auto_transcription=True) as bot:
        tree, home = bot.client.tree, discord.Object(STUDIO)
        await credits_offered(sandbox, sandbox.member("ada"))
        walked = [*tree.walk_commands(), *tree.walk_commands(guild=home)]
        commands = {entry_of(one) for one in walked if not isinstance(one, app_commands.Group)}
        menus = {entry_of(one) for one in tree.get_commands() if isinstance(one, app_commands.ContextMenu)}
        limited = {entry for limit in LIMITS for entry in limit.entries if entry.startswith(("/", "menu "))}
        assert limited == commands | menus


async def test_command_that_is_typed_too_often_waits_for_its_member_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        for _ in range(times("/help")):
            assert TOO_OFTEN not in await answer(ben, "help")
        assert TOO_OFTEN in await answer(ben, "help")
        assert TOO_OFTEN in await answer(ben, "queue")  # the same row
        assert TOO_OFTEN not in await answer(cleo, "help")
        assert TOO_OFTEN not in await answer(ben, "fast")  # another row


async def test_button_that_is_pressed_too_often_waits(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a red heart", count=1)).message()
        await sandbox.until(lambda: "Re-roll" in ben.buttons(card["id"]))
        history = await (await ben.slash("history")).answer()
        for _ in range(times("job:open")):
            shown = await (await ben.press(history["id"], "1")).answer()
            assert ben.pictures(shown["id"])
        refused = await (await ben.press(history["id"], "1")).answer()
        assert TOO_OFTEN in ben.text(refused["id"])
        assert ben.pictures(refused["id"]) == []
        assert await available(bot, ben) == DAILY - 1


async def test_suggestions_end_when_too_many_letters_are_typed(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        for _ in range(times(AUTOCOMPLETE)):
            assert await ben.autocomplete("transcribe", "language", language="ger")
        assert await ben.autocomplete("transcribe", "language", language="ger") == []


async def test_clips_that_are_said_too_often_are_not_heard_and_that_is_said_once(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    few = RateLimits(
        [RateLimit("clips said", 2, 60, (MESSAGE,)), RateLimit("refusals of clips said", 1, 60, (REFUSAL,))]
    )
    async with bot_beside(sandbox, tmp_path, limits=few) as bot:
        ben = sandbox.member("ben")
        channel = await ben.dm()
        for number in range(5):
            await ben.voice(clip(f"Sentence {number}."), 3.0, channel=channel)
        await sandbox.until(lambda: any(TOO_OFTEN in ben.text(one["id"]) for one in ben.messages(channel)))
        await sandbox.until(lambda: "Sentence 1." in "".join(ben.text(one["id"]) for one in ben.messages(channel)))
        assert sum(TOO_OFTEN in ben.text(one["id"]) for one in ben.messages(channel)) == 1
        assert len(await jobs_of(bot, ben)) == 2


async def test_form_that_is_sent_too_often_changes_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    few = RateLimits([RateLimit("changes", 1, 60, ("form Imagine this",))])
    async with bot_beside(sandbox, tmp_path, limits=few) as bot:
        ben = sandbox.member("ben")
        card = await transcript(sandbox, ben, "A red heart.")
        for _ in range(2):
            sent = await (await ben.press(card, "Imagine this")).submit(Prompt="a red heart")
            said = await sent.answer()
        assert TOO_OFTEN in ben.text(said["id"])
        assert [job.kind for job in await jobs_of(bot, ben)] == ["image", "transcribe"]
