"""Whether the books are right."""

import sqlalchemy as sa

from db.tables import accounts, entries


def audit(connection: sa.Connection) -> list[str]:
    """Return what is wrong with the books, in words; nothing, always, or there is a bug."""
    amount = sa.func.sum(entries.c.amount)
    uneven = sa.select(entries.c.transfer_id).group_by(entries.c.transfer_id).having(amount != 0)
    problems = [f"transfer {id} does not add up to zero" for id in connection.scalars(uneven)]
    query = sa.select(entries.c.user_id, entries.c.account, amount).group_by(entries.c.user_id, entries.c.account)
    replayed = {(user, account): int(total) for user, account, total in connection.execute(query)}
    for row in connection.execute(sa.select(accounts)).mappings():
        for name in ("available", "held", "spent"):
            expected = replayed.get((row["user_id"], name), 0)
            if row[name] != expected:
                problems.append(f"{row['user_id']} {name}: {row[name]}, entries say {expected}")
    return problems
