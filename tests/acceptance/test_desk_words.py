"""Blocked words, wherever a member writes something that others can see: named to them, and nothing happens."""

from pathlib import Path

import pytest

from bot.sandbox.human.client import HumanClient, InteractionResult
from bot.sandbox.server import Sandbox
from db.people.shares import shares_of
from db.people.subjects import rename_subject, subjects_of_member
from db.queue.finding import jobs_of_member
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.private import run_privately
from tests.support.acceptance.training import photos, preflight, trained
from tests.support.acceptance.voice import transcript

WORD = "ghastly"
TOLD = f"The word `{WORD}` is blocked here."


async def blocked(sandbox: Sandbox) -> None:
    await run_privately(sandbox.member("ada"), "atelier words add", word=WORD)


async def refused(sandbox: Sandbox, who: HumanClient, shown: InteractionResult, *, before: int) -> None:
    """See that one more message names the word, to the one who wrote it alone."""
    await shown.done()
    await sandbox.until(lambda: sum(TOLD in who.text(one["id"]) for one in who.messages()) == before + 1)
    assert sum(TOLD in sandbox.member("ada").text(one["id"]) for one in sandbox.member("ada").messages()) == 0


async def opened(who: HumanClient) -> str:
    """Return the card of somebody's only subject."""
    overview = await (await who.slash("subjects")).answer()
    return str((await (await who.press(overview["id"], "Open")).answer())["id"])


async def names(bot: RunningBot, who: HumanClient) -> list[str]:
    return [subject.name for subject in await bot.services.db.read(subjects_of_member, int(who.id))]


@pytest.mark.parametrize("options", [{"name": "Ghastly Rex", "kind": "dog"}, {"name": "Rex", "kind": "ghastly dog"}])
async def test_word_in_what_is_to_be_taught_is_refused_before_a_photo_is_sent(
    sandbox: Sandbox, tmp_path: Path, options: dict[str, str]
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        await blocked(sandbox)
        await refused(sandbox, ben, await ben.slash("train", **options), before=0)
        assert ben.modals() == []
        assert await bot.services.files.list("uploads") == []


async def test_word_that_is_blocked_while_photos_are_looked_at_is_refused_at_the_go(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await preflight(ben, photos(4), name="Ghastly Rex")
        await blocked(sandbox)
        await refused(sandbox, ben, await ben.press(card, "I agree – start"), before=0)
        assert await names(bot, ben) == []
        assert (await bot.statement(ben)).available == DAILY


async def test_word_in_a_new_name_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        await trained(sandbox, ben)
        await blocked(sandbox)
        card = await opened(ben)
        form = await ben.press(card, "Rename")
        await refused(sandbox, ben, await form.submit(Name="Ghastly"), before=0)
        assert await names(bot, ben) == ["Blob"]
        form = await ben.press(card, "Rename")
        await (await form.submit(Name="Lovely")).answer()
        assert await names(bot, ben) == ["Lovely"]


async def test_subject_with_the_word_in_its_name_is_not_shared(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        await trained(sandbox, ben)
        (subject,) = await bot.services.db.read(subjects_of_member, int(ben.id))
        await bot.services.db.write(rename_subject, subject.id, "Ghastly")  # before it was blocked
        await blocked(sandbox)
        card = await opened(ben)
        await refused(sandbox, ben, await ben.press(card, "Share with this server"), before=0)
        await refused(sandbox, ben, await ben.select(card, "Share with a member, or stop sharing …", cleo.id), before=1)
        assert await bot.services.db.read(shares_of, subject.id) == []


async def test_word_in_what_was_said_is_refused_when_it_is_to_be_drawn(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await transcript(sandbox, ben, "A red heart")
        await blocked(sandbox)
        form = await ben.press(card, "Imagine this")
        await refused(sandbox, ben, await form.submit(Prompt="A GHASTLY heart"), before=0)
        assert [job.kind for job in await bot.services.db.read(jobs_of_member, int(ben.id))] == ["transcribe"]


async def test_word_that_is_blocked_by_now_is_not_drawn_again(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a ghastly heart")).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)
        await blocked(sandbox)
        await refused(sandbox, ben, await ben.press(card["id"], "Re-roll"), before=0)
        assert len(await bot.services.db.read(jobs_of_member, int(ben.id))) == 1
