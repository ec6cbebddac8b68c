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

Where to read on: `db.credits.accounts` (opened, with what is due), `db.credits.holds`, `db.credits.grants`.
"""

import datetime as dt
import functools
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from db.credits.allowance import midnight
from db.direct import made_once
from db.errors import NotEnoughCredits
from db.tables import accounts, entries, transfers

MINT = 0  # the mint's user_id in `entries`

BalanceChanges = Mapping[int, Mapping[str, int]]  # user id → account → amount

MINE = accounts.c.user_id == sa.bindparam("of")
ACCOUNT = made_once(sa.select(accounts).where(MINE))
_TRANSFER = made_once(transfers.insert().returning(transfers.c.id))
_ENTRIES = entries.insert()


def move(connection: sa.Connection, changes: BalanceChanges, now: dt.datetime, kind: str, **about: Any) -> None:
    """Change members' balances and write the transfer.

    Args:
        connection: the transaction.
        changes: what becomes more or less on which accounts.
        now: the transaction's time.
        kind: of transfer.
        about: job_id, reason, ref, by_user.

    Raises:
        NotEnoughCredits: a balance would fall below zero.
    """
    change_balances(connection, changes, now)
    write_transfer(connection, changes, now, kind, **about)


def change_balances(
    connection: sa.Connection, changes: BalanceChanges, now: dt.datetime, *, timezone: str = "UTC"
) -> None:
    """Change members' balances.

    Args:
        connection: the transaction.
        changes: what becomes more or less on which accounts.
        now: the transaction's time.
        timezone: in which more credits come at midnight.

    Raises:
        NotEnoughCredits: one would fall below zero; in that time zone, more come at midnight.
    """
    for user_id, by_account in changes.items():
        statement = _balance_change(tuple((name, amount < 0) for name, amount in by_account.items()))
        values = {"of": user_id} | {f"{name}_by": amount for name, amount in by_account.items()}
        if connection.execute(statement, values).rowcount != 1:
            row = balances(connection, user_id)
            raise NotEnoughCredits(
                available=0 if row is None else row.available,
                price=max(-amount for amount in by_account.values()),
                renews_at=midnight(now, timezone, days_on=1),
            )


def write_transfer(
    connection: sa.Connection, changes: BalanceChanges, now: dt.datetime, kind: str, **about: Any
) -> None:
    """Write a transfer with its entries (see `move`); what members gain or lose in total is the mint's.

    Args:
        connection: the transaction.
        changes: what became more or less on which accounts.
        now: the transaction's time.
        kind: of transfer.
        about: job_id, reason, ref, by_user.
    """
    transfer = connection.execute(_TRANSFER, {"kind": kind, "at": now, **about}).scalar_one()
    lines = [(user, name, amount) for user, own in changes.items() for name, amount in own.items()]
    if total := sum(amount for _, _, amount in lines):
        lines.append((MINT, "mint", -total))
    names = ("user_id", "account", "amount")
    connection.execute(_ENTRIES, [{"transfer_id": transfer} | dict(zip(names, line, strict=True)) for line in lines])


def balances(connection: sa.Connection, user_id: int) -> sa.Row[Any] | None:
    """Return a member's row of `accounts`, None if they have none yet."""
    return connection.execute(ACCOUNT, {"of": user_id}).one_or_none()


@functools.cache
def _balance_change(accounts_and_signs: tuple[tuple[str, bool], ...]) -> sa.Update:
    """Return the change of these balances by `<name>_by`, unless one that is made less would fall below zero."""
    update = accounts.update().where(MINE)
    for name, less in accounts_and_signs:
        column, amount = accounts.c[name], sa.bindparam(f"{name}_by", type_=sa.BigInteger)
        update = update.values({name: column + amount})
        if less:
            update = update.where(column >= -amount)
    return made_once(update)
