"""A store on each database, with plenty of credits unless a test says otherwise."""

import pytest

from db.engine import Database
from tests.support.db.shop import Shop


@pytest.fixture
def shop(database: Database) -> Shop:
    """The store on each database."""
    return Shop(database)
