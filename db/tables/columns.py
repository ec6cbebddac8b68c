"""What the tables are made of: names of constraints, moments, and the columns that many of them have."""

import datetime as dt

import sqlalchemy as sa

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = sa.MetaData(naming_convention=NAMING)


class Instant(sa.types.TypeDecorator[dt.datetime]):
    """A moment: aware UTC datetimes outside, seconds since 1970 inside, so both databases compare them alike."""

    impl = sa.Double
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> float | None:
        """Return what is written for a value."""
        return None if value is None else value.timestamp()

    def process_result_value(self, value: float | None, dialect: sa.Dialect) -> dt.datetime | None:
        """Return the value of what is read."""
        return None if value is None else dt.datetime.fromtimestamp(value, dt.UTC)


# SQLite counts up by itself only for its own INTEGER.
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def id_column(name: str, *, primary_key: bool = False) -> sa.Column[int]:
    """Return a column for an id of the platform: 64 bits, never counted up here."""
    return sa.Column(name, sa.BigInteger, primary_key=primary_key, autoincrement=False, nullable=False)


def count_column(name: str) -> sa.Column[int]:
    """Return a column for a whole number that begins at 0."""
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def tag_column(name: str) -> sa.Column[float]:
    """Return a column for a virtual time that begins at 0."""
    return sa.Column(name, sa.Double, nullable=False, server_default="0")


def flag_column(name: str) -> sa.Column[bool]:
    """Return a column for something that is not so unless it is said."""
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())
