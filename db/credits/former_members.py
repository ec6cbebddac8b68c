"""What is remembered of members who deleted everything: how far their allowance was accounted for.

Without it, deleting would make a newcomer, to whom the day and the month are due in full once more. It is kept until
the month is over everywhere, under a keyed hash (HMAC-SHA-256) of the member's id.

What the rows show, to somebody who has a copy of the database and not the key: how many members deleted everything
this month, on which day each was last seen, and what their tier gave. Not who they are, not even by trying all ids,
because the key is not in the database: the bot derives it from its token. Somebody who has both can ask of any id
whether it is there. A new token makes a new key; then everybody who left begins as a newcomer once.
"""

import datetime as dt
import hashlib
import hmac
from typing import Any

import sqlalchemy as sa

from db import clock
from db.credits.accrual import accrued_from
from db.credits.allowance import NEWCOMER, Accrued
from db.program import program_of
from db.tables import former_members
from db.tables.credits import ACCRUED
from db.upsert import insert_or_update

PURPOSE = b"atelier: ids of former members"


def hash_key_from(secret: str) -> bytes:
    """Return the key of hashes, which shows nothing of the secret that it is made from."""
    return hmac.digest(secret.encode(), PURPOSE, hashlib.sha256)


def is_of(connection: sa.Connection, user_id: int) -> sa.ColumnElement[bool]:
    """Return the condition that a row is about a member."""
    return former_members.c.digest == _digest(connection, user_id)


def remember(connection: sa.Connection, account: sa.Row[Any]) -> None:
    """Keep how far the allowance of an account was accounted for."""
    accrued = accrued_from(account)
    if accrued == NEWCOMER:
        return
    kept = {name: account._mapping[name] for name in ACCRUED} | {"forget_at": _month_is_over(accrued)}
    values = kept | {"digest": _digest(connection, account.user_id)}
    connection.execute(insert_or_update(connection, former_members, values, key=["digest"], update=kept))


def recall(connection: sa.Connection, user_id: int) -> dict[str, Any] | None:
    """Return the columns of a member who comes back, and keep them here no longer."""
    row = connection.execute(
        former_members.delete().where(is_of(connection, user_id)).returning(former_members)
    ).one_or_none()
    return None if row is None else {name: row._mapping[name] for name in ACCRUED}


def forget_former_members(connection: sa.Connection) -> int:
    """Remove the rows whose month is over; return how many those were."""
    over = former_members.c.forget_at <= clock.now(connection)
    return connection.execute(former_members.delete().where(over)).rowcount


def _month_is_over(accrued: Accrued) -> dt.datetime:
    """Return when the newest month that was accounted for is over in all time zones."""
    newest = max(accrued.months.closed, *(one.number for one in accrued.months.open), 0)
    year, month = divmod(newest + 1, 12)
    return dt.datetime(year, month + 1, 1, 12, tzinfo=dt.UTC)  # midnight, twelve hours behind UTC


def _digest(connection: sa.Connection, user_id: int) -> str:
    """Return the keyed hash of a member's id."""
    return hmac.digest(program_of(connection).hash_key, str(user_id).encode(), hashlib.sha256).hex()
