"""A subject before it is trained: paid for, named and agreed to. Its row is made with its training's."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from db.errors import NameTaken, TooManySubjects
from db.ids import NO_GUILD
from db.people.subjects import Subject, name_key, subject_from
from db.tables import consents, subjects
from db.upsert import insert_or_ignore

KEPT_MAX = 25  # of one member, those in training included: as many as the platform offers while a name is typed


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubject:
    """A subject whose training is about to be paid for, with its consent."""

    id: str
    owner_id: int
    guild_id: int | None
    name: str
    class_noun: str
    trigger: str
    model: str
    job_id: str = ""  # its training; `db.queue.submit` fills it in
    keeps_photos: bool
    statement: str  # the words that were agreed to
    photo_hashes: Sequence[str]  # SHA-256 of each photo as it was sent


def add_subject(connection: sa.Connection, new: NewSubject, now: dt.datetime) -> Subject:
    """Add a subject in training and record the consent; repeating it for the same job changes nothing.

    Raises:
        NameTaken: the owner has another of that name.
        TooManySubjects: the owner has as many as one may keep.
    """
    made = connection.execute(insert_or_ignore(connection, subjects).values(_values(new, now)))
    row = connection.execute(sa.select(subjects).where(subjects.c.job_id == new.job_id)).one_or_none()
    if row is None:
        raise NameTaken(new.name)
    mine = sa.select(sa.func.count()).where(subjects.c.owner_id == new.owner_id)
    if made.rowcount and connection.execute(mine).scalar_one() > KEPT_MAX:
        raise TooManySubjects(limit=KEPT_MAX)
    consent = {
        "subject_id": row.id,
        "user_id": new.owner_id,
        "statement": new.statement,
        "photo_hashes": list(new.photo_hashes),
        "at": now,
    }
    connection.execute(insert_or_ignore(connection, consents).values(consent))
    return subject_from(row)


def _values(new: NewSubject, now: dt.datetime) -> dict[str, Any]:
    return {
        "id": new.id,
        "owner_id": new.owner_id,
        "guild_id": new.guild_id or NO_GUILD,
        "name": new.name,
        "name_key": name_key(new.name),
        "class_noun": new.class_noun,
        "trigger": new.trigger,
        "model": new.model,
        "state": "training",
        "job_id": new.job_id,
        "photos": len(new.photo_hashes),
        "keeps_photos": new.keeps_photos,
        "created_at": now,
    }
