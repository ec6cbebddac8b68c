"""Whatever happens in whatever order: the books balance, nothing is below zero, and the queue agrees with the jobs."""

import asyncio
import contextlib
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from db.credits.allowance import Allowance
from db.credits.audit import audit
from db.credits.budgets import Budget
from db.engine import Database
from db.errors import BudgetSpent, NotEnoughCredits, TooManyQueued
from db.queue.heartbeat import Report
from db.queue.job import End, Job, Pace
from db.tables import jobs
from db.tables.credits import accounts, entries, guild_uses
from db.tables.queue import guild_flows, member_flows, seats
from tests.support.clock import open_database
from tests.support.db.processes import run_at_once
from tests.support.db.store import DISPATCHER, StoreHarness, because

USERS = 3
KINDS = ("image", "train")

BUDGET = Budget(daily_credits=40, monthly_credits=90, timezone="Asia/Tokyo")
OFFERS = (
    Allowance(daily_credits=20, cap_credits=60),
    Allowance(daily_credits=25, cap_credits=80, monthly_credits=30, timezone="America/Lima"),
    Allowance(daily_credits=5, cap_credits=20, timezone="Asia/Tokyo"),
)

STEPS = [
    *["submit", "submit", "submit", "claim", "claim", "settle", "cancel", "give_back", "expire", "heartbeat"],
    *["grant", "gift", "look", "tomorrow"],
]
PROCESSES, ROUNDS, AT_ONCE = 3, 10, 4

numbers = st.integers(0, 1000)  # which job, price, user …: taken modulo what there is
steps = st.tuples(
    st.sampled_from(STEPS),
    numbers,
    numbers,
)
rounds = st.lists(st.lists(steps, min_size=1, max_size=5), min_size=1, max_size=10)  # each inner list runs at once
interactions = itertools.count(1)


class StoreMachine:
    """Plays steps against a store; remembers which jobs there are, and what was claimed when."""

    def __init__(self, store: StoreHarness, interactions: Iterator[int]) -> None:
        self.store = store
        self.interactions = interactions
        self.job_ids: list[str] = []
        self.leases: list[Job] = []  # every lease that ever was, most of them lost

    async def play(self, step: tuple[str, int, int]) -> None:
        name, first, second = step
        action: Callable[[int, int], Awaitable[Any]] = getattr(self, name)
        await action(first, second)

    async def submit(self, first: int, second: int) -> None:
        changes = {"guild_id": 7 + second % 2, "kind": KINDS[second % 2], "pace": list(Pace)[second // 2 % 2]}
        changes |= {"weight": 1 + first % 2, "budget": BUDGET if second % 3 else None, "allowance": OFFERS[first % 3]}
        limits = {"max_queued": 4, "max_running": 1 + second % 3}
        try:
            job = await self.store.submit(
                user_id=1 + first % USERS, price=first % 9, interaction_id=next(self.interactions), **changes, **limits
            )
        except (NotEnoughCredits, BudgetSpent, TooManyQueued):
            return
        self.job_ids.append(job.id)

    async def claim(self, first: int, second: int) -> None:
        self.leases += await self.store.claim(1 + first % 3, kinds=KINDS, models={"builtin"} if second % 2 else ())

    async def settle(self, first: int, second: int) -> None:
        if self.leases:
            job = self.leases[first % len(self.leases)]
            end = End(state=("done", "failed", "cancelled")[second % 3], charge=second % (job.price + 1))
            await self.store.jobs.settle(owner=DISPATCHER, job_id=job.id, attempt=job.attempt, end=end)

    async def cancel(self, first: int, _second: int) -> None:
        if self.job_ids:
            await self.store.jobs.cancel(self.job_ids[first % len(self.job_ids)], by_user=1)

    async def give_back(self, first: int, second: int) -> None:
        await self.store.give_back(*self.leases[: 1 + first % 3], blame=bool(second % 2))

    async def heartbeat(self, first: int, _second: int) -> None:
        reports = [Report(job_id=job.id, attempt=job.attempt, done=first, total=1000) for job in self.leases[-4:]]
        await self.store.jobs.heartbeat(owner=DISPATCHER, reports=reports, lease_s=30)

    async def grant(self, first: int, second: int) -> None:
        """Give, take back, or set; one in two was said before."""
        user_id, ref = 1 + first % USERS, f"grant-{second // 2 % 20}"
        with contextlib.suppress(NotEnoughCredits):
            if first % 3:
                await self.store.ledger.grant(user_id, second % 15 - 7, ref, because(""))
            else:
                await self.store.ledger.set_available(user_id, second % 30, ref, because(""))

    async def gift(self, first: int, second: int) -> None:
        giver, taker = 1 + first % USERS, 1 + (first + 1 + second % (USERS - 1)) % USERS
        with contextlib.suppress(NotEnoughCredits):
            await self.store.ledger.give(giver, taker, 1 + second % 12, f"gift-{second % 40}", allowance=OFFERS[0])

    async def look(self, first: int, second: int) -> None:
        await self.store.ledger.statement(1 + first % USERS, allowance=OFFERS[second % len(OFFERS)])

    async def tomorrow(self, first: int, _second: int) -> None:
        self.store.db.advance(3600.0 * (1 + first % 30))

    async def expire(self, _first: int, _second: int) -> None:
        self.store.db.advance(31)
        await self.store.jobs.reap()

    async def finish(self) -> None:
        """Serve everything that is left."""
        self.store.db.advance(31)
        await self.store.jobs.reap()
        while claimed := await self.store.claim(5, kinds=KINDS):
            for job in claimed:
                await self.store.settle(job)


async def check_books(store: StoreHarness) -> None:
    assert await store.db.read(audit) == []
    with store.db.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.sum(entries.c.amount))).scalar_one() in (0, None)
        lowest = sa.select(sa.func.min(accounts.c.available), sa.func.min(accounts.c.held))
        assert all(balance is None or balance >= 0 for balance in connection.execute(lowest).one())
        live = jobs.c.state.in_(["queued", "running"])
        promised = sa.select(sa.func.coalesce(sa.func.sum(jobs.c.price), 0)).where(live)
        held = sa.select(sa.func.coalesce(sa.func.sum(accounts.c.held), 0))
        assert connection.execute(held).scalar_one() == connection.execute(promised).scalar_one()


