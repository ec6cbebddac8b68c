"""Database URLs as people write them."""

import pytest

from db.database_url import normalised


@pytest.mark.parametrize(
    ("written", "driver"),
    [
        ("sqlite:///a.db", "sqlite+pysqlite"),
        ("sqlite+aiosqlite:////var/a.db", "sqlite+pysqlite"),
        ("postgresql://me@db/atelier", "postgresql+psycopg"),
        ("postgres://me@db/atelier", "postgresql+psycopg"),
        ("postgresql+psycopg://me@db/atelier", "postgresql+psycopg"),
    ],
)
def test_url_gets_the_driver_that_we_use(written: str, driver: str) -> None:
    assert normalised(written).drivername == driver


@pytest.mark.parametrize("written", ["mysql://me@db/atelier", "sqlite://", "sqlite:///:memory:"])
def test_url_of_a_database_that_cannot_serve_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        normalised(written)
