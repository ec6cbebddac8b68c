"""Favourites: which results a member keeps at hand, their own and others'. A job that goes takes them along."""

import sqlalchemy as sa

from db import clock
from db.errors import TooManyFavourites
from db.tables import favourites
from db.upsert import insert_or_ignore

FAVOURITES_MAX = 500  # of one member


def add_favourite(connection: sa.Connection, user_id: int, job_id: str) -> bool:
    """Keep a job among a member's favourites; return whether it was none yet.

    Raises:
        TooManyFavourites: they have as many as one may keep.
    """
    if count_favourites(connection, user_id) >= FAVOURITES_MAX:
        raise TooManyFavourites(limit=FAVOURITES_MAX)
    values = {"user_id": user_id, "job_id": job_id, "at": clock.now(connection)}
    insert = insert_or_ignore(connection, favourites).values(values).returning(favourites.c.job_id)
    return connection.execute(insert).first() is not None


def remove_favourite(connection: sa.Connection, user_id: int, job_id: str) -> bool:
    """Take a job from a member's favourites; return whether it was one."""
    one = favourites.c.user_id == user_id, favourites.c.job_id == job_id
    return connection.execute(favourites.delete().where(*one)).rowcount == 1


def toggle_favourite(connection: sa.Connection, user_id: int, job_id: str) -> bool:
    """Keep a job among a member's favourites, or no more if it was one; return whether it is one now.

    Raises:
        TooManyFavourites: they have as many as one may keep.
    """
    return not remove_favourite(connection, user_id, job_id) and add_favourite(connection, user_id, job_id)


def count_favourites(connection: sa.Connection, user_id: int) -> int:
    """Return how many favourites a member has."""
    query = sa.select(sa.func.count()).where(favourites.c.user_id == user_id)
    return int(connection.execute(query).scalar_one())
