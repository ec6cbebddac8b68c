"""Alembic's entry: migrate on the connection that `db.migrations.run` passes in. Offline scripts are not made."""

from alembic import context

from db.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",  # SQLite cannot ALTER in place
)
context.run_migrations()
