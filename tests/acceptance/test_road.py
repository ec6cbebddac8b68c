"""`atelier` as a newcomer starts it: no token, one address, a picture; and it ends when it is told to."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.acceptance.bots import ENGINES, ROOT

GENERAL = "140000000000000001"
START_S = 60


@pytest.fixture
async def atelier(tmp_path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start `atelier run` on a free port, without a token."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DISCORD")}
    environment |= {
        "DATA_DIR": str(tmp_path),
        "DEVICES": "cpu",
        "ENGINES": ENGINES,
        "SANDBOX_PORT": "0",
        "OPEN_BROWSER": "false",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", env=environment, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    yield process
    if process.returncode is None:
        process.kill()
    await process.wait()


async def address(process: asyncio.subprocess.Process) -> str:
    """Wait for the one address that is printed."""
    assert process.stdout is not None
    async with asyncio.timeout(START_S):
        async for line in process.stdout:
            if found := re.search(r"http://\S+", line.decode()):
                return found[0]
    raise AssertionError("it ended without an address")


async def test_newcomer_gets_a_picture_and_atelier_ends_when_told(atelier: asyncio.subprocess.Process) -> None:
    url = await address(atelier)
    async with aiohttp.ClientSession(base_url=url) as session, asyncio.timeout(START_S):
        events = await session.get("/human/events", params={"as": "ben"}, timeout=aiohttp.ClientTimeout(total=None))
        await _until(events, lambda text: '"online": true' in text)  # by then the commands are registered
        asked = {"as": "ben", "channel_id": GENERAL, "command": "imagine", "options": {"prompt": "a red heart"}}
        async with session.post("/human/slash", json=asked) as answer:
            assert answer.status == 200
        await _until(events, lambda text: "a red heart (seed" in text)
        events.close()
    atelier.terminate()
    assert await asyncio.wait_for(atelier.wait(), 60) == 0


async def _until(events: aiohttp.ClientResponse, true: Any) -> None:
    async for line in events.content:
        if true(line.decode()):
            return


async def test_address_without_a_token_is_refused_with_a_reason(tmp_path: Path) -> None:
    environment = os.environ | {"DISCORD_API_URL": "http://127.0.0.1:9", "DISCORD_TOKEN": "", "DATA_DIR": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", env=environment, cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )
    _, said = await asyncio.wait_for(process.communicate(), START_S)
    assert process.returncode == 1
    assert b"DISCORD_TOKEN is missing" in said
    assert b"Traceback" not in said


async def test_setting_that_makes_no_sense_is_refused_by_its_name(tmp_path: Path) -> None:
    environment = os.environ | {"LEASE_S": "soon", "DATA_DIR": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", env=environment, cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )
    _, said = await asyncio.wait_for(process.communicate(), START_S)
    assert process.returncode == 1
    assert b"LEASE_S=soon is not allowed: it takes a number, 5 or more. Example: LEASE_S=30" in said
