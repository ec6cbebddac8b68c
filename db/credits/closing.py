"""The books of a member who leaves everything behind.

What they got and spent is added up and booked to `LEFT`, one account for everybody who left, so that all entries still
add up to zero and nothing points back to a person or a job. What they had left goes back to the mint. How far their
allowance was accounted for is remembered until the month is over (`db.credits.former_members`).
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from db import clock
from db.credits.former_members import remember
from db.credits.ledger import MINT
from db.tables import accounts, entries, transfers
from db.upsert import batches, insert_or_ignore

LEFT = -1  # everybody who left, as an account


def close_books(connection: sa.Connection, user_id: int, account: sa.Row[Any]) -> int:
    """Add a member's entries up, book the sums to LEFT, and remember their allowance; return how many entries went.

    The row of their account, which is locked, is the caller's to remove.
    """
    remember(connection, account)
    e, other = entries.c, entries.alias().c
    mine = sa.select(e.transfer_id).where(e.user_id == user_id).distinct()
    with_others = sa.exists().where(other.transfer_id == e.transfer_id, other.user_id.not_in([user_id, MINT]))
    gifts = list(connection.scalars(mine.where(with_others)))
    own = list(connection.scalars(mine.where(~with_others)))
    sums: Counter[str] = Counter()
    gone = 0
    for batch in batches(own):
        gone += _take_off(connection, batch, sums)
    for batch in batches(gifts):
        gone += _rename_gifts(connection, user_id, batch)
    _book(connection, sums, account)
    return gone


def forget_who_gave(connection: sa.Connection, user_id: int) -> None:
    """Take a member's name off what they granted to others."""
    connection.execute(transfers.update().where(transfers.c.by_user == user_id).values(by_user=None))


def _take_off(connection: sa.Connection, own: list[int], sums: Counter[str]) -> int:
    """Remove transfers that only their member and the mint are named in, and count what they moved."""
    these = entries.c.transfer_id.in_(own)
    query = sa.select(entries.c.account, sa.func.sum(entries.c.amount)).where(these).group_by(entries.c.account)
    sums.update({account: int(total) for account, total in connection.execute(query)})
    gone = connection.execute(entries.delete().where(these)).rowcount
    connection.execute(transfers.delete().where(transfers.c.id.in_(own)))
    return gone


def _rename_gifts(connection: sa.Connection, user_id: int, gifts: list[int]) -> int:
    """Let LEFT stand for the member in gifts to and from others; between two who left, none is needed."""
    e = entries.c
    both = list(connection.scalars(sa.select(e.transfer_id).where(e.transfer_id.in_(gifts), e.user_id == LEFT)))
    connection.execute(entries.delete().where(e.transfer_id.in_(both)))
    connection.execute(transfers.delete().where(transfers.c.id.in_(both)))
    named = entries.update().where(e.transfer_id.in_(gifts), e.user_id == user_id)
    connection.execute(named.values(user_id=LEFT))
    connection.execute(transfers.update().where(transfers.c.id.in_(gifts)).values(ref=None, reason=""))
    return len(gifts)


def _book(connection: sa.Connection, sums: Mapping[str, int], account: sa.Row[Any]) -> None:
    """Write the sums as one transfer, with what was left going back to the mint."""
    booked = dict(sums)
    booked["available"] = booked.get("available", 0) - account.available
    booked["mint"] = booked.get("mint", 0) + account.available
    booked_lines = [(MINT if name == "mint" else LEFT, name, amount) for name, amount in booked.items() if amount]
    if not booked_lines:
        return
    insert = transfers.insert().values(kind="left", at=clock.now(connection)).returning(transfers.c.id)
    transfer = connection.execute(insert).scalar_one()
    connection.execute(
        entries.insert(),
        [
            {"transfer_id": transfer, "user_id": user, "account": name, "amount": sum_}
            for user, name, sum_ in booked_lines
        ],
    )
    connection.execute(insert_or_ignore(connection, accounts).values(user_id=LEFT, accrued_day=0))
    spent = accounts.c.spent + account.spent
    connection.execute(accounts.update().where(accounts.c.user_id == LEFT).values(spent=spent))
