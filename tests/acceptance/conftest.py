"""A local Discord for each test, and an unmodified discord.py client in it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import discord
import pytest
import yarl
from discord import gateway, http

from bot.sandbox.server import Sandbox
from tests.support.acceptance.demo import Demo

StartDemo = Callable[..., AbstractAsyncContextManager[Demo]]


def point_discord_at(monkeypatch: pytest.MonkeyPatch, box: Sandbox) -> None:
    """Send discord.py to a sandbox: three addresses, nothing else."""
    monkeypatch.setattr(http.Route, "BASE", f"{box.url}/api/v10")
    monkeypatch.setattr(gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(box.gateway_url))
    monkeypatch.setattr(discord.Asset, "BASE", box.url)


@pytest.fixture
async def sandbox(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    """Return a local Discord, with discord.py pointed at it."""
    async with Sandbox() as box:
        point_discord_at(monkeypatch, box)
        yield box


@pytest.fixture
def start_demo(sandbox: Sandbox) -> StartDemo:
    """Return what starts a demo bot: `async with start_demo(intents=…) as bot`."""

    @asynccontextmanager
    async def start(**settings: Any) -> AsyncIterator[Demo]:
        settings.setdefault("intents", discord.Intents.all())
        bot = Demo(**settings)
        task = asyncio.create_task(bot.start(sandbox.token))
        try:
            await sandbox.until(lambda: "ready" in bot.seen or task.done())
            if task.done():
                task.result()
            yield bot
        finally:
            await bot.close()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return start


@pytest.fixture
async def demo(start_demo: StartDemo) -> AsyncIterator[Demo]:
    """Return a demo bot that is online, with all intents."""
    async with start_demo() as bot:
        yield bot
