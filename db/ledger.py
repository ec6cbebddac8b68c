"""The ledger of credits: double entry, integers, never below zero.

A transfer moves credits between accounts; its entries add up to zero, so all entries ever written do. A
member has three accounts: `available`, `held` (for jobs that have not ended) and `spent`. The `mint` is
everybody's counterpart and the only account that may be negative: what it owes is what members have and had.

    allowance, grant   mint → available        hold      available → held (at submit)
    release            held → available        charge    held → spent     (both at the end of the job)
    gift               available → another member's available

Why it cannot go wrong: a hold is one conditional UPDATE ("… SET available = available - x WHERE available >=
x"), so two at once cannot spend the same credit; CHECKs forbid negative balances; (job, kind) is unique, so
no job is held, charged or released twice; `ref` is unique, so a repeated grant is one grant. Balances repeat
what the entries add up to; `audit` compares them.

Allowances need no timer: what is due by the database's clock is accrued when the member is looked at, in the same
transaction (`db.allowance`). How much that is, a caller says who knows the member's tier; else it is the ledger's own.
"""

import datetime as dt
import functools
from collections.abc import Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa

from db import clock
from db.accrual import accrual_columns, accrued_from
from db.acts import Act, note
from db.allowance import NEWCOMER, Allowance, due, midnight
from db.engine import Database
from db.errors import NotEnoughCredits
from db.former_members import recall
from db.statement import Entry, Statement, statement
from db.tables import accounts, entries, transfers
from db.upsert import insert_or_ignore

__all__ = ["MINT", "Allowance", "Entry", "Ledger", "Statement"]

MINT = 0  # the mint's user_id in `entries`


Changes = Mapping[int, Mapping[str, int]]  # user id → account → amount


