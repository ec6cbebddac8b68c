"""What one job costs the store: few statements, each compiled once."""

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import CacheStats

from db.engine import Database
from db.queue.delivery import mark_delivered
from db.queue.heartbeat import Report
from tests.support.db.store import DISPATCHER, StoreHarness

# On SQLite, where the transaction locks.
AT_MOST = {"submit": 10, "claim": 8, "heartbeat": 2, "settle": 6, "delivered": 1}
LOCKS = {"claim": 3, "settle": 2}  # on PostgreSQL besides: a look first, the queues, the job; the account, the queue


class StatementCounter:
    """Counts statements by what they are for, and those that had to be compiled."""

    def __init__(self, database: Database) -> None:
        self.counts: dict[str, int] = {}
        self.compiled: list[str] = []
        self.step = ""
        for engine in [database.engine] if database.is_sqlite else [database.engine, database._backend.urgent]:
            sa.event.listen(engine, "before_cursor_execute", self._note)

    def _note(
        self, _connection: object, _cursor: object, statement: str, _values: object, context: object, *_: object
    ) -> None:
        self.counts[self.step] = self.counts.get(self.step, 0) + 1
        if getattr(context, "cache_hit", None) not in (CacheStats.CACHE_HIT, None):
            self.compiled.append(statement)


async def live(store: StoreHarness, counter: StatementCounter) -> None:
    """Let a job live, from its acceptance to its delivery."""
    counter.step = "submit"
    job = await store.submit()
    counter.step = "claim"
    (claimed,) = await store.claim()
    counter.step = "heartbeat"
    report = Report(job_id=job.id, attempt=claimed.attempt, done=1, total=8)
    await store.jobs.heartbeat(owner=DISPATCHER, reports=[report], lease_s=30.0)
    counter.step = "settle"
    assert await store.settle(claimed)
    counter.step = "delivered"
    await store.db.write(mark_delivered, job.id, message_id=1, how="token")


async def test_job_lives_on_few_statements_that_are_compiled_once(store: StoreHarness) -> None:
    counter = StatementCounter(store.db)
    for _ in range(2):  # the first two meet an idle queue, and one that was served before
        await live(store, counter)
    counter.counts.clear()
    counter.compiled.clear()
    await live(store, counter)
    more = {} if store.db.is_sqlite else LOCKS
    assert counter.counts == {step: count + more.get(step, 0) for step, count in AT_MOST.items()}
    assert counter.compiled == []
