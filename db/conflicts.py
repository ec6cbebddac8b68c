"""Transactions that get in each other's way: which errors say so, so that one is tried again from its start."""

import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError

DUPLICATE = "23505"  # unique violation
RETRIED_SQLSTATES = {"40001", "40P01"}  # serialization failure, deadlock: PostgreSQL, appendix A
WAITED_TOO_LONG = {
    "55P03",  # lock not available: lock_timeout
    "57014",  # query canceled: statement_timeout
    "25P03",  # idle in transaction: the server has ended it, so it is certain that nothing was committed
}


class Conflict(Exception):
    """Raised in a transaction when somebody else wrote the same at the same time; it is tried again from its start."""


def is_conflict(error: DBAPIError) -> bool:
    """Tell whether a transaction failed only because of others, who were at the same rows at the same time."""
    if isinstance(error, IntegrityError):
        return False
    original = error.orig
    if isinstance(original, sqlite3.OperationalError):
        return "locked" in str(original) or "busy" in str(original)
    return _sqlstate(error) in RETRIED_SQLSTATES


def is_duplicate(error: IntegrityError) -> bool:
    """Tell whether there is such a row already: where it was looked for, somebody else has written it since.

    Only PostgreSQL's says so: with SQLite's one writer nobody writes in between.
    """
    return _sqlstate(error) == DUPLICATE


def waited_too_long(error: DBAPIError) -> bool:
    """Tell whether PostgreSQL ended a transaction that held up others, or was held up (`db.postgresql`)."""
    return _sqlstate(error) in WAITED_TOO_LONG


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
