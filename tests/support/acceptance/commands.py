"""The `atelier` command as an operator gives it: in a folder with a `.env`, in a process of its own."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.start.setting_names import SETTINGS
from tests.support.acceptance.bots import ENGINES, ROOT

END_S = 120
# As at a newcomer's, but for a model and the ports, of which others may run tests as well.
WITHOUT_MODEL = f"DEVICES=cpu\nENGINES={ENGINES}\nSANDBOX_PORT=0\nOPEN_BROWSER=false\n"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    status: int
    said: str
    complained: str


async def atelier(folder: Path, *arguments: str) -> Ended:
    """Give the command and wait for its end."""
    async with started(folder, *arguments) as process:
        said, complained = await asyncio.wait_for(process.communicate(), END_S)
    assert process.returncode is not None
    return Ended(process.returncode, said.decode(), complained.decode())


@asynccontextmanager
async def started(folder: Path, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Give the command in a folder; it is killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        env=environment(os.environ),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until_ready(process: asyncio.subprocess.Process) -> None:
    """Wait until a bot says that it is ready."""
    assert process.stdout is not None
    async with asyncio.timeout(END_S):
        async for line in process.stdout:
            if b"Atelier is ready" in line:
                return
    raise AssertionError("it ended and was never ready")


def environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without a setting in it, so that `.env` decides."""
    return {name: value for name, value in ours.items() if name.upper() not in SETTINGS} | {"PYTHONPATH": str(ROOT)}
