"""The ledger of credits: double entry, integers, never below zero.

A transfer moves credits between accounts; its entries add up to zero, so all entries ever written do. A
member has three accounts: `available`, `held` (for jobs that have not ended) and `spent`. The `mint` is
everybody's counterpart and the only account that may be negative: what it owes is what members have and had.

    allowance, grant   mint → available        hold      available → held (at submit)
    release            held → available        charge    held → spent     (both at the end of the job)

Why it cannot go wrong: a hold is one conditional UPDATE ("… SET available = available - x WHERE available >=
x"), so two at once cannot spend the same credit; CHECKs forbid negative balances; (job, kind) is unique, so
no job is held, charged or released twice; `ref` is unique, so a repeated grant is one grant. Balances repeat
what the entries add up to; `audit` compares them.

The daily allowance needs no timer: it is accrued when the member is first looked at on a new day (UTC, the
database's clock), in the same transaction.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.engine import Database
from db.errors import NotEnoughCredits
from db.tables import accounts, entries, transfers
from db.upsert import insert_or_ignore

MINT = 0  # the mint's user_id in `entries`


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a member gets by doing nothing."""

    daily_credits: int
    cap_credits: int  # an allowance never lifts available + held above this; grants may


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a member's statement."""

    at: dt.datetime
    kind: str  # allowance, grant, hold, charge, release
    amount: int  # what it did to `available`; for a charge, what was spent (negative)
    reason: str
    job_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a member has, and the latest entries, newest first."""

    available: int
    held: int
    spent_today: int
    daily_allowance: int
    renews_at: dt.datetime
    entries: list[Entry]


class Ledger:
    """Move credits and report on them.

    Methods that take a connection are steps of the caller's transaction; the others make their own.
    """

    def __init__(self, db: Database, allowance: Allowance) -> None:
        self.db = db
        self.allowance = allowance

    async def grant(self, user_id: int, amount: int, reason: str, ref: str) -> bool:
        """Give a member credits, or take available ones back with a negative amount.

        ref: unique name of this grant; the same again changes nothing. Returns whether it was new.
        Raises NotEnoughCredits when more is taken than is available.
        """

        async def work(connection: AsyncConnection) -> bool:
            now = await self.db.now(connection)
            await self.open(connection, user_id, now)
            if await connection.scalar(sa.select(transfers.c.id).where(transfers.c.ref == ref)):
                return False
            if amount:
                await self._move(connection, user_id, {"available": amount}, now, "grant", reason=reason, ref=ref)
            return True

        return await self.db.write(work)

    async def statement(self, user_id: int, *, limit: int = 20) -> Statement:
        """Return what the member has, after today's allowance."""

        async def work(connection: AsyncConnection) -> None:
            await self.open(connection, user_id, await self.db.now(connection))

        async with self.db.read() as connection:
            now = await self.db.now(connection)
            row = await self._balances(connection, user_id)
        if row is None or row.accrued_day < _day(now):
            await self.db.write(work)
        async with self.db.read() as connection:
            return await self._statement(connection, user_id, now, limit)

    async def open(self, connection: AsyncConnection, user_id: int, now: dt.datetime) -> None:
        """Lock the member's account for this transaction, after making it and accruing what is due."""
        today = _day(now)
        query = sa.select(accounts).where(accounts.c.user_id == user_id).with_for_update()
        row = (await connection.execute(query)).one_or_none()
        if row is None:
            values = {"user_id": user_id, "accrued_day": today - 1}
            await connection.execute(insert_or_ignore(connection, accounts).values(values))
            row = (await connection.execute(query)).one()
        days = today - row.accrued_day
        if days <= 0:
            return
        room = max(0, self.allowance.cap_credits - row.available - row.held)
        amount = min(days * self.allowance.daily_credits, room)
        if amount:
            await self._move(
                connection, user_id, {"available": amount}, now, "allowance", ref=f"allowance:{user_id}:{today}"
            )
        await connection.execute(accounts.update().where(accounts.c.user_id == user_id).values(accrued_day=today))

    async def lock(self, connection: AsyncConnection, user_id: int) -> None:
        """Lock an account that exists, for this transaction. (On SQLite the transaction is the lock.)"""
        if not self.db.is_sqlite:
            query = sa.select(accounts.c.user_id).where(accounts.c.user_id == user_id).with_for_update()
            await connection.execute(query)

    async def hold(self, connection: AsyncConnection, user_id: int, job_id: str, price: int, now: dt.datetime) -> None:
        """Set `price` credits aside for a job. Raises NotEnoughCredits. `open` came before."""
        if price:
            changes = {"available": -price, "held": price}
            await self._move(connection, user_id, changes, now, "hold", job_id=job_id)

    async def settle(
        self, connection: AsyncConnection, user_id: int, job_id: str, *, held: int, charge: int, now: dt.datetime
    ) -> None:
        """Spend `charge` of what the job held, and release the rest."""
        if not 0 <= charge <= held:
            raise ValueError(f"a charge of {charge} against a hold of {held}")
        if charge:
            changes = {"held": -charge, "spent": charge}
            await self._move(connection, user_id, changes, now, "charge", job_id=job_id)
        if held - charge:
            changes = {"held": charge - held, "available": held - charge}
            await self._move(connection, user_id, changes, now, "release", job_id=job_id)

    async def audit(self) -> list[str]:
        """Return what is wrong with the books, in words; nothing, always, or there is a bug."""
        problems: list[str] = []
        amount = sa.func.sum(entries.c.amount)
        async with self.db.read() as connection:
            uneven = sa.select(entries.c.transfer_id).group_by(entries.c.transfer_id).having(amount != 0)
            problems += [f"transfer {id} does not add up to zero" for id in await connection.scalars(uneven)]
            query = sa.select(entries.c.user_id, entries.c.account, amount).group_by(
                entries.c.user_id, entries.c.account
            )
            replayed = {(user, account): int(total) for user, account, total in await connection.execute(query)}
            for row in (await connection.execute(sa.select(accounts))).mappings():
                for name in ("available", "held", "spent"):
                    expected = replayed.get((row["user_id"], name), 0)
                    if row[name] != expected:
                        problems.append(f"{row['user_id']} {name}: {row[name]}, entries say {expected}")
        return problems

    async def _move(
        self,
        connection: AsyncConnection,
        user_id: int,
        changes: dict[str, int],
        now: dt.datetime,
        kind: str,
        **about: Any,  # job_id, reason, ref
    ) -> None:
        """Change the member's balances and write the transfer; what they gain or lose in total is the mint's."""
        update = accounts.update().where(accounts.c.user_id == user_id)
        for name, amount in changes.items():
            column = accounts.c[name]
            update = update.values({name: column + amount})
            if amount < 0:
                update = update.where(column >= -amount)
        if (await connection.execute(update)).rowcount != 1:
            row = await self._balances(connection, user_id)
            available = 0 if row is None else row.available
            raise NotEnoughCredits(
                available=available, price=max(-amount for amount in changes.values()), renews_at=_midnight_after(now)
            )
        insert = transfers.insert().values(kind=kind, at=now, **about).returning(transfers.c.id)
        transfer = (await connection.execute(insert)).scalar_one()
        lines = [(user_id, name, amount) for name, amount in changes.items()]
        if total := sum(changes.values()):
            lines.append((MINT, "mint", -total))
        await connection.execute(
            entries.insert(),
            [
                {"transfer_id": transfer, "user_id": user, "account": account, "amount": amount}
                for user, account, amount in lines
            ],
        )

    async def _balances(self, connection: AsyncConnection, user_id: int) -> sa.Row[Any] | None:
        return (await connection.execute(sa.select(accounts).where(accounts.c.user_id == user_id))).one_or_none()

    async def _statement(self, connection: AsyncConnection, user_id: int, now: dt.datetime, limit: int) -> Statement:
        balances = (await connection.execute(sa.select(accounts).where(accounts.c.user_id == user_id))).one()
        mine = sa.select(entries, transfers).join(transfers, transfers.c.id == entries.c.transfer_id)
        mine = mine.where(entries.c.user_id == user_id)
        shown = sa.or_(
            entries.c.account == "available", sa.and_(entries.c.account == "held", transfers.c.kind == "charge")
        )
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        spent = (
            sa.select(sa.func.coalesce(sa.func.sum(entries.c.amount), 0))
            .join(transfers, transfers.c.id == entries.c.transfer_id)
            .where(entries.c.user_id == user_id, entries.c.account == "spent", transfers.c.at >= midnight)
        )
        latest = (await connection.execute(mine.where(shown).order_by(entries.c.transfer_id.desc()).limit(limit))).all()
        return Statement(
            available=balances.available,
            held=balances.held,
            spent_today=int((await connection.execute(spent)).scalar_one()),
            daily_allowance=self.allowance.daily_credits,
            renews_at=_midnight_after(now),
            entries=[
                Entry(at=row.at, kind=row.kind, amount=row.amount, reason=row.reason, job_id=row.job_id)
                for row in latest
            ],
        )


def _day(now: dt.datetime) -> int:
    return now.toordinal()


def _midnight_after(now: dt.datetime) -> dt.datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + dt.timedelta(days=1)
