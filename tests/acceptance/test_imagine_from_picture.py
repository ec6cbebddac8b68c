"""/imagine with a picture to begin from: looked at before a credit moves, kept with the job, nobody else's."""

import datetime as dt
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot.features.mydata.personal_data import delete_everything, export_parts
from bot.features.mydata.retention import WITHOUT_RESULT, forget_init_pictures
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from bot.shared.discord.limits import PICTURES, RateLimit, RateLimits
from bot.shared.errors import BadParameter
from bot.shared.files.downloads import Downloads, RemoteFile
from bot.shared.files.photos import PHOTO_BYTES_MAX
from db.file_keys import UPLOADS
from db.queue.finding import jobs_of_member
from db.queue.job import Job
from inference.requests import ImageRequest, InitPicture, from_json
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.menus import press_more
from tests.support.acceptance.pictures import settled
from tests.support.bot.catalogues import WITH_EDITING
from tests.support.files.photos import bomb, encoded, picture

EPHEMERAL = 64
PNG = encoded(picture(width=300, height=200))


def upload(content: bytes = PNG, name: str = "start.png", content_type: str = "image/png") -> Upload:
    return Upload(filename=name, content=content, content_type=content_type)


async def drawn(sandbox: Sandbox, who: HumanClient, **options: Any) -> str:
    """Have pictures drawn from a picture and return the id of their card."""
    given: dict[str, Any] = {"prompt": "a red heart", "count": 1, "image": upload()} | options
    card = await (await who.slash("imagine", **given)).message()
    await sandbox.until(lambda: "Re-roll" in who.buttons(card["id"]))
    return str(card["id"])


async def refused(sandbox: Sandbox, who: HumanClient, sentence: str) -> str:
    """Wait until the bot says a sentence to a member alone, and return the message's id."""

    def found() -> list[str]:
        alone = [str(one["id"]) for one in who.messages() if one["flags"] & EPHEMERAL]
        return [one for one in alone if sentence in who.text(one)]

    return str((await sandbox.until(found))[-1])


async def jobs_of(bot: RunningBot, who: HumanClient) -> list[Job]:
    return await bot.services.db.read(jobs_of_member, int(who.id))


async def kept(bot: RunningBot) -> list[str]:
    """Return the keys of what is kept of uploads."""
    return sorted(await bot.services.files.list(UPLOADS))


async def test_pictures_begin_from_one_that_is_sent_along(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben, strength=40)
        assert "from a picture · strength 40%" in ben.text(card)
        (job,) = await jobs_of(bot, ben)
        request = from_json(job.request)
        assert isinstance(request, ImageRequest)
        assert request.init == InitPicture(key=f"uploads/{job.interaction_id}/picture", strength=0.4)
        with Image.open(io.BytesIO(await bot.services.files.get(job.request["init"]["key"]))) as stored:
            assert (stored.format, stored.size) == ("PNG", (300, 200))
        assert job.charged == 1
        history = await (await ben.slash("history")).answer()
        assert "from a picture · strength 40%" in ben.text(history["id"])
        info = await (await press_more(ben, card, "Info")).answer()
        assert "Denoising strength: 0.4" in ben.text(info["id"])
        assert sandbox.unimplemented == []


