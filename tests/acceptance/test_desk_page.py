"""The operator's page: nothing without the token, nothing that a member said, and readable on a phone."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from io import StringIO
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import async_playwright

from bot import platform
from bot.desk.server import AdminAddresses, AdminSettings, serve_admin
from bot.sandbox.server import TOKEN as SANDBOX_TOKEN
from bot.sandbox.server import Sandbox
from common import logs
from common.supervisor import supervise
from db.queue.finding import jobs_of_member
from inference.messages import WorkerLoad
from tests.support.acceptance.bots import bot_beside
from tests.support.acceptance.pictures import draw, settled
from tests.support.clock import open_database
from tests.support.db.store import StoreHarness
from tests.support.optional import chromium

LOADS = {"cpu-0": WorkerLoad(free={"image": 3, "train": 1}, models=("tiny",), memory_bytes=1_500_000_000)}
CANARY = "canary-of-the-desk"
PHONE = {"width": 390, "height": 800}


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[AdminAddresses]:
    """Serve the page of a bot in which something waits, runs, was done later than foretold, and has failed."""
    async with open_database(f"sqlite:///{folder / 'atelier.db'}") as database:
        await database.migrate()
        store = StoreHarness(database)
        words = {"prompt": "a secret wish"}
        for _ in range(3):
            await store.submit(request=words, forecast_s=1.0)
        failing, done, _running = await store.claim(3)
        database.advance(21)
        await store.settle(done)
        await store.settle(failing, charge=0, state="failed")
        await store.submit(request=words)
        async with serve_admin(AdminSettings(page_port=0, metrics_port=0), database, lambda: LOADS) as opened:
            yield opened


async def test_no_request_without_the_token_is_answered(tmp_path: Path) -> None:
    async with desk(tmp_path) as opened, aiohttp.ClientSession() as client:
        page, metrics = opened.page_url.split("/?")[0], opened.metrics_url
        wrong = {"Authorization": "Bearer wrong"}
        for address in (
            f"{page}/",
            f"{page}/figures",
            f"{page}/page/desk.js",
            f"{page}/nothing",
            metrics,
            f"{page}/?token=x",
        ):
            for headers in ({}, wrong):
                async with client.get(address, headers=headers) as answer:
                    assert (answer.status, await answer.text()) == (
                        401,
                        "The token is missing or wrong. Open the address that the bot printed.\n",
                    )
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            async with client.request(method, f"{page}/figures") as answer:
                assert answer.status == 401
        async with client.get(f"{page}/healthz") as answer:
            assert await answer.text() == "ok\n"


async def test_figures_tell_how_things_stand_and_nothing_that_was_said(tmp_path: Path) -> None:
    async with desk(tmp_path) as opened, aiohttp.ClientSession() as client:
        allowed = {"Authorization": f"Bearer {opened.token}"}
        async with client.get(opened.page_url.split("/?")[0] + "/figures", headers=allowed) as answer:
            text, figures = await answer.text(), await answer.json()
        assert figures["queue"] == [{"kind": "image", "jobs": 1, "credits": 4}]
        assert (figures["running_jobs"], figures["ended"]) == (1, {"done": 1, "failed": 1})
        assert figures["workers"][0]["free"] == {"image": 3, "train": 1}
        assert figures["waits"][0]["count"] == 3
        (forecasts,) = figures["forecasts"]
        assert (forecasts["kind"], forecasts["count"], round(forecasts["late_s"], -1)) == ("image", 1, 20)
        assert "secret wish" not in text
        async with client.get(opened.metrics_url, headers=allowed) as answer:
            lines = (await answer.text()).splitlines()
        assert 'atelier_jobs_waiting{kind="image"} 1.0' in lines
        assert any(line.startswith('atelier_forecast_error_seconds{kind="image",quantile="0.95"} 2') for line in lines)
        assert 'atelier_worker_memory_bytes{worker="cpu-0"} 1.5e+09' in lines
        assert 'atelier_worker_slots_free{kind="image",worker="cpu-0"} 3.0' in lines


async def test_clip_without_speech_is_no_failure(tmp_path: Path) -> None:
    async with open_database(f"sqlite:///{tmp_path / 'atelier.db'}") as database:
        await database.migrate()
        store = StoreHarness(database)
        for code in ("no_speech", "internal"):
            await store.submit(kind="transcribe")
            await store.settle(*await store.claim(kinds=["transcribe"]), charge=0, state="failed", error_code=code)
        async with (
            serve_admin(AdminSettings(page_port=0, metrics_port=0), database, lambda: LOADS) as opened,
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {opened.token}"}) as client,
        ):
            async with client.get(opened.page_url.split("/?")[0] + "/figures") as answer:
                figures = await answer.json()
            async with client.get(opened.metrics_url) as answer:
                lines = (await answer.text()).splitlines()
    assert figures["ended"] == {"failed": 1, "no_speech": 1}
    assert [one["error"] for one in figures["failed"]] == ["internal"]
    assert 'atelier_jobs_ended_last_hour{state="no_speech"} 1.0' in lines


@pytest.mark.browser
async def test_page_opens_in_a_browser_with_the_address_that_was_printed(tmp_path: Path) -> None:
    async with desk(tmp_path) as opened, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(),
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-sync",
                "--no-first-run",
            ],
        )
        page = await browser.new_page(viewport=PHONE)  # type: ignore[arg-type]
        problems: list[str] = []
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        await page.goto(opened.page_url)
        await page.get_by_text("as of").wait_for()
        assert "token" not in page.url
        assert await page.locator("#running td").first.inner_text() == "image"
        assert await page.locator("#workers td").first.inner_text() == "cpu-0"
        assert (await page.locator("#forecasts td").all_inner_texts())[-1] == "20 s late"
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"]
        assert problems == []
        await page.screenshot(path=tmp_path / "desk.png", full_page=True)
        await browser.close()


@pytest.fixture
def log() -> Iterator[StringIO]:
    """Set the program's own logging up at DEBUG, and return what it writes."""
    stream, root = StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()  # those that are there would be closed
    logs.set_up("DEBUG", [SANDBOX_TOKEN, CANARY], stream, as_json=True)
    platform.quieten("DEBUG")
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in (*platform.TALKATIVE, *logs.TALKATIVE, *logs.INDISCREET):
        logging.getLogger(name).setLevel(logging.NOTSET)


