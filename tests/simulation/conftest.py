"""The same databases as the integration tests have."""

from tests.integration.conftest import database, database_url, migrated_postgres, migrated_sqlite, postgres

__all__ = ["database", "database_url", "migrated_postgres", "migrated_sqlite", "postgres"]
