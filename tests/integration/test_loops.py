"""Every background loop of the whole bot outlives a database that goes away, and works again when it is back."""

import asyncio
import datetime as dt
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped,unused-ignore]
import psycopg
import pytest
import sqlalchemy as sa

from bot.features.mydata import retention
from bot.sandbox.server import Sandbox
from common.supervisor import loop_metrics
from db.engine import Database
from db.file_keys import clip_file
from db.ids import new_id
from db.wake import CHANGED
from tests.acceptance.conftest import point_discord_at
from tests.support.acceptance.bots import RunningBot, bot_beside
from tests.support.acceptance.engines import GATE
from tests.support.loops import LOOPS

LONG_AGO = 1 << 40  # a clip's id, of an hour that is long over
# These ask the database for something all the time; the others outlive what happens meanwhile.
ASKING = {
    "dispatcher-claim",
    "dispatcher-heartbeat",
    "dispatcher-reap",
    "follow-cards",
    "purge-clips",
    "retention",
}


def figures(name: str) -> dict[str, float]:
    """Return one figure of every loop of this process."""
    found = re.findall(rf'^atelier_loop_{name}{{loop="(.+)"}} (\S+)$', loop_metrics().decode(), re.MULTILINE)
    return {loop: float(value) for loop, value in found}


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@asynccontextmanager
async def database_away(database: Database, url: str) -> AsyncIterator[None]:
    """Take the database away: PostgreSQL's for real, SQLite's where its file is read."""
    if database.is_sqlite:

        def refuse(*_: object) -> None:
            raise sa.exc.OperationalError("-", {}, sqlite3.OperationalError("unable to open database file"))

        sa.event.listen(database.engine, "before_cursor_execute", refuse)
        yield
        sa.event.remove(database.engine, "before_cursor_execute", refuse)
        return
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    async with await psycopg.AsyncConnection.connect(url, dbname="postgres", autocommit=True) as server:
        await server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        yield
        await server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@pytest.fixture
async def sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with Sandbox(state=tmp_path / "sandbox") as box:
        point_discord_at(monkeypatch, box)
        yield box


@pytest.fixture
async def bot(
    sandbox: Sandbox, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningBot]:
    monkeypatch.setenv(GATE, str(tmp_path / "gate"))
    monkeypatch.setattr(retention, "PURGE_EVERY_S", 0.05)
    monkeypatch.setattr(retention, "SWEEP_EVERY_S", 0.05)
    monkeypatch.setattr(retention, "SCRUB_EVERY_S", 0.05)
    async with bot_beside(sandbox, tmp_path, database_url=database_url, results_kept_days=30) as running:
        yield running


async def test_every_loop_works_again_after_the_database_was_away(
    sandbox: Sandbox, bot: RunningBot, database_url: str, tmp_path: Path
) -> None:
    services, database = bot.services, bot.services.db
    asking = ASKING | ({"scrub-database"} if database.is_sqlite else {"wake-receive"})
    loops = {name for name in LOOPS if not (database.is_sqlite and name.startswith("wake"))}
    loops.remove("watch-catalogue")  # started by the programs, not by the bot; it asks for no database
    await until(lambda: loops - {"keep-{worker_id}"} | {"keep-cpu"} <= set(figures("failures_total")))
    ben = sandbox.member("ben")
    before = await (await ben.slash("imagine", prompt="a gate", count=1)).message()
    await sandbox.until(lambda: "%" in ben.text(before["id"]))  # it is aboard

    failures = figures("failures_total")
    async with database_away(database, database_url):
        await services.files.put(clip_file(LONG_AGO), b"RIFF")
        await services.files.put(f"uploads/{new_id(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))}/draft.json", b"{}")
        await until(lambda: all(figures("failures_total")[name] > failures[name] for name in asking))
        (worker,) = [one for one in psutil.Process().children(recursive=True) if one.name() == "atelier:cpu"]
        worker.kill()
        await ben.say("said while it was away")

    await until(lambda: not any(figures("failing")[name] for name in ASKING))
    (tmp_path / "gate").touch()
    await sandbox.until(lambda: len(ben.pictures(before["id"])) == 1)  # claim, keep, heartbeats, cards
    after = await (await ben.slash("imagine", prompt="a red heart")).message()
    await sandbox.until(lambda: len(ben.pictures(after["id"])) == 4)
    await until(lambda: "said while it was away" in (tmp_path / "sandbox/world.json").read_text())
    async with asyncio.timeout(60):
        while await services.files.list("uploads"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # purge-clips, retention
    if not database.is_sqlite:
        await _wakes_others(database, database_url)


async def _wakes_others(database: Database, url: str) -> None:
    """Both ways work again: wake-send here and there, and wake-receive."""
    async with Database.from_url(url) as other:
        ear, others_ear = database.wake.listen(CHANGED), other.wake.listen(CHANGED)
        for sender, listener in ((database, others_ear), (other, ear)):
            await listener.wait(0)
            sender.wake.notify(CHANGED)
            assert await listener.wait(30)