async def test_picture_that_cannot_be_used_is_refused_with_a_sentence_and_costs_nothing(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    wide = Image.new("RGB", (500, 100), "red")
    bad = [
        (upload(b"buy milk and bread", "list.txt", "text/plain"), "must be a PNG, JPEG or WebP"),
        (upload(b"buy milk and bread"), "must be a PNG, JPEG or WebP"),
        (upload(encoded(picture(), "GIF"), "start.gif", "image/gif"), "must be a PNG, JPEG or WebP"),
        (upload(PNG[:300]), "can't be read"),
        (upload(bomb(30_000, 30_000)), "too large"),
        (upload(encoded(picture(width=1, height=1))), "too small"),
        (upload(encoded(wide)), "crop it to at most 4:1"),
    ]
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        with pytest.raises(BadParameter, match="too large"):  # more than the local Discord lets through
            bot.services.init_pictures.check(RemoteFile(url="", size_bytes=PHOTO_BYTES_MAX + 1))
        for number, (file, sentence) in enumerate(bad):
            await ben.slash("imagine", prompt=f"a red heart {number}", image=file)
            said = await refused(sandbox, ben, f"a red heart {number}")
            assert sentence in ben.text(said)
            assert "aren't kept" in ben.text(said)
            assert ben.buttons(said) == []
        assert await jobs_of(bot, ben) == []
        assert await kept(bot) == []
        statement = await bot.statement(ben)
        assert (statement.available, statement.held) == (DAILY, 0)


async def test_strength_needs_a_picture_and_is_never_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        for options, sentence in (
            ({"strength": 40}, "how much of an `image` changes"),
            ({"image": upload(), "strength": 0}, "would come back unchanged"),
            ({"image": upload(), "prompt": "a red heart --strength 0%"}, "would come back unchanged"),
            ({"image": upload(), "prompt": "a red heart --strength 101"}, "from 1 to 100"),
        ):
            given: dict[str, Any] = {"prompt": "a red heart", **options}
            await ben.slash("imagine", **given)
            await refused(sandbox, ben, sentence)
        assert (await jobs_of(bot, ben), await kept(bot)) == ([], [])
        await drawn(sandbox, ben, strength=100)
        assert [job.request["init"]["strength"] for job in await jobs_of(bot, ben)] == [1.0]


async def test_first_frame_of_an_animated_webp_is_taken(sandbox: Sandbox, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (80, 80), colour) for colour in ("red", "blue")]
    file = upload(encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True), "a.webp")
    async with bot_beside(sandbox, tmp_path) as bot:
        await drawn(sandbox, sandbox.member("ben"), image=file)
        (key,) = await kept(bot)
        with Image.open(io.BytesIO(await bot.services.files.get(key))) as stored:
            assert np.asarray(stored.convert("RGB")).reshape(-1, 3).mean(0).tolist() == [255, 0, 0]


