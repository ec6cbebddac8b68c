"""The export of a member who has a lot: it costs so much a job, whatever there is, and nobody waits for it."""

import asyncio
import io
import json
import sys
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any, cast

import sqlalchemy as sa

from bot.features.mydata.personal_data import export_parts
from bot.shared.services import Services
from db.engine import Database
from db.files import FileStore
from db.tables import jobs
from tests.support.db.store import StoreHarness
from tests.support.dispatcher import sqlite_only

FEW, MANY = 300, 3000
LIMIT_BYTES = 1 << 20


async def services_with(database: Database, folder: Path, count: int, *, user_id: int) -> Services:
    """Return what an export needs of the bot, where a member has so many jobs with a picture each."""
    store = StoreHarness(database)
    job = await store.submit(user_id, interaction_id=user_id)
    await store.jobs.cancel(job.id, by_user=user_id)
    with database.begin() as connection:
        row = dict(connection.execute(sa.select(jobs).where(jobs.c.id == job.id)).one()._mapping)
        rows = [row | {"id": f"{user_id}{n:025d}", "interaction_id": 10_000 * user_id + n} for n in range(count - 1)]
        connection.execute(jobs.insert(), rows)
    for row in rows:
        picture = folder / "jobs" / row["id"] / "1.png"
        picture.parent.mkdir(parents=True)
        picture.write_bytes(b"x" * 2000)
    stores = {
        "db": database,
        "files": FileStore(str(folder)),
    }
    return cast(Services, SimpleNamespace(**stores))


@contextmanager
def counted_calls() -> Iterator[Counter[tuple[str, bool]]]:
    """Count what is called, in Python or C, by name and whether in the thread of the event loop."""
    calls: Counter[tuple[str, bool]] = Counter()
    here = threading.get_ident()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event in ("call", "c_call"):
            name = argument.__name__ if event == "c_call" else frame.f_code.co_name
            calls[name, threading.get_ident() == here] += 1

    sys.setprofile(note)
    threading.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


async def calls_of_an_export(services: Services, user_id: int) -> Counter[tuple[str, bool]]:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(4))  # new threads, that are counted too
    with counted_calls() as calls:
        async for _ in export_parts(services, user_id, LIMIT_BYTES):
            pass
    return calls


@sqlite_only
async def test_export_of_ten_times_the_jobs_takes_ten_times_the_calls(database: Database, tmp_path: Path) -> None:
    few = await services_with(database, tmp_path / "few", FEW, user_id=1)
    many = await services_with(database, tmp_path / "many", MANY, user_id=2)
    few_calls, many_calls = [await calls_of_an_export(services, user_id) for services, user_id in ((few, 1), (many, 2))]
    assert many_calls.total() <= 1.1 * MANY / FEW * few_calls.total()
    for name in ("index_page", "dumps", "writestr"):  # and not on the event loop
        assert many_calls[name, True] == 0 < many_calls[name, False]


@sqlite_only
async def test_export_of_many_jobs_is_whole(database: Database, tmp_path: Path) -> None:
    services = await services_with(database, tmp_path / "files", MANY, user_id=1)
    names: list[str] = []
    page, data = "", b""
    async for _, content in export_parts(services, 1, LIMIT_BYTES):
        assert len(content) <= LIMIT_BYTES
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names += archive.namelist()
            page += "".join(archive.read(n).decode() for n in archive.namelist() if n.startswith("index.html"))
            data += b"".join(archive.read(n) for n in archive.namelist() if n.startswith("data.json"))
    assert len(names) == len(set(names))
    assert sum(name.startswith("files/jobs/") for name in names) == MANY - 1
    assert len(json.loads(data)["jobs"]) == MANY
    assert page.count('<img loading="lazy"') == MANY - 1
