"""A sandbox without a bot, and a plain HTTP client for it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.sandbox.server import Sandbox


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    """Return a running sandbox."""
    async with Sandbox() as running:
        yield running


@pytest.fixture
async def http(box: Sandbox) -> AsyncIterator[aiohttp.ClientSession]:
    """Return a client whose addresses start at the sandbox."""
    async with aiohttp.ClientSession(box.url) as session:
        yield session


@pytest.fixture
async def api(box: Sandbox) -> AsyncIterator[aiohttp.ClientSession]:
    """Return a client of the bot's API: paths such as `users/@me`."""
    headers = {"Authorization": f"Bot {box.token}"}
    async with aiohttp.ClientSession(f"{box.url}/api/v10/", headers=headers) as session:
        yield session
