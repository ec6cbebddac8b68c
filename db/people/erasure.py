"""Erasure: take everything out that is kept of a member. No row names them any more.

Credits are the exception that a ledger needs (`db.credits.closing`). A ban stays: without a name it would be no ban.
"""

import sqlalchemy as sa

from db.credits.closing import close_books, forget_who_gave
from db.errors import StoreError
from db.moderation.audit_log import forget_in_log
from db.moderation.channels import forget_who_chose
from db.moderation.decisions import forget_who_decided
from db.people.shares import is_share_with
from db.sqlite import note_erasure
from db.tables import (
    acceptances,
    accounts,
    consents,
    favourites,
    jobs,
    lines,
    member_flows,
    member_guilds,
    members,
    pending_orders,
    seats,
    subject_shares,
    subjects,
)


class StillLive(StoreError):
    """A job of the member has not ended, so not everything can be deleted."""

    message = "Some of your jobs are still being stopped. Please try again in a moment."


def erase_member(connection: sa.Connection, user_id: int, *, jobs_are_gone: bool = False) -> dict[str, int]:
    """Remove or make anonymous every row that names a member; return how many rows went, by table.

    jobs_are_gone: the caller has removed the member's jobs with their files, as far as it knew of them.

    Raises:
        StillLive: a job of theirs waits or runs, or is there although it is said to be gone; its files would be lost
            sight of. Then nothing changed.
    """
    mine = accounts.c.user_id == user_id
    account = connection.execute(sa.select(accounts).where(mine).with_for_update()).one_or_none()
    connection.execute(sa.select(lines.c.kind).order_by(lines.c.kind).with_for_update())
    query = sa.select(jobs.c.id).where(jobs.c.user_id == user_id).limit(1)
    if not jobs_are_gone:
        query = query.where(jobs.c.ended_at.is_(None))
    if connection.execute(query).first():
        raise StillLive
    gone = {"credits": close_books(connection, user_id, account) if account is not None else 0}
    for table, condition in _own_rows(user_id):
        removed = connection.execute(table.delete().where(condition)).rowcount
        gone[table.name] = gone.get(table.name, 0) + removed
    _forget_names(connection, user_id)
    note_erasure(connection)
    return gone


def _own_rows(user_id: int) -> list[tuple[sa.Table, sa.ColumnElement[bool]]]:
    """Return the tables that have rows of a member, and which rows those are; what is pointed at comes last."""
    return [
        (favourites, favourites.c.user_id == user_id),
        (jobs, jobs.c.user_id == user_id),
        (subject_shares, is_share_with(user_id)),
        (subjects, subjects.c.owner_id == user_id),  # with its shares and consents
        (consents, consents.c.user_id == user_id),
        (pending_orders, pending_orders.c.user_id == user_id),
        (acceptances, acceptances.c.user_id == user_id),
        (seats, seats.c.user_id == user_id),
        (member_flows, member_flows.c.user_id == user_id),
        (member_guilds, member_guilds.c.user_id == user_id),
        (members, members.c.user_id == user_id),
        (accounts, accounts.c.user_id == user_id),
    ]


def _forget_names(connection: sa.Connection, user_id: int) -> None:
    """Take a member's name off what stays: the audit log, decisions, grants and jobs of others."""
    forget_in_log(connection, user_id)
    forget_who_decided(connection, user_id)
    forget_who_chose(connection, user_id)
    forget_who_gave(connection, user_id)
    connection.execute(jobs.update().where(jobs.c.cancelled_by == user_id).values(cancelled_by=None))
