"""The page on which a region is painted: who can do what by its address, and a picture painted on in a browser."""

import base64
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from PIL import Image
from playwright.async_api import async_playwright, expect

from bot.features.vary.painting import EASEL_PX
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.shared.results import forget_results
from db.queue.finding import find_job, jobs_of_member
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.messages import components
from tests.support.acceptance.pictures import settled
from tests.support.acceptance.upscaling import drawn
from tests.support.acceptance.varying import newest, varied
from tests.support.files.photos import bomb, encoded
from tests.support.optional import chromium

NOISE = "noise"  # the fake engine draws it with 96 × 96 px
LINK = 5
PHONE = {"width": 390, "height": 800}


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as client:
        yield client


@pytest.fixture
async def bot(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with bot_beside(sandbox, tmp_path) as bot:
        yield bot


async def paint_link(who: HumanClient, card: str) -> tuple[str, str]:
    """Press 'Vary (Region)'; return the id of the message with the grid, and the address below it."""
    grid = await (await who.press(card, "Vary (Region)")).answer()
    (address,) = (one["url"] for one in components(grid) if one.get("style") == LINK)
    return grid["id"], address


def painted(width: int = EASEL_PX, height: int = EASEL_PX) -> bytes:
    """Return a mask whose left half was painted."""
    mask = Image.new("L", (width, height))
    mask.paste(255, (0, 0, width // 2, height))
    return encoded(mask)


def body(mask: bytes, words: str = "a star") -> dict[str, Any]:
    return {"mask": base64.b64encode(mask).decode(), "words": words}


async def test_painted_mask_is_asked_about_in_the_chat_and_drawn(
    sandbox: Sandbox, bot: RunningBot, client: aiohttp.ClientSession
) -> None:
    ben = sandbox.member("ben")
    card = await drawn(sandbox, ben, NOISE, count=1)
    question, address = await paint_link(ben, card)
    async with client.get(address) as answer:
        assert NOISE in await answer.text()
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
        assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    async with client.get(f"{address}/picture") as answer:
        shown = Image.open(io.BytesIO(await answer.read()))
        assert (shown.format, shown.size) == ("WEBP", (EASEL_PX, EASEL_PX))
    async with client.post(address, json=body(painted())) as answer:
        assert (answer.status, await answer.json()) == (200, {})
    assert "Draw what you painted?" in ben.text(question)
    assert await varied(bot, ben) == []  # nothing is drawn, or paid for, before the yes
    await (await ben.press(question, "Continue")).done()
    await sandbox.until(lambda: len(ben.pictures(newest(ben))) == 4)
    ((job, request),) = await varied(bot, ben)
    assert request.init is not None
    assert (request.prompt, job.private) == ("a star", False)
    mask = np.asarray(Image.open(io.BytesIO(await bot.services.files.get(request.init.mask))))
    assert mask.shape == (96, 96)
    assert (mask[:, :47] == 255).all()
    assert (mask[:, 49:] == 0).all()
    await settled(sandbox, bot, ben)
    assert (await bot.statement(ben)).available == DAILY - 1 - 4


async def test_link_takes_one_mask(sandbox: Sandbox, bot: RunningBot, client: aiohttp.ClientSession) -> None:
    ben = sandbox.member("ben")
    _, address = await paint_link(ben, await drawn(sandbox, ben, NOISE, count=1))
    async with client.post(address, json=body(painted(), words=" ")) as answer:  # refused, so that it can be mended
        assert (answer.status, (await answer.json())["error"]) == (
            400, "Please say what should be there. Nothing was charged.",
        )  # fmt: skip
    async with client.post(address, json=body(painted())) as answer:
        assert answer.status == 200
    async with client.post(address, json=body(painted())) as answer:
        assert (answer.status, (await answer.json())["error"]) == (
            410, "A mask was sent by this link already. Your picture is waiting in the chat.",
        )  # fmt: skip
    for path in ("", "/picture"):
        async with client.get(address + path) as answer:
            assert answer.status == 410


async def test_what_is_no_mask_of_that_picture_is_refused_and_nothing_is_kept(
    sandbox: Sandbox, bot: RunningBot, client: aiohttp.ClientSession
) -> None:
    ben = sandbox.member("ben")
    _, address = await paint_link(ben, await drawn(sandbox, ben, NOISE, count=1))
    black, jpeg = encoded(Image.new("L", (EASEL_PX, EASEL_PX))), encoded(Image.new("RGB", (96, 96)), "JPEG")
    bad: list[tuple[Any, int, str]] = [
        (body(black), 400, "Nothing is painted yet"),
        (body(painted(96, 96)), 400, "not of this picture"),
        (body(painted()[:90]), 400, "can't be read"),
        (body(bomb(30_000, 30_000)), 400, "too large"),
        (body(jpeg), 400, "did not arrive whole"),
        (body(b"<svg/>"), 400, "did not arrive whole"),
        (body(b""), 400, "did not arrive whole"),
        ({"mask": "§§", "words": "a star"}, 400, "did not arrive whole"),
        ({"mask": base64.b64encode(painted()).decode(), "words": ["a star"]}, 400, "did not arrive whole"),
        ([], 400, "did not arrive whole"),
        (body(painted() + bytes(1 << 20)), 400, "too large"),
        (body(bytes(2 << 20)), 413, "too large"),
    ]
    is_json = {"Content-Type": "application/json"}
    for sent, status, sentence in bad:
        async with client.post(address, data=io.BytesIO(json.dumps(sent).encode()), headers=is_json) as answer:
            said = await answer.json()
            assert (answer.status, sentence in said["error"]) == (status, True), said
    for content_type in ("text/plain", "application/x-www-form-urlencoded"):  # what another site's page could send
        async with client.post(address, data=b"{}", headers={"Content-Type": content_type}) as answer:
            assert answer.status == 400
    assert [key for key in await bot.services.files.list("uploads") if key.endswith("mask")] == []
    assert (await bot.statement(ben)).available == DAILY - 1


async def test_picture_that_was_deleted_is_not_shown_and_not_painted_on(
    sandbox: Sandbox, bot: RunningBot, client: aiohttp.ClientSession
) -> None:
    ben = sandbox.member("ben")
    _, address = await paint_link(ben, await drawn(sandbox, ben, NOISE, count=1))
    (job,) = await bot.services.db.read(jobs_of_member, int(ben.id))
    await forget_results(bot.services, job)
    assert (gone := await bot.services.db.read(find_job, job.id)) is not None
    assert gone.deleted
    async with client.get(f"{address}/picture") as answer:
        assert (answer.status, (await answer.json())["error"]) == (
            400, "I no longer have that picture, so I can't vary it.",
        )  # fmt: skip
    async with client.post(address, json=body(painted())) as answer:
        assert answer.status == 400
    assert [key for key in await bot.services.files.list("uploads") if key.endswith("mask")] == []


async def test_other_members_link_leads_to_the_other_members_chat(
    sandbox: Sandbox, bot: RunningBot, client: aiohttp.ClientSession
) -> None:
    ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
    card = await drawn(sandbox, ben, NOISE, count=1)
    _, bens = await paint_link(ben, card)
    question, cleos = await paint_link(cleo, card)
    swapped = ".".join([*bens.split(".")[:-1], cleos.split(".")[-1]])
    async with client.post(swapped, json=body(painted())) as answer:
        assert answer.status == 410
    async with client.post(cleos, json=body(painted())) as answer:
        assert answer.status == 200
    assert "Draw what you painted?" in cleo.text(question)
    assert all("Draw what you painted?" not in ben.text(one["id"]) for one in ben.messages())
    assert (await varied(bot, ben), await varied(bot, cleo)) == ([], [])


async def test_nothing_is_offered_where_there_is_no_page(sandbox: Sandbox, bot: RunningBot) -> None:
    ben = sandbox.member("ben")
    card = await drawn(sandbox, ben, NOISE, count=1)
    bot.services.paint_links.url = ""
    grid = await (await ben.press(card, "Vary (Region)")).answer()
    assert ben.buttons(grid["id"]) == ["Choose cells"]
    assert "paint" not in ben.text(grid["id"])


@pytest.mark.browser
async def test_what_is_not_painted_over_stays_as_it_was(sandbox: Sandbox, bot: RunningBot) -> None:
    path = chromium()
    ben = sandbox.member("ben")
    card = await drawn(sandbox, ben, NOISE, count=1)
    before = np.asarray(Image.open(io.BytesIO(ben.read(ben.pictures(card)[0]))).convert("RGB"))
    question, address = await paint_link(ben, card)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = await browser.new_page(viewport=PHONE, has_touch=True)  # type: ignore[arg-type]
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(address)
        await expect(page.get_by_role("button", name="Send to the chat")).to_be_disabled()
        box = await page.locator("#paint").bounding_box()
        assert box is not None
        await page.get_by_label("Brush").fill("20")
        await page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
        await page.mouse.down()
        await page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2, steps=4)
        await page.mouse.up()
        await page.touchscreen.tap(box["x"] + box["width"] * 3 / 4, box["y"] + box["height"] / 2)
        await page.get_by_role("button", name="Undo").click()  # what the finger did
        await page.get_by_label("What should be there").fill("a noise of stars")
        await page.get_by_role("button", name="Send to the chat").click()
        await expect(page.get_by_role("status")).to_contain_text("It is in the chat now")
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert complaints == []
        await browser.close()
    await (await ben.press(question, "Continue")).done()
    await sandbox.until(lambda: len(ben.pictures(newest(ben))) == 4)
    after = np.asarray(Image.open(io.BytesIO(ben.read(ben.pictures(newest(ben))[0]))).convert("RGB"))
    same = (after == before).all(axis=2)
    assert same[:, 40:].all()  # the finger's stroke was taken back
    assert same[:8].all()
    assert not same[30:40, 20:28].any()
