"""What one claim costs, by how much is waiting."""

import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from db.engine import Database
from db.tables import jobs
from db.tables.queue import guild_flows, lines, member_flows, seats
from tests.support.db.store import StoreHarness

PRICE = 4


@dataclass(frozen=True, slots=True)
class Queue:
    """So many members with so many jobs each."""

    members: int
    jobs_each: int


async def time_claims(queues: list[Queue], *, claims: int) -> list[list[float]]:
    """Return the milliseconds of each claim for each queue; they take turns, so that all meet the same noise."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shops = []
        for number, queue in enumerate(queues):
            database = await stack.enter_async_context(Database.from_url(f"sqlite:///{folder / f'{number}.db'}"))
            await database.migrate()
            shops.append(StoreHarness(database))
            await _fill(shops[-1], queue)
        taken_ms: list[list[float]] = [[] for _ in shops]
        for _ in range(claims):
            for store, taken in zip(shops, taken_ms, strict=True):
                started_s = time.perf_counter()
                claimed = await store.claim()
                taken.append((time.perf_counter() - started_s) * 1000)
                assert len(claimed) == 1
        return taken_ms


async def _fill(store: StoreHarness, queue: Queue) -> None:
    """Submit one job, and put the same in line for everybody by copying its rows: 10,000 submits would take minutes."""
    await store.submit(1, price=PRICE)
    total = queue.members * queue.jobs_each
    with store.db.begin() as connection:
        flow, seat, job = [_only_row(connection, table) for table in (member_flows, seats, jobs)]
        for table in (member_flows, seats, jobs):
            connection.execute(table.delete())
        members = range(1, queue.members + 1)
        own = {"waiting": queue.jobs_each, "work": PRICE * queue.jobs_each}
        connection.execute(member_flows.insert(), [flow | own | {"user_id": user, "since": user} for user in members])
        connection.execute(seats.insert(), [seat | {"user_id": user, "queued": queue.jobs_each} for user in members])
        numbered = [(seq, (seq - 1) % queue.members + 1) for seq in range(1, total + 1)]
        connection.execute(
            jobs.insert(),
            [job | {"id": f"{seq:026d}", "interaction_id": seq, "seq": seq, "user_id": user} for seq, user in numbered],
        )
        connection.execute(guild_flows.update().values(ready=queue.members, waiting=total, work=PRICE * total))
        connection.execute(lines.update().values(seq=total))


def _only_row(connection: sa.Connection, table: object) -> dict[str, object]:
    return dict(connection.execute(table.select()).mappings().one())  # type: ignore[attr-defined]