async def check_budgets(store: StoreHarness) -> None:
    """What counts against a guild's days and months is what its jobs hold and were charged."""
    with store.db.engine.connect() as connection:
        rows = connection.execute(sa.select(jobs).where(jobs.c.budget_day.is_not(None))).all()
        counted = {(row.guild_id, row.period): row.credits for row in connection.execute(sa.select(guild_uses))}
    expected = Counter[Any]()
    for row in rows:
        for period in (row.budget_day, row.budget_day[:7]):
            expected[row.guild_id, period] += row.charged if row.ended_at else row.price
    assert {key: credits for key, credits in counted.items() if credits} == +expected
    assert all(credits <= (BUDGET.monthly_credits or 0) for credits in counted.values())


async def check_line(store: StoreHarness) -> None:
    """The flows and seats say what counting the jobs says."""
    with store.db.engine.connect() as connection:
        rows = connection.execute(sa.select(jobs)).all()
        members = connection.execute(sa.select(member_flows)).all()
        guilds = connection.execute(sa.select(guild_flows)).all()
        seat_rows = {(row.user_id, row.kind): row for row in connection.execute(sa.select(seats))}
    queued = [row for row in rows if row.state == "queued"]
    in_flow = Counter((row.kind, row.pace, row.guild_id, row.user_id) for row in queued)
    work = Counter[Any]()
    for row in queued:
        work[row.kind, row.pace, row.guild_id, row.user_id] += row.work
    in_hand = Counter((row.user_id, row.kind, row.state) for row in rows)
    ready = Counter[Any]()
    for flow in members:
        key = (flow.kind, flow.pace, flow.guild_id, flow.user_id)
        seat = seat_rows[flow.user_id, flow.kind]
        assert (flow.waiting, flow.work) == (in_flow[key], work[key])
        assert flow.ready == (flow.waiting > 0 and seat.running < seat.max_running)
        ready[key[:3]] += flow.ready
    for flow in guilds:
        assert flow.ready == ready[flow.kind, flow.pace, flow.guild_id]
    for (user_id, kind), seat in seat_rows.items():
        assert (seat.queued, seat.running) == (in_hand[user_id, kind, "queued"], in_hand[user_id, kind, "running"])


async def check_all(store: StoreHarness) -> None:
    await check_books(store)
    await check_budgets(store)
    await check_line(store)


async def clear(store: StoreHarness) -> None:
    with store.db.begin() as connection:
        for table in (
            "guild_uses",
            "jobs",
            "seats",
            "member_flows",
            "guild_flows",
            "lines",
            "entries",
            "transfers",
            "accounts",
        ):
            connection.execute(sa.text(f"DELETE FROM {table}"))


def test_books_and_line_agree_after_any_interleaving(database_url: str) -> None:
    async def example(played: list[list[tuple[str, int, int]]], database: Database) -> None:
        store = StoreHarness(database, Allowance(daily_credits=20, cap_credits=20))
        await clear(store)
        world = StoreMachine(store, interactions)
        for at_once in played:
            await asyncio.gather(*(world.play(step) for step in at_once))
            await check_all(store)
        await world.finish()
        await check_all(store)
        for user_id in range(1, USERS + 1):
            assert (await store.balances(user_id))[1] == 0

    with asyncio.Runner() as runner:
        database = open_database(database_url)
        runner.run(database.__aenter__())

        # Not shrunk: an example costs a second, and a failure names the rounds that led to it.
        @settings(max_examples=15, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        @given(rounds)
        def check(played: list[list[tuple[str, int, int]]]) -> None:
            runner.run(example(played, database))

        try:
            check()
        finally:
            runner.run(database.__aexit__(None, None, None))


def _play_alone(url: str, seed: int) -> None:
    """Play random steps in a process of its own, with a clock of its own."""

    async def every() -> None:
        chance = random.Random(seed)
        async with open_database(url) as database:
            world = StoreMachine(
                StoreHarness(database, Allowance(daily_credits=20, cap_credits=20)), itertools.count(seed * 10_000)
            )
            for _ in range(ROUNDS):
                played = [
                    (chance.choice(STEPS), chance.randrange(1000), chance.randrange(1000)) for _ in range(AT_ONCE)
                ]
                await asyncio.gather(*(world.play(step) for step in played))

    asyncio.run(every())


async def test_books_and_line_agree_after_several_processes(database: Database, database_url: str) -> None:
    given = [(database_url, 1 + number) for number in range(PROCESSES)]
    await asyncio.to_thread(run_at_once, _play_alone, given)
    store = StoreHarness(database)
    await check_all(store)
    with database.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(jobs)).scalar_one() > 10
