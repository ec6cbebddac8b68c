"""A real Chromium, headless, in front of a sandbox with the show bot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright, expect

from bot.sandbox.clock import SandboxClock
from bot.sandbox.server import Sandbox
from tests.support.acceptance import show_bot
from tests.support.acceptance.show_bot import ShowBot
from tests.support.clock import NOON_ZONE
from tests.support.optional import chromium

DESKTOP = {"width": 1280, "height": 800}
# A microphone that beeps, allowed without a question; nothing that asks the outside world for anything.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]

expect.set_options(timeout=30_000)  # of a busy machine


class Window:
    """One browser window, and what it must never do: ask another site, or complain in its console."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.outside: list[str] = []
        self.complaints: list[str] = []
        # A preview that the bot has replaced before the browser asked for it is gone, and the console says so.
        self.expected_complaints = ["preview.png"]
        page.on("request", self._asked)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def open(self, member: str = "ada", channel_id: str = "") -> Page:
        """Load the page as a member."""
        await self.page.goto(f"{self.url}/#/{member}/{channel_id}")
        await expect(self.page.locator("#app.ready")).to_be_visible()
        return self.page

    def _asked(self, request: Request) -> None:
        """Note a request that leaves this machine."""
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.netloc != urlsplit(self.url).netloc:
            self.outside.append(request.url)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.text} {message.location.get('url', '')}")

    def check(self) -> None:
        """Assert that nothing of the kind has happened."""
        assert self.outside == []
        expected = self.expected_complaints
        assert [text for text in self.complaints if not any(part in text for part in expected)] == []


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests."""
    path = chromium()
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        await launched.close()


class StandingClock(SandboxClock):
    """Moves by `advance` only: what fails after three seconds, fails when a test has seen it waiting."""

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return self._wall_s + self.offset_s


@pytest_asyncio.fixture(loop_scope="session")
async def box() -> AsyncIterator[Sandbox]:
    """A fresh sandbox."""
    async with Sandbox(clock=StandingClock()) as box:
        yield box


@pytest_asyncio.fixture(loop_scope="session")
async def bot(box: Sandbox) -> AsyncIterator[ShowBot]:
    """The show bot, connected to it."""
    bot, task = await show_bot.start(box)
    yield bot
    await bot.close()
    with suppress(asyncio.CancelledError):
        await task


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser profile of a test's own."""
    context = await browser.new_context(
        viewport=DESKTOP,  # type: ignore[arg-type]
        reduced_motion="reduce",
        timezone_id=NOON_ZONE,
    )
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def window(box: Sandbox, bot: ShowBot, context: BrowserContext) -> AsyncIterator[Window]:
    """A window that is checked at the end of each test."""
    window = Window(await context.new_page(), box.url)
    yield window
    window.check()


@pytest_asyncio.fixture(loop_scope="session")
async def other(box: Sandbox, bot: ShowBot, context: BrowserContext) -> AsyncIterator[Window]:
    """A second window, for another person."""
    window = Window(await context.new_page(), box.url)
    yield window
    window.check()
