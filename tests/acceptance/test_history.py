"""/history as people look: thumbnails, pages, a search; what is opened, drawn again, and what it is related to."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from PIL import Image

from bot.features.history.pages import PAGE
from bot.features.imagine.comparing import FIRST_GONE, IDENTICAL
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import AFTER_DARK
from bot.shared.results import forget_results, picture_names
from db.file_keys import job_file
from db.queue.finding import jobs_of_member
from db.queue.job import Job, State
from db.tables import jobs
from inference.requests import ImageRequest, from_json
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.messages import alt_texts
from tests.support.acceptance.pictures import settled
from tests.support.acceptance.varying import newest
from tests.support.bot.catalogues import CATALOGUE, LARGE, TINY

EPHEMERAL = 64


async def drawn(sandbox: Sandbox, bot: RunningBot, who: HumanClient, prompt: str, **options: Any) -> Job:
    """Have pictures drawn, and return their job once they were delivered."""
    await (await who.slash("imagine", prompt=prompt, **{"count": 1, **options})).answer()
    await settled(sandbox, bot, who)
    return await latest(bot, who)


async def latest(bot: RunningBot, who: HumanClient) -> Job:
    return (await bot.services.db.read(jobs_of_member, int(who.id), limit=1))[0]


async def looked(who: HumanClient, channel: str | None = None, **options: str) -> str:
    """Return the page that /history shows."""
    return str((await (await who.slash("history", channel=channel, **options)).answer())["id"])


async def opened(who: HumanClient, page: str, number: str = "1") -> str:
    """Return the message of what a page's button opens."""
    return str((await (await who.press(page, number)).answer())["id"])


