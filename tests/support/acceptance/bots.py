"""Our own bot, for tests: beside the test in its process, or in a process of its own that can be killed."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, chdir
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bot.client import Atelier
from bot.run import open_services
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import STUDIO
from bot.settings import Settings
from bot.shared.discord.limits import RateLimits
from bot.shared.services import Services
from db.credits.allowance import Allowance
from db.credits.grants import set_available
from db.credits.statement import Statement, read_statement
from db.engine import Database
from db.moderation.audit_log import AuditEntry
from db.queue.delivery import undelivered_jobs
from db.queue.job_store import JobStore
from inference.catalogue import Catalogue, read_catalogue
from tests.support.acceptance.crashing import CRASH
from tests.support.acceptance.engines import SLOTS
from tests.support.bot.catalogues import CATALOGUE
from tests.support.clock import NOON_ZONE
from tests.support.forkserver import forked_workers
from tests.support.speech_weights import weights

ENGINES = "tests.support.acceptance.engines:build"
REAL_ENGINES = "inference.engines.factory:build"
DAILY = 100
ALLOWANCE = Allowance(DAILY, 200, timezone=NOON_ZONE)
RECOVERY_S = 60  # the promise: after a kill, everything goes on within so long
ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class RunningBot:
    """A bot that is online."""

    client: Atelier
    services: Services

    async def leave(self, who: HumanClient, credits: int) -> None:
        """Leave a member with so many credits."""
        entry = AuditEntry(guild_id=0, by_user=0, what="set")
        nobody = self.services.rules.tiers.terms(None).allowance
        await self.services.db.write(set_available, int(who.id), credits, "test", entry, allowance=nobody)

    async def statement(self, who: HumanClient) -> Statement:
        """Return what a member without a role has, after what is due to them."""
        return await read_statement(self.services.db, int(who.id), self.services.rules.tiers.terms(None).allowance)


@asynccontextmanager
async def bot_beside(
    box: Sandbox,
    data_dir: Path,
    *,
    catalogue: Catalogue = CATALOGUE,
    edit_every_s: float = 0.02,
    limits: RateLimits | None = None,
    **settings: Any,
) -> AsyncIterator[RunningBot]:
    """Run our bot in this process, with engines that need no model.

    discord.py must point at the sandbox already.

    Args:
        box: the local Discord.
        data_dir: where the bot keeps its data.
        catalogue: the models that it offers.
        edit_every_s: how often it edits a card while a job runs.
        limits: how often members may do what costs nothing; None: as shipped.
        settings: fields of `Settings`.
    """
    values: dict[str, Any] = {"data_dir": data_dir, "devices": "cpu", "engines": ENGINES, "daily_credits": DAILY}
    values |= {"home_guilds": STUDIO, "timezone": NOON_ZONE}
    chosen = Settings.model_validate(values | settings)  # validated only: neither the environment nor .env is read
    await asyncio.to_thread(_with_tables, data_dir / "atelier.db")
    async with AsyncExitStack() as stack:
        if chosen.engines == ENGINES:
            stack.enter_context(forked_workers())
        services = await stack.enter_async_context(open_services(chosen, catalogue, api_url=box.url))
        hears = chosen.auto_transcription
        client = Atelier(services, data_dir=data_dir, edit_every_s=edit_every_s, hears_channels=hears, limits=limits)
        task = asyncio.create_task((await stack.enter_async_context(client)).run_for_ever(box.token))
        try:
            await box.until(lambda: box.bot_online)
            yield RunningBot(client, services)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _with_tables(path: Path) -> None:
    """Give a new bot a database with all tables, so that it need not make them one migration after the other."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_migrated())


@cache
def _migrated() -> bytes:
    """Return a file of a database with all tables and nobody in it."""

    async def migrate(url: str) -> None:
        async with Database.from_url(url) as database:
            await database.migrate()

    with tempfile.TemporaryDirectory(prefix="atelier-tables-") as folder:
        path = Path(folder) / "atelier.db"
        asyncio.run(migrate(f"sqlite:///{path}"))
        return path.read_bytes()


@asynccontextmanager
async def bot_with_models(box: Sandbox, data_dir: Path, **settings: Any) -> AsyncIterator[RunningBot]:
    """Run our bot as `bot_beside` does, with the models that are shipped and the speech weights that are fetched."""
    weights("base")
    with chdir(ROOT):  # where the catalogue looks for them
        async with bot_beside(box, data_dir, catalogue=read_catalogue(), engines=REAL_ENGINES, **settings) as bot:
            yield bot


@asynccontextmanager
async def bot_process(
    box: Sandbox, data_dir: Path, *, crash: str = "", slots: int = 4, engines: str = ENGINES, lease_s: int = 5
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `atelier` in a process of its own, which is killed at the end if it still runs.

    Args:
        box: the local Discord.
        data_dir: where the bot keeps its data.
        crash: the moment at which it kills itself (`tests.support.acceptance.crashing`); empty: never.
        slots: how many jobs of each kind run at once.
        engines: the builders of the engines.
        lease_s: how long a job stays with a dispatcher that is silent.
    """
    environment = {
        **os.environ,
        "DISCORD_TOKEN": box.token,
        "DISCORD_API_URL": box.url,
        "DATA_DIR": str(data_dir),
        "DEVICES": "cpu",
        "ENGINES": engines,
        "LEASE_S": str(lease_s),
        "DAILY_CREDITS": str(DAILY),
        "TIMEZONE": NOON_ZONE,
        CRASH: crash,
        SLOTS: str(slots),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.acceptance.crashing", env=environment, cwd=ROOT
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def open_job_store(data_dir: Path) -> AsyncIterator[JobStore]:
    """Open the database of a bot from outside."""
    async with Database.from_url(f"sqlite:///{data_dir / 'atelier.db'}") as database:
        yield JobStore(database)


async def until_all_delivered(jobs: JobStore) -> None:
    """Wait until every job that ended was shown."""
    async with asyncio.timeout(RECOVERY_S):
        while await jobs.db.read(undelivered_jobs):  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # another process writes; there is nothing to be woken by
