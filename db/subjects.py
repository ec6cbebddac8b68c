"""Subjects: what members taught a model, who may use it, and the consent that it was made with.

A row exists from the moment the training's job does: both are made in one transaction (`db.submit`), with the consent.
Private unless shared with a member, a role or a whole server; the right to use one is asked for at every use.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from db import clock
from db.batches import batches
from db.engine import Database
from db.errors import NameTaken, TooManySubjects, UnknownSubject
from db.ids import NO_GUILD
from db.tables import consents, subject_shares, subjects
from db.upsert import insert_or_ignore

KEPT_MAX = 25  # of one member, those in training included: as many as the platform offers while a name is typed


class Scope(StrEnum):
    """With whom a subject is shared."""

    MEMBER = "member"
    ROLE = "role"
    GUILD = "guild"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A trained adapter with an owner and a name."""

    id: str  # 26 characters; its files lie under `subjects/<id>/`
    owner_id: int
    guild_id: int | None  # where it was made; None: in a direct message
    name: str
    class_noun: str  # 'dog'
    trigger: str  # the rare token that calls it
    model: str  # the catalogue name of the model that it was trained on
    ready: bool  # its adapter is there; not while it is being trained
    job_id: str  # its training
    step: int | None  # of the training, from which it is used; while it is being trained: what its owner chose so far
    photos: int  # how many it was learnt from
    keeps_photos: bool  # whether the owner asked to keep them
    created_at: dt.datetime

    @property
    def phrase(self) -> str:
        """The words that call it in a prompt."""
        return f"{self.trigger} {self.class_noun}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A subject whose training is about to be paid for, with its consent."""

    id: str
    owner_id: int
    guild_id: int | None
    name: str
    class_noun: str
    trigger: str
    model: str
    job_id: str = ""  # its training; `db.submit` fills it in
    keeps_photos: bool
    statement: str  # the words that were agreed to
    photo_hashes: Sequence[str]  # SHA-256 of each photo as it was sent


@dataclass(frozen=True, slots=True)
class Share:
    """One permission to use a subject."""

    scope: Scope
    target_id: int


@dataclass(frozen=True, slots=True)
class Consent:
    """The recorded consent."""

    user_id: int
    statement: str
    photo_hashes: tuple[str, ...]
    at: dt.datetime


class Subjects:
    """Keep subjects, their shares and their consents."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def create(self, draft: Draft) -> Subject:
        """Add a subject in training and record the consent; repeating it for the same job changes nothing.

        Raises:
            NameTaken: the owner has another of that name.
            TooManySubjects: the owner has as many as one may keep.
        """
        return await self.db.write(lambda connection: add(connection, draft, clock.now(connection)))

    async def get(self, subject_id: str) -> Subject | None:
        """Return a subject, whoever asks; see `usable` for the right to use it."""
        return await self._one(subjects.c.id == subject_id)

    async def among(self, subject_ids: Collection[str]) -> set[str]:
        """Return which of these ids are subjects that exist."""
        return await self.db.read(_among, subject_ids)

    async def by_job(self, job_id: str) -> Subject | None:
        """Return the subject that a training makes."""
        return await self._one(subjects.c.job_id == job_id)

    async def mine(self, owner_id: int) -> list[Subject]:
        """Return a member's own subjects by name."""
        return await self.db.read(_many, subjects.c.owner_id == owner_id)

    async def usable(
        self, user_id: int, *, guild_id: int | None, role_ids: Collection[int], subject_id: str | None = None
    ) -> list[Subject]:
        """Return the subjects that a member may use there: their own, and those shared with them.

        Args:
            guild_id, role_ids: where the member is, and the member's roles in it.
            subject_id: only this one, if it is among them.
        """
        shared = sa.select(subject_shares.c.subject_id).where(_shared_with(user_id, guild_id, role_ids))
        allowed = sa.or_(subjects.c.owner_id == user_id, subjects.c.id.in_(shared))
        conditions = [allowed, subjects.c.state == "ready"]
        if subject_id is not None:
            conditions.append(subjects.c.id == subject_id)
        return await self.db.read(_many, *conditions)

    async def ready(self, subject_id: str, *, step: int, chosen: int | None = None) -> bool:
        """Note that a subject's adapter is in its place, and from which step of the training it is.

        chosen: the subject's step when the adapter was put there. Returns False, and changes nothing, if another was
        chosen meanwhile, or the subject is gone.
        """
        return await self.db.write(_ready, subject_id, step, chosen)

    async def rename(self, subject_id: str, name: str) -> None:
        """Call a subject something else.

        Raises:
            NameTaken: the owner has another of that name.
            UnknownSubject: there is none.
        """
        await self.db.write(_rename, subject_id, name)

    async def share(self, subject_id: str, share: Share) -> None:
        """Let a member, a role or a server use a subject; again changes nothing.

        Raises:
            UnknownSubject: there is none.
        """
        await self.db.write(_share, subject_id, share)

    async def take_back(self, subject_id: str, share: Share) -> None:
        """End a share."""
        await self.db.write(_take_back, subject_id, share)

    async def shares(self, subject_id: str) -> list[Share]:
        """Return with whom a subject is shared."""
        return await self.db.read(_shares, subject_id)

    async def consent(self, subject_id: str) -> Consent | None:
        """Return the consent that a subject was made with."""
        return await self.db.read(_consent, subject_id)

    async def delete(self, subject_id: str) -> bool:
        """Remove a subject with its shares and its consent; return whether there was one."""
        return await self.db.write(_delete, subject_id)

    async def _one(self, *conditions: sa.ColumnElement[bool]) -> Subject | None:
        found = await self.db.read(_many, *conditions)
        return found[0] if found else None


