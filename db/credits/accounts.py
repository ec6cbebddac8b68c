"""Accounts of members: made when they are first looked at, and brought up to date with the allowance that is due.

Allowances need no timer: what is due by the database's clock is accrued when the member is looked at, in the same
transaction (`db.credits.allowance`). How much that is, the caller says, who knows the member's tier.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from db import clock
from db.credits.accrual import accrual_columns, accrued_from
from db.credits.allowance import NEWCOMER, Allowance, due
from db.credits.former_members import recall
from db.credits.ledger import ACCOUNT, move
from db.tables import accounts
from db.upsert import insert_or_ignore

_LOCK = clock.locking(ACCOUNT)


def open_account(connection: sa.Connection, user_id: int, allowance: Allowance) -> dt.datetime:
    """Lock the member's account for this transaction, making it if need be, and accrue what is due.

    Returns:
        The time after the lock.
    """
    row, now = lock_account(connection, user_id)
    accrue(connection, row, now, allowance)
    return now


def lock_account(connection: sa.Connection, user_id: int) -> tuple[sa.Row[Any], dt.datetime]:
    """Lock the member's account, making it if need be; return its row, and the time after the lock."""
    rows, now = clock.lock(connection, _LOCK, {"of": user_id})
    if not rows:
        accrued = recall(connection, user_id) or accrual_columns(NEWCOMER)
        values = {"user_id": user_id} | accrued
        connection.execute(insert_or_ignore(connection, accounts).values(values))
        rows, now = clock.lock(connection, _LOCK, {"of": user_id})
    return rows[0], now


def accrue(connection: sa.Connection, row: sa.Row[Any], now: dt.datetime, allowance: Allowance) -> None:
    """Give a member what is due to them; `row` is their locked account.

    Args:
        connection: the transaction.
        row: the member's account, locked.
        now: the transaction's time.
        allowance: the member's.
    """
    known = accrued_from(row)
    owed = due(allowance, known, row.available + row.held, now)
    if owed.accrued == known:
        return
    for credits, reason in ((owed.daily, ""), (owed.monthly, "monthly")):
        if credits:
            move(connection, {row.user_id: {"available": credits}}, now, "allowance", reason=reason)
    connection.execute(accounts.update().where(accounts.c.user_id == row.user_id).values(accrual_columns(owed.accrued)))