async def test_studio_prints_the_address_and_logs_no_secret(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str], log: StringIO
) -> None:
    async with bot_beside(sandbox, tmp_path, desk_port=0, desk_token=CANARY) as bot:
        ben = sandbox.member("ben")
        await draw(sandbox, ben, "a red heart")
        (job,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        address = next(word for word in capsys.readouterr().out.split() if word.startswith("http"))
        jar = aiohttp.CookieJar(unsafe=True)  # else it takes none from an address in numbers
        async with aiohttp.ClientSession(cookie_jar=jar) as client, client.get(address) as answer:
            assert answer.status == 200
            assert "operator's page" in await answer.text()
        await settled(sandbox, bot, ben)
    written = log.getvalue()
    assert '"level": "DEBUG"' in written
    assert f'"job": "{job.id}"' in written
    for secret in (SANDBOX_TOKEN, CANARY, job.interaction_token):
        assert secret not in written


async def test_loops_are_counted_in_the_metrics_even_while_the_database_is_away(tmp_path: Path) -> None:
    async def work() -> None:
        raise OSError("away")

    loop = supervise("a-loop", work)
    async with (
        open_database(f"sqlite:///{tmp_path / 'empty.db'}") as database,  # as good as away: it has no tables
        serve_admin(AdminSettings(metrics_port=0), database, lambda: LOADS) as opened,
        aiohttp.ClientSession() as client,
        client.get(opened.metrics_url, headers={"Authorization": f"Bearer {opened.token}"}) as answer,
    ):
        lines = (await answer.text()).splitlines()
    loop.cancel()
    assert 'atelier_loop_failures_total{loop="a-loop"} 1.0' in lines
    assert "atelier_workers 1.0" not in lines