async def test_page_shows_a_thumbnail_of_each_and_turns(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        await drawn(sandbox, bot, cleo, "a blue cat")
        for number in range(PAGE + 1):
            await (await ben.slash("imagine", prompt=f"heart {number}", count=1, seed=number)).answer()
        await settled(sandbox, bot, ben)
        page = await looked(ben)
        assert ben.message(page)["flags"] & EPHEMERAL
        assert [text.split(" --")[0] for text in alt_texts(ben.message(page))] == [
            f"{at}: heart {PAGE + 1 - at}" for at in range(1, PAGE + 1)
        ]
        assert "a blue cat" not in ben.text(page)
        with Image.open(io.BytesIO(ben.read(ben.pictures(page)[0]))) as thumbnail:
            assert (thumbnail.format, thumbnail.size) == ("WEBP", (320, 320))
        assert ben.buttons(page) == [*map(str, range(1, PAGE + 1)), "Older", "Search"]
        await ben.press(page, "Older")
        await sandbox.until(lambda: len(ben.pictures(page)) == 1)
        assert "heart 0" in ben.text(page)
        assert "heart 1" not in ben.text(page)
        await ben.press(page, "Newer")
        await sandbox.until(lambda: len(ben.pictures(page)) == PAGE)
        assert sandbox.unimplemented == []


async def test_search_by_command_and_form_stays_when_pages_turn(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        for number in range(PAGE + 1):
            await (await ben.slash("imagine", prompt=f"a red heart {number}", count=1)).answer()
        await drawn(sandbox, bot, ben, "a blue cat", model="large")
        page = await looked(ben, words="HEART red")
        assert "words `HEART red`" in ben.text(page)
        assert "a blue cat" not in ben.text(page)
        await ben.press(page, "Older")
        await sandbox.until(lambda: len(ben.pictures(page)) == 1)
        assert "words `HEART red`" in ben.text(page)
        await (await ben.press(page, "Search")).submit(Words="", Model=["large"])
        await sandbox.until(lambda: "model `large`" in ben.text(page))
        assert len(ben.pictures(page)) == 1
        assert "a blue cat" in ben.text(page)
        await (await ben.press(page, "Search")).submit(Date="1999")
        await sandbox.until(lambda: "Nothing found" in ben.text(page))
        await ben.slash("history", date="soon")
        await sandbox.until(lambda: "can't read that `date`" in ben.text(newest(ben)))
        assert [one["name"] for one in await ben.autocomplete("history", "model", model="lar")] == ["large"]
        assert "last 7 days" in [one["name"] for one in await ben.autocomplete("history", "date", date="")]


async def test_what_cannot_be_shown_says_why(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        await forget_results(bot.services, await drawn(sandbox, bot, ben, "an expired heart"))
        await drawn(sandbox, bot, ben, "a dark heart", channel=AFTER_DARK)
        await drawn(sandbox, bot, ben, "a private heart", private=True)
        page = await looked(ben)
        assert [text[0] for text in alt_texts(ben.message(page))] == ["1"]  # the private one: nobody else sees that
        lines = ben.text(page)
        assert "in age-restricted channels only" in lines
        assert "no longer kept" in lines
        shown = await opened(ben, page)
        assert len(ben.pictures(shown)) == 1
        assert "Jump to message" not in ben.buttons(shown)
        assert "Draw again exactly" in ben.buttons(shown)
        expired = await opened(ben, page, "3")
        assert "I no longer have these pictures" in ben.text(expired)
        await (await ben.press(expired, "Draw again exactly")).answer()
        await settled(sandbox, bot, ben)
        assert not any("an expired heart" in ada.text(one["id"]) for one in ada.messages()[1:])
        dark = await looked(ben, AFTER_DARK)
        assert [text[0] for text in alt_texts(ben.message(dark))] == ["1", "2", "3"]


async def test_opened_result_leads_to_its_message_while_that_is_there(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        job = await drawn(sandbox, bot, ben, "a red heart")
        page = await looked(ben)
        shown = await opened(ben, page)
        where = f"https://discord.com/channels/{job.guild_id}/{job.channel_id}/{job.message_id}"
        assert where in str(ben.message(shown))
        await bot.client.get_partial_messageable(job.channel_id).get_partial_message(job.message_id or 0).delete()
        gone = await opened(ben, page)
        assert "Its message was deleted" in ben.text(gone)
        assert where not in str(ben.message(gone))
        assert len(ben.pictures(gone)) == 1


async def test_drawn_again_exactly_says_whether_each_pixel_is_the_same(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        first = await drawn(sandbox, bot, ben, "a red heart --no text", count=2)
        shown = await opened(ben, await looked(ben))
        card = str((await (await ben.press(shown, "Draw again exactly")).answer())["id"])
        await settled(sandbox, bot, ben)
        again = await latest(bot, ben)
        assert (again.request, again.source_job_id, again.private) == (first.request, first.id, True)
        assert IDENTICAL in ben.text(card)
        assert (await bot.statement(ben)).available == DAILY - 4
        stream = io.BytesIO()
        Image.new("RGB", (16, 16), "red").save(stream, "PNG")
        await bot.services.files.put(job_file(first.id, picture_names(first)[1]), stream.getvalue())
        shown = await opened(ben, await looked(ben), "2")
        card = str((await (await ben.press(shown, "Draw again exactly")).answer())["id"])
        await settled(sandbox, bot, ben)
        assert "1 of 2 pictures differ" in ben.text(card)
        await forget_results(bot.services, first)
        card = str((await (await ben.press(shown, "Draw again exactly")).answer())["id"])
        await settled(sandbox, bot, ben)
        assert FIRST_GONE in ben.text(card)
        rolled = str((await (await ben.press(card, "Re-roll")).answer())["id"])
        await settled(sandbox, bot, ben)
        assert "dentical" not in ben.text(rolled)


async def test_model_that_changed_or_is_gone_draws_as_it_is_today(sandbox: Sandbox, tmp_path: Path) -> None:
    ben = sandbox.member("ben")
    before = replace(CATALOGUE, images=(TINY, LARGE.model_copy(update={"revision": "a" * 40})))
    async with bot_beside(sandbox, tmp_path, catalogue=before) as bot:
        first = await drawn(sandbox, bot, ben, "a red heart --ar 3:2 --steps 30", model="large")
        shown = await opened(ben, await looked(ben))
        assert "Draw again exactly" in ben.buttons(shown)
    after = replace(CATALOGUE, images=(TINY, LARGE.model_copy(update={"revision": "b" * 40})))
    async with bot_beside(sandbox, tmp_path, catalogue=after) as bot:
        refusal = await (await ben.press(shown, "Draw again exactly")).answer()
        assert "The model has changed" in ben.text(refusal["id"])
        today = await opened(ben, await looked(ben))
        assert "Draw again exactly" not in ben.buttons(today)
        card = str((await (await ben.press(today, "Draw with today's model")).answer())["id"])
        await settled(sandbox, bot, ben)
        assert "dentical" not in ben.text(card)
        assert (await latest(bot, ben)).request == first.request | {"revision": "b" * 40}
    async with bot_beside(sandbox, tmp_path, catalogue=replace(CATALOGUE, images=(TINY,))) as bot:
        gone = await opened(ben, await looked(ben, model="large"), "2")
        await (await ben.press(gone, "Draw with today's model")).answer()
        await settled(sandbox, bot, ben)
        drawn_today = from_json((await latest(bot, ben)).request)
        assert isinstance(drawn_today, ImageRequest)
        assert (drawn_today.model, drawn_today.seed, drawn_today.steps) == ("tiny", first.request["seed"], TINY.steps)
        assert (drawn_today.words, drawn_today.parameters) == ("a red heart", ("--ar 3:2", "--count 1"))
        assert (drawn_today.width_px, drawn_today.height_px) == (152, 104)


async def test_family_is_walked_from_parent_to_child_and_back(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        parent = await drawn(sandbox, bot, ben, "a red heart")
        card = str(parent.message_id)
        await (await ben.press(card, "Vary (Subtle)")).answer()
        await settled(sandbox, bot, ben)
        child = await latest(bot, ben)
        await (await cleo.press(card, "Vary (Subtle)")).done()
        await sandbox.until(lambda: "Draw it for you?" in cleo.text(newest(cleo)))
        await cleo.press(newest(cleo), "Continue")
        await sandbox.until(lambda: len(cleo.pictures(newest(cleo))) == 4)
        shown = await opened(ben, await looked(ben), "2")
        menu = "Family: 1 job made from it"
        assert str(child.id) in str(ben.message(shown))
        assert (await latest(bot, cleo)).id not in str(ben.message(shown))  # others' are not one's own
        await (await ben.select(shown, menu, child.id)).done()
        await sandbox.until(lambda: "Vary (Subtle) of" in ben.text(shown))
        assert f"/{card})" in ben.text(shown)  # 'from' leads to the message
        await (await ben.select(shown, "Family: what it was made from", parent.id)).done()
        await sandbox.until(lambda: menu in str(ben.message(shown)))
        assert len(ben.pictures(shown)) == 1


async def test_failed_job_is_there_with_its_reason_and_another_try(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        job = await drawn(sandbox, bot, ben, "a red heart")
        await bot.services.db.write(_fail, job.id)
        page = await looked(ben)
        assert "⚠️ `a red heart`\n" in ben.text(page)
        assert ben.pictures(page) == []
        shown = await opened(ben, page)
        assert "No pictures" in ben.text(shown)
        assert "Try again" in ben.buttons(shown)
        assert "Draw again exactly" not in ben.buttons(shown)


def _fail(connection: sa.Connection, job_id: str) -> None:
    failed = {"state": State.FAILED.value, "error_code": "out_of_memory", "outcome": {}, "charged": 0}
    connection.execute(jobs.update().where(jobs.c.id == job_id).values(failed))
