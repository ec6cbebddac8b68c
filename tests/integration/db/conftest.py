"""A store on each database, with plenty of credits unless a test says otherwise."""

import pytest

from db.engine import Database
from tests.support.db.store import StoreHarness


@pytest.fixture
def store(database: Database) -> StoreHarness:
    """The store on each database."""
    return StoreHarness(database)
