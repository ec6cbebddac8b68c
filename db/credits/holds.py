"""Holds: credits that are set aside for a job as it is accepted, and spent or released at its end."""

import datetime as dt

import sqlalchemy as sa

from db import clock
from db.credits.accounts import accrue, open_account
from db.credits.allowance import Allowance
from db.credits.ledger import MINE, change_balances, move, write_transfer
from db.direct import made_once
from db.tables import accounts

_HOLD = made_once(
    accounts.update()
    .where(MINE, accounts.c.available >= sa.bindparam("price"))
    .values(available=accounts.c.available - sa.bindparam("price"), held=accounts.c.held + sa.bindparam("price"))
    .returning(accounts, clock.NOW)
)


def set_aside(connection: sa.Connection, user_id: int, price: int, allowance: Allowance) -> dt.datetime:
    """Do what `open_account` does, and set `price` credits aside. `note_hold` comes next.

    Args:
        connection: the transaction.
        user_id: the member.
        price: credits.
        allowance: the member's; what is due comes first.

    Returns:
        The time after the lock.

    Raises:
        NotEnoughCredits: the member has fewer, also with what is due.
    """
    if not price:
        return open_account(connection, user_id, allowance)
    row = connection.execute(_HOLD, {"of": user_id, "price": price}).one_or_none()
    if row is not None:
        now = clock.moment(connection, row)
        accrue(connection, row, now, allowance)  # a hold moves nothing in or out, so as much is due after it
        return now
    now = open_account(connection, user_id, allowance)
    change_balances(connection, {user_id: {"available": -price, "held": price}}, now, timezone=allowance.timezone)
    return now


def note_hold(connection: sa.Connection, user_id: int, job_id: str, price: int, now: dt.datetime) -> None:
    """Write into the books which job credits were set aside for.

    Args:
        connection: the transaction.
        user_id: the member.
        job_id: the job.
        price: the credits that were set aside.
        now: the transaction's time.
    """
    if price:
        write_transfer(connection, {user_id: {"available": -price, "held": price}}, now, "hold", job_id=job_id)


def settle_hold(
    connection: sa.Connection, user_id: int, job_id: str, *, held: int, charge: int, now: dt.datetime
) -> None:
    """Spend `charge` of what the job held, and release the rest.

    Args:
        connection: the transaction.
        user_id: the member.
        job_id: the job.
        held: what was set aside for it.
        charge: how much of that it costs.
        now: the transaction's time.

    Raises:
        ValueError: the charge is not within what is held.
    """
    if not 0 <= charge <= held:
        raise ValueError(f"a charge of {charge} against a hold of {held}")
    if charge:
        move(connection, {user_id: {"held": -charge, "spent": charge}}, now, "charge", job_id=job_id)
    if held - charge:
        changes = {user_id: {"held": charge - held, "available": held - charge}}
        move(connection, changes, now, "release", job_id=job_id)
