"""What one job costs the store: few statements, each compiled once."""

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import CacheStats

from db.engine import Database
from db.jobs import Report
from tests.support.db.store import DISPATCHER, StoreHarness

AT_MOST = {"submit": 10, "claim": 9, "beat": 2, "settle": 6, "delivered": 1}  # on SQLite, where the transaction locks
LOCKS = {"claim": 2, "settle": 2}  # on PostgreSQL besides: the lines, the job; the account, the line


class Watch:
    """Counts statements by what they are for, and those that had to be compiled."""

    def __init__(self, database: Database) -> None:
        self.counts: dict[str, int] = {}
        self.compiled: list[str] = []
        self.step = ""
        for engine in [database.engine] if database.is_sqlite else [database.engine, database._urgent]:
            sa.event.listen(engine, "before_cursor_execute", self._note)

    def _note(
        self, _connection: object, _cursor: object, statement: str, _values: object, context: object, *_: object
    ) -> None:
        self.counts[self.step] = self.counts.get(self.step, 0) + 1
        if getattr(context, "cache_hit", None) not in (CacheStats.CACHE_HIT, None):
            self.compiled.append(statement)


async def live(store: StoreHarness, watch: Watch) -> None:
    """Let a job live, from its acceptance to its delivery."""
    watch.step = "submit"
    job = await store.submit()
    watch.step = "claim"
    (claimed,) = await store.claim()
    watch.step = "beat"
    report = Report(job_id=job.id, attempt=claimed.attempt, done=1, total=8)
    await store.jobs.beat(owner=DISPATCHER, reports=[report], lease_s=30.0)
    watch.step = "settle"
    assert await store.settle(claimed)
    watch.step = "delivered"
    await store.jobs.delivered(job.id, message_id=1, how="token")


async def test_job_lives_on_few_statements_that_are_compiled_once(store: StoreHarness) -> None:
    watch = Watch(store.db)
    for _ in range(2):  # the first two meet an idle line, and one that was served before
        await live(store, watch)
    watch.counts.clear()
    watch.compiled.clear()
    await live(store, watch)
    more = {} if store.db.is_sqlite else LOCKS
    assert watch.counts == {step: count + more.get(step, 0) for step, count in AT_MOST.items()}
    assert watch.compiled == []
