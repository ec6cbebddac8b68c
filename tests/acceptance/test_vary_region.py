"""A part of a picture drawn anew: cells of a grid or a mask that is sent, with what shall be there."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bot.features.mydata.personal_data import delete_everything, export_parts
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from db.file_keys import UPLOADS
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.pictures import settled
from tests.support.acceptance.upscaling import drawn
from tests.support.acceptance.varying import newest, varied
from tests.support.files.photos import bomb, encoded

EPHEMERAL = 64
NOISE = "noise"  # the fake engine draws it with 96 × 96 px


def upload(content: bytes, name: str = "mask.png", content_type: str = "image/png") -> Upload:
    return Upload(filename=name, content=content, content_type=content_type)


def half_white(width: int = 96, height: int = 96) -> bytes:
    """Return a mask whose left half is drawn anew."""
    mask = Image.new("L", (width, height))
    mask.paste(255, (0, 0, width // 2, height))
    return encoded(mask)


async def grid_of(who: HumanClient, card: str) -> str:
    """Press 'Vary (Region)' and return the id of the message with the grid."""
    return str((await (await who.press(card, "Vary (Region)")).answer())["id"])


async def mask_of(bot: RunningBot, key: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    """Return a mask that is kept."""
    return np.asarray(Image.open(io.BytesIO(await bot.services.files.get(key))))


async def test_cells_are_drawn_anew_with_what_was_typed(sandbox: Sandbox, tmp_path: Path) -> None:
    ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
    async with bot_beside(sandbox, tmp_path) as bot:
        card = await drawn(sandbox, ben, NOISE, count=1)
        grid = await grid_of(ben, card)
        assert ben.message(grid)["flags"] & EPHEMERAL
        assert len(ben.pictures(grid)) == 1
    async with bot_beside(sandbox, tmp_path) as bot:  # a restart, and the grid is still there
        form = await ben.press(grid, "Choose cells")
        assert (await form.modal())["components"][1]["component"]["value"] == NOISE
        child = await (await form.submit(Cells=["1", "2"], What_should_be_there="a yellow star")).message()
        assert not child["flags"] & EPHEMERAL
        await sandbox.until(lambda: len(ben.pictures(child["id"])) == 4)
        ((job, request),) = await varied(bot, ben)
        assert request.init is not None
        assert (request.prompt, request.init.strength, request.init.mask_blur_px) == ("a yellow star", 1.0, 4)
        assert request.init.mask == f"uploads/{job.interaction_id}/mask"
        mask = await mask_of(bot, request.init.mask)
        assert mask.shape == (96, 96)
        assert (mask[:24, :48] == 255).all()
        assert (mask.sum() // 255) == 24 * 48
        assert "Vary (Region) of [picture 1]" in ben.text(child["id"])
        again = await (await ben.press(child["id"], "Re-roll")).message()
        await sandbox.until(lambda: len(ben.pictures(again["id"])) == 4)
        (rolled, _), _ = await varied(bot, ben)
        assert rolled.request["init"]["mask"] == f"uploads/{rolled.interaction_id}/mask"
        form = await cleo.press(await grid_of(cleo, card), "Choose cells")
        await (await form.submit(Cells=["16"], What_should_be_there="a blue star")).done()
        await sandbox.until(lambda: "Draw it for you?" in cleo.text(newest(cleo)))
        await cleo.press(newest(cleo), "Continue")
        await sandbox.until(lambda: [len(ben.pictures(one["id"])) for one in ben.messages()].count(4) == 3)
        ((theirs, _),) = await varied(bot, cleo)
        assert not theirs.private


async def test_mask_is_kept_and_forgotten_with_its_job(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        form = await (await ben.press(await drawn(sandbox, ben, NOISE), "Change a picture")).submit(
            Picture=["2"], Change=["region"]
        )
        choose = await ben.press((await form.answer())["id"], "Choose cells")
        child = await (await choose.submit(What_should_be_there="a star", Or_a_mask=[upload(half_white())])).message()
        await sandbox.until(lambda: len(ben.pictures(child["id"])) == 4)
        await settled(sandbox, bot, ben)
        ((job, request),) = await varied(bot, ben)
        assert request.origin is not None
        assert request.origin.picture == 2
        assert request.init is not None
        mask = await mask_of(bot, request.init.mask)
        assert (mask[:, :48] == 255).all()
        assert (mask[:, 48:] == 0).all()
        kept = sorted(await bot.services.files.list(UPLOADS))
        assert kept == [f"uploads/{job.interaction_id}/mask", f"uploads/{job.interaction_id}/picture"]
        parts = [content async for _, content in export_parts(bot.services, int(ben.id), 10 << 20)]
        assert all(any(f"files/{key}".encode() in part for part in parts) for key in kept)
        await delete_everything(bot.services, int(ben.id))
        assert await bot.services.files.list(UPLOADS) == []


async def test_region_that_cannot_be_drawn_is_refused_with_a_sentence_and_costs_nothing(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    star: dict[str, Any] = {"What_should_be_there": "a star"}
    bad: list[tuple[dict[str, Any], str]] = [
        (star, "choose at least one cell"),
        (star | {"Cells": ["1"], "Or_a_mask": [upload(half_white())]}, "not both"),
        (star | {"Or_a_mask": [upload(half_white(96, 128))]}, "must have the picture's size, 96×96 px"),
        (star | {"Or_a_mask": [upload(half_white(192, 192))]}, "must have the picture's size, 96×96 px"),
        (star | {"Or_a_mask": [upload(encoded(Image.new("L", (96, 96))))]}, "black all over"),
        (star | {"Or_a_mask": [upload(half_white()[:60])]}, "`mask` can't be read"),
        (star | {"Or_a_mask": [upload(bomb(30_000, 30_000))]}, "`mask` is too large"),
        (star | {"Or_a_mask": [upload(b"milk", "list.txt", "text/plain")]}, "`mask` must be a PNG"),
        ({"Cells": ["1"], "What_should_be_there": "\u200b"}, "say what should be there"),
    ]
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        grid = await grid_of(ben, await drawn(sandbox, ben, NOISE, count=1))
        for values, sentence in bad:
            await (await (await ben.press(grid, "Choose cells")).submit(**values)).done()
            await refused(sandbox, ben, sentence)
        assert await varied(bot, ben) == []
        assert await bot.services.files.list(UPLOADS) == []
        statement = await bot.statement(ben)
        assert (statement.available, statement.held) == (DAILY - 1, 0)


async def refused(sandbox: Sandbox, who: HumanClient, sentence: str) -> None:
    """Wait until the bot says a sentence to a member alone."""
    await sandbox.until(lambda: who.message(newest(who))["flags"] & EPHEMERAL and sentence in who.text(newest(who)))


async def test_private_picture_under_the_grid_is_its_owners_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        card = await (await ben.slash("imagine", prompt=NOISE, count=1, private=True)).answer()
        await sandbox.until(lambda: "Re-roll" in ben.buttons(card["id"]))
        job = card["id"]
        found = await (await ada.slash("atelier find", member=ben.id)).answer()
        shown = await (await ada.press(found["id"], "Show")).answer()
        refusal = await (await ada.press(shown["id"], "Vary (Region)")).answer()
        assert "Only the person who asked" in ada.text(refusal["id"])
        form = await ben.press(await grid_of(ben, job), "Choose cells")
        child = await (await form.submit(Cells=["1"], What_should_be_there="a star")).message()
        assert child["flags"] & EPHEMERAL
        await sandbox.until(lambda: len(ben.pictures(child["id"])) == 4)
        ((made, _),) = await varied(bot, ben)
        assert made.private


async def test_declined_price_keeps_words_and_cells_also_after_a_restart(sandbox: Sandbox, tmp_path: Path) -> None:
    ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
    async with bot_beside(sandbox, tmp_path) as bot:
        card = await drawn(sandbox, ben, NOISE, count=1)
        form = await cleo.press(await grid_of(cleo, card), "Choose cells")
        await (await form.submit(Cells=["2", "16"], What_should_be_there="a blue star")).done()
        await sandbox.until(lambda: "Draw it for you?" in cleo.text(newest(cleo)))
        question = newest(cleo)
        await cleo.press(question, "Cancel")
        await sandbox.until(lambda: cleo.buttons(question) == ["Edit"])
        assert "Nothing was charged" in cleo.text(question)
    async with bot_beside(sandbox, tmp_path) as bot:
        form = await cleo.press(question, "Edit")
        cells, words, _ = [one["component"] for one in (await form.modal())["components"]]
        assert [one["value"] for one in cells["options"] if one.get("default")] == ["2", "16"]
        assert words["value"] == "a blue star"
        await (await form.submit(What_should_be_there="a green star")).done()
        await sandbox.until(lambda: "Draw it for you?" in cleo.text(newest(cleo)))
        await cleo.press(newest(cleo), "Continue")
        await sandbox.until(lambda: [len(ben.pictures(one["id"])) for one in ben.messages()].count(4) == 1)
        ((_, request),) = await varied(bot, cleo)
        assert request.init is not None
        assert request.prompt == "a green star"
        assert ((await mask_of(bot, request.init.mask)) // 255).sum() == 2 * 24 * 24
        assert (await bot.statement(ben)).available == DAILY - 1