async def test_nothing_is_fetched_for_who_cannot_pay(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fetch(downloads: Downloads, url: str, limit_bytes: int) -> bytes:
        raise AssertionError("it is fetched")

    monkeypatch.setattr(Downloads, "fetch", fetch)
    async with bot_beside(sandbox, tmp_path, daily_credits=1, relaxed="") as bot:
        ben = sandbox.member("ben")
        await ben.slash("imagine", prompt="a red heart", image=upload())
        await refused(sandbox, ben, "Not enough credits")
        assert await jobs_of(bot, ben) == []


async def test_re_roll_and_edit_keep_the_picture_also_after_the_first_is_deleted(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben, prompt="a red heart --strength 30")
        again = await (await ben.press(card, "Re-roll")).message()
        await sandbox.until(lambda: "Re-roll" in ben.buttons(again["id"]))
        form = await press_more(ben, again["id"], "Edit prompt")
        assert (await form.modal())["components"][0]["component"]["value"] == "a red heart --count 1 --strength 30"
        await press_more(ben, card, "Delete")
        await sandbox.until(lambda: card not in [one["id"] for one in ben.messages()])
        edited = await (await form.submit(Prompt="a blue heart --count 1 --strength 70")).message()
        await sandbox.until(lambda: "Re-roll" in ben.buttons(edited["id"]))
        assert "from a picture · strength 70%" in ben.text(edited["id"])
        jobs = [job for job in await jobs_of(bot, ben) if not job.deleted]
        assert [job.request["init"]["strength"] for job in jobs] == [0.7, 0.3]
        assert await kept(bot) == sorted(job.request["init"]["key"] for job in jobs)
        contents = {await bot.services.files.get(key) for key in await kept(bot)}
        assert len(contents) == 1


async def test_refused_edit_keeps_the_picture(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        form = await press_more(ben, await drawn(sandbox, ben), "Edit prompt")
        await form.submit(Prompt="a blue heart --strength 300")
        second = await ben.press(await refused(sandbox, ben, "from 1 to 100"), "Edit prompt")
        card = await (await second.submit(Prompt="a blue heart --strength 30 --count 1")).message()
        await sandbox.until(lambda: "from a picture · strength 30%" in ben.text(card["id"]))
        assert len(await jobs_of(bot, ben)) == 2


async def test_picture_is_edited_by_a_model_that_can(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_EDITING) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await drawn(sandbox, ben, prompt="make it blue", model="edits")
        assert "edits a picture" in ben.text(card)
        info = await (await press_more(cleo, card, "Info")).answer()
        assert cleo.buttons(info["id"]) == ["Edit prompt"]
        (job,) = await jobs_of(bot, ben)
        assert job.request["references"] == [f"uploads/{job.interaction_id}/picture"]
        assert (await kept(bot), job.charged) == (job.request["references"], 2)
        again = await (await ben.press(card, "Re-roll")).message()
        await sandbox.until(lambda: "Re-roll" in ben.buttons(again["id"]))
        await settled(sandbox, bot, ben)
        keys = await kept(bot)
        assert sorted(key for job in await jobs_of(bot, ben) for key in job.request["references"]) == keys
        parts = [content async for _, content in export_parts(bot.services, int(ben.id), 10 << 20)]
        assert all(any(f"files/{key}".encode() in part for part in parts) for key in keys)
        await delete_everything(bot.services, int(ben.id))
        assert await kept(bot) == []


async def test_others_do_not_get_the_picture(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await drawn(sandbox, ben, strength=40)
        info = await (await press_more(cleo, card, "Info")).answer()
        assert cleo.buttons(info["id"]) == ["Edit prompt"]
        await cleo.press(card, "Re-roll")
        await refused(sandbox, cleo, "only its owner can use")
        form = await press_more(cleo, card, "Edit prompt")
        assert "--strength" not in (await form.modal())["components"][0]["component"]["value"]
        drawn_without = await (await form.submit(Prompt="a red heart --count 1")).message()
        await sandbox.until(lambda: "Re-roll" in cleo.buttons(drawn_without["id"]))
        assert [job.request["init"] for job in await jobs_of(bot, cleo)] == [None]
        assert len(await kept(bot)) == 1


async def test_picture_is_in_the_export_and_goes_with_its_member(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        await drawn(sandbox, ben, private=True)
        await settled(sandbox, bot, ben)
        (key,) = await kept(bot)
        parts = [content async for _, content in export_parts(bot.services, int(ben.id), 10 << 20)]
        assert any(f"files/{key}".encode() in part for part in parts)
        await delete_everything(bot.services, int(ben.id))
        assert await kept(bot) == []


async def test_picture_of_what_failed_goes_after_a_day_and_of_what_was_drawn_stays(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        await drawn(sandbox, ben)
        failed = await (await ben.slash("imagine", prompt="nan", image=upload())).message()
        await sandbox.until(lambda: "Try again" in ben.buttons(failed["id"]))
        await settled(sandbox, bot, ben)
        now = dt.datetime.now(dt.UTC)
        assert await forget_init_pictures(bot.services, now) == 0
        assert await forget_init_pictures(bot.services, now + WITHOUT_RESULT + dt.timedelta(minutes=1)) == 1
        done = [job for job in await jobs_of(bot, ben) if job.outcome]
        assert await kept(bot) == [job.request["init"]["key"] for job in done]


async def test_who_sends_many_pictures_is_asked_to_wait(sandbox: Sandbox, tmp_path: Path) -> None:
    few = RateLimits([RateLimit("pictures", 1, 60, (PICTURES,)), RateLimit("others", 99, 60, ("/imagine",))])
    async with bot_beside(sandbox, tmp_path, limits=few) as bot:
        ben = sandbox.member("ben")
        await drawn(sandbox, ben)
        await ben.slash("imagine", prompt="a red heart", image=upload())
        await refused(sandbox, ben, "Please wait")
        assert len(await jobs_of(bot, ben)) == 1
