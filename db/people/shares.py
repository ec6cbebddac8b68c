"""Who may use a subject: its owner, and with whom it is shared. Private unless shared."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from db import clock
from db.errors import UnknownSubject
from db.people.subjects import Subject, subject_from
from db.tables import subject_shares, subjects
from db.upsert import insert_or_ignore


class Scope(StrEnum):
    """With whom a subject is shared."""

    MEMBER = "member"
    ROLE = "role"
    GUILD = "guild"


@dataclass(frozen=True, slots=True)
class Share:
    """One permission to use a subject."""

    scope: Scope
    target_id: int


def usable_subjects(
    connection: sa.Connection,
    user_id: int,
    *,
    guild_id: int | None,
    role_ids: Collection[int],
    subject_id: str | None = None,
) -> list[Subject]:
    """Return the subjects that a member may use somewhere: their own, and those shared with them.

    Args:
        connection: the transaction.
        user_id: the member.
        guild_id: where the member is; None: in a direct message.
        role_ids: the member's roles there.
        subject_id: only this one, if it is among them.
    """
    roles = list(role_ids) if guild_id is not None else []
    found = connection.execute(_USABLE, {"member": user_id, "guild": guild_id, "roles": roles})
    usable = [subject_from(row) for row in found]
    return usable if subject_id is None else [subject for subject in usable if subject.id == subject_id]


def share_subject(connection: sa.Connection, subject_id: str, share: Share) -> None:
    """Let a member, a role or a server use a subject; again changes nothing.

    Raises:
        UnknownSubject: there is none.
    """
    there = sa.select(subjects.c.id).where(subjects.c.id == subject_id)
    if connection.execute(there).first() is None:
        raise UnknownSubject
    at = clock.now(connection)
    values = {"subject_id": subject_id, "scope": share.scope.value, "target_id": share.target_id, "at": at}
    connection.execute(insert_or_ignore(connection, subject_shares).values(values))


def end_share(connection: sa.Connection, subject_id: str, share: Share) -> None:
    """Let somebody use a subject no longer."""
    s = subject_shares.c
    same = s.subject_id == subject_id, s.scope == share.scope.value, s.target_id == share.target_id
    connection.execute(subject_shares.delete().where(*same))


def shares_of(connection: sa.Connection, subject_id: str) -> list[Share]:
    """Return with whom a subject is shared, in the order in which that came."""
    query = sa.select(subject_shares).where(subject_shares.c.subject_id == subject_id).order_by(subject_shares.c.at)
    return [Share(Scope(row.scope), row.target_id) for row in connection.execute(query)]


def is_share_with(user_id: int) -> sa.ColumnElement[bool]:
    """Return the condition that a share is with this very member."""
    s = subject_shares.c
    return sa.and_(s.scope == Scope.MEMBER.value, s.target_id == user_id)


def _usable() -> sa.Select[Any]:
    """Return the query for what a member may use somewhere: made once, as it is read with every request."""
    s, member = subject_shares.c, sa.bindparam("member", type_=sa.BigInteger)
    shared = sa.or_(
        sa.and_(s.scope == Scope.MEMBER.value, s.target_id == member),
        sa.and_(s.scope == Scope.GUILD.value, s.target_id == sa.bindparam("guild", type_=sa.BigInteger)),
        sa.and_(s.scope == Scope.ROLE.value, s.target_id.in_(sa.bindparam("roles", expanding=True))),
    )
    owned = subjects.c.owner_id == member
    allowed = sa.or_(owned, subjects.c.id.in_(sa.select(s.subject_id).where(shared)))
    query = sa.select(subjects).where(allowed, subjects.c.state == "ready")
    return query.order_by(subjects.c.name_key, subjects.c.id)


_USABLE = _usable()