def _many(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Subject]:
    query = sa.select(subjects).where(*conditions).order_by(subjects.c.name_key, subjects.c.id)
    return [_subject(row) for row in connection.execute(query)]


def _among(connection: sa.Connection, subject_ids: Collection[str]) -> set[str]:
    found: set[str] = set()
    for batch in batches(subject_ids):
        found.update(connection.scalars(sa.select(subjects.c.id).where(subjects.c.id.in_(batch))))
    return found


def _ready(connection: sa.Connection, subject_id: str, step: int, chosen: int | None) -> bool:
    same = sa.and_(subjects.c.id == subject_id, subjects.c.step.is_not_distinct_from(chosen))
    update = subjects.update().where(same).values(state="ready", step=step)
    return connection.execute(update).rowcount == 1


def _rename(connection: sa.Connection, subject_id: str, name: str) -> None:
    query = sa.select(subjects.c.owner_id).where(subjects.c.id == subject_id).with_for_update()
    owner_id = connection.execute(query).scalar_one_or_none()
    if owner_id is None:
        raise UnknownSubject
    others = sa.select(subjects.c.id).where(
        subjects.c.owner_id == owner_id, subjects.c.name_key == name_key(name), subjects.c.id != subject_id
    )
    if connection.execute(others).first() is not None:
        raise NameTaken(name)
    change = subjects.update().where(subjects.c.id == subject_id)
    connection.execute(change.values(name=name, name_key=name_key(name)))


def _share(connection: sa.Connection, subject_id: str, share: Share) -> None:
    there = sa.select(subjects.c.id).where(subjects.c.id == subject_id)
    if connection.execute(there).first() is None:
        raise UnknownSubject
    at = clock.now(connection)
    values = {"subject_id": subject_id, "scope": share.scope.value, "target_id": share.target_id, "at": at}
    connection.execute(insert_or_ignore(connection, subject_shares).values(values))


def _take_back(connection: sa.Connection, subject_id: str, share: Share) -> None:
    s = subject_shares.c
    same = s.subject_id == subject_id, s.scope == share.scope.value, s.target_id == share.target_id
    connection.execute(subject_shares.delete().where(*same))


def _shares(connection: sa.Connection, subject_id: str) -> list[Share]:
    query = sa.select(subject_shares).where(subject_shares.c.subject_id == subject_id).order_by(subject_shares.c.at)
    return [Share(Scope(row.scope), row.target_id) for row in connection.execute(query)]


def _consent(connection: sa.Connection, subject_id: str) -> Consent | None:
    row = connection.execute(sa.select(consents).where(consents.c.subject_id == subject_id)).one_or_none()
    return None if row is None else Consent(row.user_id, row.statement, tuple(row.photo_hashes), row.at)


def _delete(connection: sa.Connection, subject_id: str) -> bool:
    return connection.execute(subjects.delete().where(subjects.c.id == subject_id)).rowcount > 0


def add(connection: sa.Connection, draft: Draft, now: dt.datetime) -> Subject:
    """Do what `Subjects.create` does as a step of the caller's transaction."""
    made = connection.execute(insert_or_ignore(connection, subjects).values(_values(draft, now)))
    row = connection.execute(sa.select(subjects).where(subjects.c.job_id == draft.job_id)).one_or_none()
    if row is None:
        raise NameTaken(draft.name)
    mine = sa.select(sa.func.count()).where(subjects.c.owner_id == draft.owner_id)
    if made.rowcount and connection.execute(mine).scalar_one() > KEPT_MAX:
        raise TooManySubjects(limit=KEPT_MAX)
    consent = {
        "subject_id": row.id,
        "user_id": draft.owner_id,
        "statement": draft.statement,
        "photo_hashes": list(draft.photo_hashes),
        "at": now,
    }
    connection.execute(insert_or_ignore(connection, consents).values(consent))
    return _subject(row)


NAME_KEY_MAX = 64  # characters, of the column; some letters become three


def name_key(name: str) -> str:
    """Return what two names that people would take for the same one have in common."""
    return " ".join(name.casefold().split())


def _shared_with(user_id: int, guild_id: int | None, role_ids: Collection[int]) -> sa.ColumnElement[bool]:
    s = subject_shares.c
    ways = [sa.and_(s.scope == Scope.MEMBER.value, s.target_id == user_id)]
    if guild_id is not None:
        ways.append(sa.and_(s.scope == Scope.GUILD.value, s.target_id == guild_id))
        ways.append(sa.and_(s.scope == Scope.ROLE.value, s.target_id.in_(role_ids)))
    return sa.or_(*ways)


def _values(draft: Draft, now: dt.datetime) -> dict[str, Any]:
    return {
        "id": draft.id,
        "owner_id": draft.owner_id,
        "guild_id": draft.guild_id or NO_GUILD,
        "name": draft.name,
        "name_key": name_key(draft.name),
        "class_noun": draft.class_noun,
        "trigger": draft.trigger,
        "model": draft.model,
        "state": "training",
        "job_id": draft.job_id,
        "photos": len(draft.photo_hashes),
        "keeps_photos": draft.keeps_photos,
        "created_at": now,
    }


def _subject(row: sa.Row[Any]) -> Subject:
    fields = dict(row._mapping)
    fields["ready"] = fields.pop("state") == "ready"
    fields["guild_id"] = fields["guild_id"] or None
    del fields["name_key"]
    return Subject(**fields)
