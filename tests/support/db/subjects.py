"""Subjects before they are trained."""

import dataclasses

import sqlalchemy as sa

from db import clock
from db.people.new_subject import NewSubject, add_subject
from db.people.subjects import Subject

ADA, BEN, CLEO = 1, 2, 3
STUDIO, ANNEX = 10, 11


def draft(number: int = 1, **changes: object) -> NewSubject:
    """Return a subject to be trained, with some fields changed."""
    made = NewSubject(
        id=f"subject{number:019}",
        owner_id=ADA,
        guild_id=STUDIO,
        name=f"Blob {number}",
        class_noun="mascot",
        trigger="zkv",
        model="builtin",
        job_id=f"job{number:023}",
        keeps_photos=False,
        statement="They are mine.",
        photo_hashes=("aa", "bb", "cc"),
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def create(connection: sa.Connection, new: NewSubject) -> Subject:
    """Add a subject in training, as `submit` does with its job."""
    return add_subject(connection, new, clock.now(connection))