class Ledger:
    """Move credits and report on them.

    Methods that take a connection are steps of the caller's transaction; the others make their own.
    """

    def __init__(self, db: Database, allowance: Allowance) -> None:
        self.db = db
        self.allowance = allowance

    async def grant(self, user_id: int, amount: int, ref: str, act: Act) -> bool:
        """Give a member credits, or take available ones back with a negative amount.

        ref: unique name of this grant; the same again changes nothing. act: who decided it, and why; it is noted.
        Returns whether it was new. Raises NotEnoughCredits when more is taken than is available.
        """
        return await self.db.write(partial(self._grant, user_id=user_id, ref=ref, act=act, add=amount)) is not None

    async def set_available(self, user_id: int, amount: int, ref: str, act: Act) -> int:
        """Grant or take whatever leaves a member with exactly `amount` available credits; return the difference.

        The same `ref` again changes nothing and returns 0.
        """
        if amount < 0:
            raise ValueError("nobody can have less than nothing")
        return await self.db.write(partial(self._grant, user_id=user_id, ref=ref, act=act, leave=amount)) or 0

    async def give(
        self, from_user: int, to_user: int, amount: int, ref: str, *, allowance: Allowance | None = None
    ) -> bool:
        """Move a member's own credits to another; the same `ref` again changes nothing.

        allowance: the giver's. Returns whether it was new. Raises NotEnoughCredits.
        """
        if amount < 1 or from_user == to_user:
            raise ValueError("a gift goes from one member to another")
        return await self.db.write(self._give, from_user, to_user, amount, ref, allowance)

    async def statement(self, user_id: int, *, allowance: Allowance | None = None, limit: int = 20) -> Statement:
        """Return what the member has, after the allowance that is due."""
        chosen = allowance or self.allowance
        found = await self.db.read(self._statement, user_id, chosen, limit)
        if found is None:  # something is due
            await self.db.write(self.open, user_id, chosen)
            found = await self.db.read(self._statement, user_id, chosen, limit, True)
        assert found is not None
        return found

    async def audit(self) -> list[str]:
        """Return what is wrong with the books, in words; nothing, always, or there is a bug."""
        return await self.db.read(_audit)

    # -- steps of a transaction ---------------------------------------------------------------------------------------

    def open(self, connection: sa.Connection, user_id: int, allowance: Allowance | None = None) -> dt.datetime:
        """Lock the member's account for this transaction, making it if need be, and accrue what is due.

        Returns the time after the lock.
        """
        row, now = self._lock_or_make(connection, user_id)
        self._accrue(connection, row, now, allowance or self.allowance)
        return now

    def set_aside(
        self, connection: sa.Connection, user_id: int, price: int, allowance: Allowance | None = None
    ) -> dt.datetime:
        """Do what `open` does, and hold `price` credits. `note_hold` comes next.

        Returns:
            The time after the lock.

        Raises:
            NotEnoughCredits: the member has fewer, also with what is due.
        """
        chosen = allowance or self.allowance
        if not price:
            return self.open(connection, user_id, chosen)
        row = connection.execute(_HOLD, {"of": user_id, "price": price}).one_or_none()
        if row is not None:
            now = clock.moment(connection, row)
            self._accrue(connection, row, now, chosen)  # a hold moves nothing in or out, so as much is due after it
            return now
        now = self.open(connection, user_id, chosen)
        self._change(connection, {user_id: {"available": -price, "held": price}}, now, timezone=chosen.timezone)
        return now

    def note_hold(self, connection: sa.Connection, user_id: int, job_id: str, price: int, now: dt.datetime) -> None:
        """Write into the books which job credits were set aside for."""
        if price:
            self._note(connection, {user_id: {"available": -price, "held": price}}, now, "hold", job_id=job_id)

    def settle(
        self, connection: sa.Connection, user_id: int, job_id: str, *, held: int, charge: int, now: dt.datetime
    ) -> None:
        """Spend `charge` of what the job held, and release the rest."""
        if not 0 <= charge <= held:
            raise ValueError(f"a charge of {charge} against a hold of {held}")
        if charge:
            changes = {user_id: {"held": -charge, "spent": charge}}
            self._move(connection, changes, now, "charge", job_id=job_id)
        if held - charge:
            changes = {user_id: {"held": charge - held, "available": held - charge}}
            self._move(connection, changes, now, "release", job_id=job_id)

    def _give(
        self,
        connection: sa.Connection,
        from_user: int,
        to_user: int,
        amount: int,
        ref: str,
        allowance: Allowance | None,
    ) -> bool:
        for user_id in sorted((from_user, to_user)):  # one order for all, so that two givers never wait in a circle
            if user_id == from_user:
                now = self.open(connection, user_id, allowance)
            else:
                _, now = self._lock_or_make(connection, user_id)
        if self._known(connection, ref):
            return False
        changes = {from_user: {"available": -amount}, to_user: {"available": amount}}
        self._move(connection, changes, now, "gift", ref=ref, by_user=from_user)
        return True

    def _statement(
        self, connection: sa.Connection, user_id: int, allowance: Allowance, limit: int, accrued: bool = False
    ) -> Statement | None:
        """Return a member's statement; None while something is due, unless it is said that nothing is."""
        now = clock.now(connection)
        if not accrued:
            row = self._balances(connection, user_id)
            if row is None:
                return None
            known = accrued_from(row)
            if due(allowance, known, row.available + row.held, now).accrued != known:
                return None
        return statement(connection, user_id, allowance, now, limit=limit)

    def _grant(
        self, connection: sa.Connection, user_id: int, ref: str, act: Act, *, add: int = 0, leave: int | None = None
    ) -> int | None:
        """Add credits, or leave a member with so many; return the change, None if this was done before."""
        now = self.open(connection, user_id)
        if self._known(connection, ref):
            return None
        row = self._balances(connection, user_id)
        change = add if leave is None or row is None else leave - row.available
        if change:
            about: dict[str, Any] = {"reason": act.reason, "ref": ref, "by_user": act.by_user}
            self._move(connection, {user_id: {"available": change}}, now, "grant", **about)
        note(connection, act, now)
        return change

    def _accrue(self, connection: sa.Connection, row: sa.Row[Any], now: dt.datetime, allowance: Allowance) -> None:
        known = accrued_from(row)
        owed = due(allowance, known, row.available + row.held, now)
        if owed.accrued == known:
            return
        for credits, reason in ((owed.daily, ""), (owed.monthly, "monthly")):
            if credits:
                self._move(connection, {row.user_id: {"available": credits}}, now, "allowance", reason=reason)
        connection.execute(
            accounts.update().where(accounts.c.user_id == row.user_id).values(accrual_columns(owed.accrued))
        )

    def _move(self, connection: sa.Connection, changes: Changes, now: dt.datetime, kind: str, **about: Any) -> None:
        """Change members' balances and write the transfer. `about`: job_id, reason, ref, by_user."""
        self._change(connection, changes, now)
        self._note(connection, changes, now, kind, **about)

    def _change(self, connection: sa.Connection, changes: Changes, now: dt.datetime, *, timezone: str = "UTC") -> None:
        """Change members' balances. Raises NotEnoughCredits where one would fall below zero."""
        for user_id, by_account in changes.items():
            statement = _balance_change(tuple((name, amount < 0) for name, amount in by_account.items()))
            values = {"of": user_id} | {f"{name}_by": amount for name, amount in by_account.items()}
            if connection.execute(statement, values).rowcount != 1:
                row = self._balances(connection, user_id)
                raise NotEnoughCredits(
                    available=0 if row is None else row.available,
                    price=max(-amount for amount in by_account.values()),
                    renews_at=midnight(now, timezone, days_on=1),
                )

    def _note(self, connection: sa.Connection, changes: Changes, now: dt.datetime, kind: str, **about: Any) -> None:
        """Write a transfer with its entries; what members gain or lose in total is the mint's."""
        transfer = connection.execute(_TRANSFER, {"kind": kind, "at": now, **about}).scalar_one()
        lines = [(user, name, amount) for user, own in changes.items() for name, amount in own.items()]
        if total := sum(amount for _, _, amount in lines):
            lines.append((MINT, "mint", -total))
        names = ("user_id", "account", "amount")
        connection.execute(
            _ENTRIES, [{"transfer_id": transfer} | dict(zip(names, line, strict=True)) for line in lines]
        )

    def _lock_or_make(self, connection: sa.Connection, user_id: int) -> tuple[sa.Row[Any], dt.datetime]:
        rows, now = clock.lock(connection, _LOCK, {"of": user_id})
        if not rows:
            accrued = recall(connection, self.db.hash_key, user_id) or accrual_columns(NEWCOMER)
            values = {"user_id": user_id} | accrued
            connection.execute(insert_or_ignore(connection, accounts).values(values))
            rows, now = clock.lock(connection, _LOCK, {"of": user_id})
        return rows[0], now

    def _known(self, connection: sa.Connection, ref: str) -> bool:
        return connection.scalar(sa.select(transfers.c.id).where(transfers.c.ref == ref)) is not None

    def _balances(self, connection: sa.Connection, user_id: int) -> sa.Row[Any] | None:
        return connection.execute(_ACCOUNT, {"of": user_id}).one_or_none()


