"""The message menu 'Use this picture': from a member's photo, from a card of ours, and where there is none."""

import io
from pathlib import Path

from PIL import Image

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from db.queue.finding import jobs_of_member
from db.queue.job import Job
from inference.requests import ImageRequest, from_json
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.upscaling import drawn
from tests.support.acceptance.varying import newest
from tests.support.files.photos import encoded, picture

EPHEMERAL = 64
MENU = "Use this picture"


async def latest(bot: RunningBot, who: HumanClient) -> tuple[Job, ImageRequest]:
    """Return what somebody asked for last, with its request."""
    job = (await bot.services.db.read(jobs_of_member, int(who.id)))[0]
    request = from_json(job.request)
    assert isinstance(request, ImageRequest)
    return job, request


async def begun_from(bot: RunningBot, request: ImageRequest) -> Image.Image:
    """Return the picture that a request begins from."""
    assert request.init is not None
    return Image.open(io.BytesIO(await bot.services.files.get(request.init.key))).convert("RGB")


async def test_picture_that_a_member_posted_is_begun_from_by_another(sandbox: Sandbox, tmp_path: Path) -> None:
    photo = picture(width=300, height=200)
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        files = [Upload(filename="photo.png", content=encoded(photo), content_type="image/png")]
        said = await ben.say("look", files=files)
        form = await cleo.context_menu(MENU, message_id=said["id"])
        fields = [one["label"] for one in (await form.modal())["components"]]
        assert fields == ["Prompt", "Strength"]
        card = await (await form.submit(Prompt="make it night --count 1", Strength="40")).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 1)
        _, request = await latest(bot, cleo)
        assert request.init is not None
        assert (request.prompt, request.init.strength) == ("make it night", 0.4)
        assert (await begun_from(bot, request)).tobytes() == photo.tobytes()
        assert (await bot.statement(cleo)).available == DAILY - 1
        assert (await bot.statement(ben)).available == DAILY


async def test_one_of_the_pictures_of_a_card_is_chosen(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await drawn(sandbox, ben, "noise --seed 7")
        form = await cleo.context_menu(MENU, message_id=card)
        child = await (await form.submit(Picture=["2"], Prompt="a star --count 1")).message()
        await sandbox.until(lambda: len(cleo.pictures(child["id"])) == 1)
        _, request = await latest(bot, cleo)
        second = Image.open(io.BytesIO(ben.read(ben.pictures(card)[1]))).convert("RGB")
        assert (await begun_from(bot, request)).tobytes() == second.tobytes()


async def test_without_a_picture_or_with_what_cannot_be_used_it_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        refusal = await (await ben.context_menu(MENU, message_id=(await ben.say("hello"))["id"])).answer()
        assert refusal["flags"] & EPHEMERAL
        assert "no picture on that message" in ben.text(refusal["id"])
        files = [Upload(filename="tiny.png", content=encoded(picture(width=8, height=8)), content_type="image/png")]
        said = await ben.say("look", files=files)
        form = await ben.context_menu(MENU, message_id=said["id"])
        await (await form.submit(Prompt="a star")).done()
        await sandbox.until(lambda: "too small" in ben.text(newest(ben)))
        assert "a star" in ben.text(newest(ben))
        form = await ben.context_menu(MENU, message_id=said["id"])
        await (await form.submit(Prompt="a star", Strength="lots")).done()
        await sandbox.until(lambda: "`strength` must be a whole number" in ben.text(newest(ben)))
        assert await bot.services.db.read(jobs_of_member, int(ben.id)) == []
