"""Licences of models, and who accepted which."""

import sqlalchemy as sa

from db import clock
from db.tables import acceptances
from db.upsert import insert_or_ignore


def accept_licence(connection: sa.Connection, user_id: int, model: str, licence: str) -> None:
    """Remember that a member accepted a model's licence; again changes nothing.

    Args:
        connection: the transaction.
        user_id: the member.
        model: its name.
        licence: its licence, as it is now.
    """
    values = {"user_id": user_id, "model": model, "licence": licence, "at": clock.now(connection)}
    connection.execute(insert_or_ignore(connection, acceptances).values(values))


def has_accepted(connection: sa.Connection, user_id: int, model: str, licence: str) -> bool:
    """Tell whether a member accepted a model's licence as it is now.

    Args:
        connection: the transaction.
        user_id: the member.
        model: its name.
        licence: its licence, as it is now.
    """
    a = acceptances.c
    query = sa.select(a.at).where(a.user_id == user_id, a.model == model, a.licence == licence)
    return connection.execute(query).first() is not None
