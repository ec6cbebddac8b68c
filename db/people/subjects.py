"""Subjects: what members taught a model.

A row exists from the moment the training's job does: both are made in one transaction (`db.queue.submit`), with the
consent. Who may use one is said by `db.people.shares`, and asked for at every use.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from db.errors import NameTaken, UnknownSubject
from db.tables import consents, subjects
from db.upsert import batches

NAME_KEY_MAX = 64  # characters, of the column; some letters become three


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


@dataclass(frozen=True, slots=True)
class Consent:
    """The recorded consent to a subject's photos."""

    user_id: int
    statement: str
    photo_hashes: tuple[str, ...]
    at: dt.datetime


def find_subject(connection: sa.Connection, subject_id: str) -> Subject | None:
    """Return a subject, whoever asks; see `db.people.shares` for the right to use it."""
    return next(iter(subjects_where(connection, subjects.c.id == subject_id)), None)


def subject_of_job(connection: sa.Connection, job_id: str) -> Subject | None:
    """Return the subject that a training makes."""
    return next(iter(subjects_where(connection, subjects.c.job_id == job_id)), None)


def subjects_of_member(connection: sa.Connection, owner_id: int) -> list[Subject]:
    """Return a member's own subjects by name."""
    return subjects_where(connection, subjects.c.owner_id == owner_id)


def subjects_where(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Subject]:
    """Return the subjects to which all conditions apply, by name."""
    query = sa.select(subjects).where(*conditions).order_by(subjects.c.name_key, subjects.c.id)
    return [subject_from(row) for row in connection.execute(query)]


def existing_subjects(connection: sa.Connection, subject_ids: Collection[str]) -> set[str]:
    """Return which of these ids are subjects that exist."""
    found: set[str] = set()
    for batch in batches(subject_ids):
        found.update(connection.scalars(sa.select(subjects.c.id).where(subjects.c.id.in_(batch))))
    return found


def consent_to(connection: sa.Connection, subject_id: str) -> Consent | None:
    """Return the consent that a subject was made with."""
    row = connection.execute(sa.select(consents).where(consents.c.subject_id == subject_id)).one_or_none()
    return None if row is None else Consent(row.user_id, row.statement, tuple(row.photo_hashes), row.at)


def mark_ready(connection: sa.Connection, subject_id: str, *, step: int, chosen: int | None = None) -> bool:
    """Note that a subject's adapter is in its place, and from which step of the training it is.

    Args:
        connection: the transaction.
        subject_id: the subject.
        step: of the training, from which the adapter is.
        chosen: the subject's step when the adapter was put there.

    Returns:
        False, and nothing is changed, if another was chosen meanwhile, or the subject is gone.
    """
    same = sa.and_(subjects.c.id == subject_id, subjects.c.step.is_not_distinct_from(chosen))
    update = subjects.update().where(same).values(state="ready", step=step)
    return connection.execute(update).rowcount == 1


def rename_subject(connection: sa.Connection, subject_id: str, name: str) -> None:
    """Call a subject something else.

    Raises:
        NameTaken: the owner has another of that name.
        UnknownSubject: there is none.
    """
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


def delete_subject(connection: sa.Connection, subject_id: str) -> bool:
    """Remove a subject with its shares and its consent; return whether there was one."""
    return connection.execute(subjects.delete().where(subjects.c.id == subject_id)).rowcount > 0


def name_key(name: str) -> str:
    """Return what two names that people would take for the same one have in common."""
    return " ".join(name.casefold().split())


def subject_from(row: sa.Row[Any]) -> Subject:
    """Return the record of a row of `subjects`."""
    fields = dict(row._mapping)
    fields["ready"] = fields.pop("state") == "ready"
    fields["guild_id"] = fields["guild_id"] or None
    del fields["name_key"]
    return Subject(**fields)
