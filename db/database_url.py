"""Addresses of databases, as people write them and as drivers want them."""

from sqlalchemy.engine import URL, make_url


def normalised(url: str) -> URL:
    """Return the URL with the driver that we use named in it.

    Raises:
        ValueError: any other kind of database, or SQLite in memory (it cannot be shared or survive).
    """
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise ValueError("The database must be a file: sqlite:///path/to/atelier.db")
        return parsed.set(drivername="sqlite+pysqlite")
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise ValueError(f"The database must be SQLite or PostgreSQL, not {backend}.")