_MINE = accounts.c.user_id == sa.bindparam("of")
_ACCOUNT = sa.select(accounts).where(_MINE)
_LOCK = clock.locking(_ACCOUNT)
_HOLD = (
    accounts.update()
    .where(_MINE, accounts.c.available >= sa.bindparam("price"))
    .values(available=accounts.c.available - sa.bindparam("price"), held=accounts.c.held + sa.bindparam("price"))
    .returning(accounts, clock.NOW)
)
_TRANSFER = transfers.insert().returning(transfers.c.id)
_ENTRIES = entries.insert()


@functools.cache
def _balance_change(accounts_and_signs: tuple[tuple[str, bool], ...]) -> sa.Update:
    """Return the change of these balances by `<name>_by`, unless one that is made less would fall below zero."""
    update = accounts.update().where(_MINE)
    for name, less in accounts_and_signs:
        column, amount = accounts.c[name], sa.bindparam(f"{name}_by", type_=sa.BigInteger)
        update = update.values({name: column + amount})
        if less:
            update = update.where(column >= -amount)
    return update


def _audit(connection: sa.Connection) -> list[str]:
    problems: list[str] = []
    amount = sa.func.sum(entries.c.amount)
    uneven = sa.select(entries.c.transfer_id).group_by(entries.c.transfer_id).having(amount != 0)
    problems += [f"transfer {id} does not add up to zero" for id in connection.scalars(uneven)]
    query = sa.select(entries.c.user_id, entries.c.account, amount).group_by(entries.c.user_id, entries.c.account)
    replayed = {(user, account): int(total) for user, account, total in connection.execute(query)}
    for row in connection.execute(sa.select(accounts)).mappings():
        for name in ("available", "held", "spent"):
            expected = replayed.get((row["user_id"], name), 0)
            if row[name] != expected:
                problems.append(f"{row['user_id']} {name}: {row[name]}, entries say {expected}")
    return problems
