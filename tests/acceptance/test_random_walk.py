"""Ten members who press, choose, type and send at random whatever they can: everything is answered, and ends."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from tests.acceptance.conftest import point_discord_at
from tests.support.acceptance.bots import bot_beside
from tests.support.acceptance.engines import GATE, SLOTS
from tests.support.bot.catalogues import WITH_CHECKER
from tests.support.walk.clock import StepClock
from tests.support.walk.members import ten_members
from tests.support.walk.random_walk import RandomWalk, WrongStep

pytestmark = pytest.mark.timeout(1800)  # on a busy machine; by itself, the long one takes some three minutes
SEED = 1
SHORT = 120
LONG = 2000
PART = 500  # steps until the bot is restarted
REPLAY = "Replay it: .venv/bin/python -m pytest -n 0 -m '' tests/acceptance/test_random_walk.py -k {test} --seed {seed}"


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    chosen: int | None = request.config.getoption("--seed")
    return SEED if chosen is None else chosen


@pytest.fixture
async def sandbox(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=StepClock()) as box:
        point_discord_at(monkeypatch, box)
        yield box


async def walked(box: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int, steps: int) -> RandomWalk:
    """Take so many steps, with a restart of the bot now and then."""
    gate = folder / "open"
    monkeypatch.setenv(GATE, str(gate))
    monkeypatch.setenv(SLOTS, "50")
    members = ten_members(box)
    walk = RandomWalk(box, members, seed=seed, gate=gate)
    for begun in range(0, steps, PART):
        async with bot_beside(
            box, folder / "data", catalogue=WITH_CHECKER, gifts=True, auto_transcription=True, max_running=1
        ) as bot:
            await walk.go(bot, min(PART, steps - begun))
    return walk


async def test_short_walk(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    try:
        walk = await walked(sandbox, tmp_path, monkeypatch, seed, SHORT)
    except WrongStep as wrong:
        pytest.fail(f"{wrong}\n{REPLAY.format(test='short', seed=seed)}")
    assert len(walk.used) > 30


@pytest.mark.long
async def test_long_walk(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    try:
        walk = await walked(sandbox, tmp_path, monkeypatch, seed, LONG)
    except WrongStep as wrong:
        pytest.fail(f"{wrong}\n{REPLAY.format(test='long', seed=seed)}")
    assert len(walk.used) > 70
