"""/blend: pictures that a model is shown, or whose average it begins from; looked at before a credit moves."""

import io
from pathlib import Path
from typing import Any

from PIL import Image

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from db.file_keys import UPLOADS
from db.queue.finding import jobs_of_member
from db.queue.job import Job
from inference.requests import ImageRequest, from_json
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.menus import press_more
from tests.support.acceptance.pictures import settled
from tests.support.bot.catalogues import WITH_EDITING
from tests.support.files.photos import encoded


def plain(colour: str, size: tuple[int, int] = (128, 128)) -> Upload:
    return Upload(filename=f"{colour}.png", content=encoded(Image.new("RGB", size, colour)), content_type="image/png")


RED, BLUE, BLACK = plain("#f00000"), plain("#0000f0", (256, 128)), plain("#000000")


async def newest(bot: RunningBot, who: HumanClient) -> tuple[Job, ImageRequest]:
    """Return what somebody asked for last, with its request."""
    job = (await bot.services.db.read(jobs_of_member, int(who.id)))[0]
    request = from_json(job.request)
    assert isinstance(request, ImageRequest)
    return job, request


async def refused(sandbox: Sandbox, who: HumanClient, sentence: str) -> None:
    await sandbox.until(lambda: any(sentence in who.text(one["id"]) for one in who.messages()))


async def test_pictures_are_averaged_where_the_model_cannot_be_shown_them(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = (await (await ben.slash("blend", image1=RED, image2=BLUE, image3=BLACK, count=1)).message())["id"]
        await sandbox.until(lambda: "from the average of 3 pictures · strength 70%" in ben.text(card))
        job, request = await newest(bot, ben)
        assert request.init is not None
        assert (request.prompt, request.words) == ("", "Blend these pictures into one")
        assert await bot.services.files.list(UPLOADS) == [request.init.key]
        with Image.open(io.BytesIO(await bot.services.files.get(request.init.key))) as kept:
            assert kept.size == (request.width_px, request.height_px)
            assert kept.getextrema() == ((80, 80), (0, 0), (80, 80))
        await settled(sandbox, bot, ben)
        assert (await newest(bot, ben))[0].charged == 1
        again = (await (await ben.press(card, "Re-roll")).message())["id"]
        await sandbox.until(lambda: "from the average of 3 pictures" in ben.text(again))
        await settled(sandbox, bot, ben)
        second, copied = await newest(bot, ben)
        assert second.id != job.id
        assert copied.init is not None
        assert copied.init.key == f"uploads/{second.interaction_id}/picture"


async def test_model_that_can_be_shown_pictures_sees_each_as_far_as_it_takes_so_many(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_EDITING) as bot:
        ben = sandbox.member("ben")
        asked: dict[str, Any] = {
            "image1": RED,
            "image2": BLUE,
            "prompt": "the first in the colours of the second",
            "count": 1,
        }
        card = (await (await ben.slash("blend", model="edits", **asked)).message())["id"]
        await sandbox.until(lambda: "blends 2 pictures, seeing each" in ben.text(card))
        await settled(sandbox, bot, ben)
        job, request = await newest(bot, ben)
        folder = f"uploads/{job.interaction_id}"
        assert (request.references, request.init) == ((f"{folder}/picture", f"{folder}/picture-2"), None)
        assert sorted(await bot.services.files.list(UPLOADS)) == sorted(request.references)
        assert job.charged == 3  # each step looks at three pictures
        form = await press_more(ben, card, "Edit prompt")
        edited = (await (await form.submit(Prompt="in black --model edits --count 1")).message())["id"]
        await sandbox.until(lambda: "blends 2 pictures, seeing each" in ben.text(edited))
        _, copied = await newest(bot, ben)
        contents = [await bot.services.files.get(key) for key in (*request.references, *copied.references)]
        assert contents[:2] == contents[2:]
        five: dict[str, Any] = {"image3": BLACK, "image4": RED, "image5": BLUE}
        card = (await (await ben.slash("blend", model="edits", **asked, **five)).message())["id"]
        await sandbox.until(lambda: "from the average of 5 pictures" in ben.text(card))
        await settled(sandbox, bot, ben)
        await press_more(ben, edited, "Delete")
        await sandbox.until(lambda: not any(one["id"] == edited for one in ben.messages()))
        assert not set(await bot.services.files.list(UPLOADS)) & set(copied.references)


async def test_what_cannot_be_blended_is_refused_and_a_price_is_asked_about(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, relaxed="", asks_above=2) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        await (await ada.slash("atelier words add", word="ghastly")).answer()
        small = plain("#000001", (8, 8))
        bad: list[tuple[dict[str, Any], str]] = [
            ({"image2": small, "count": 1}, "`image2` is too small"),
            ({"image2": BLUE, "prompt": "a ghastly heart"}, "is blocked here"),
            ({"image2": BLUE, "prompt": "--colour red"}, "--colour"),
        ]
        for options, sentence in bad:
            await ben.slash("blend", image1=RED, **options)
            await refused(sandbox, ben, sentence)
        await ben.slash("blend", image1=RED, image2=BLUE)
        await refused(sandbox, ben, f"This uses 4 of your {DAILY} credits")
        question = next(one["id"] for one in ben.messages() if "Continue?" in ben.text(one["id"]))
        assert await bot.services.files.list(UPLOADS) == []
        await ben.press(question, "Continue")
        await sandbox.until(lambda: any(len(ben.pictures(one["id"])) == 4 for one in ben.messages()))
        await bot.leave(ben, 1)
        await ben.slash("blend", image1=RED, image2=BLUE)
        await refused(sandbox, ben, "this costs 4 credits")
        assert len(await bot.services.db.read(jobs_of_member, int(ben.id))) == 1
