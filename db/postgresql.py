"""PostgreSQL's side of the engine: READ COMMITTED, limits to waiting (`db.timeouts`), and errors that quote no row."""

from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import URL, ExceptionContext

from db.timeouts import connect_options, limit_waiting

DATA_EXCEPTION = "22"  # the class of errors whose message itself quotes the value: PostgreSQL, appendix A


def postgresql_engine(url: URL, *, lease_s: float, **options: Any) -> sa.Engine:
    """Return an engine whose connections wait for nobody much longer than a lease."""
    engine = sa.create_engine(url, pool_pre_ping=True, connect_args=connect_options(lease_s, url), **options)
    limit_waiting(engine, lease_s)
    sa.event.listen(engine, "handle_error", _hide_quoted_values)
    return engine


def libpq_url(url: URL) -> str:
    """Return the URL as libpq wants it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _hide_quoted_values(context: ExceptionContext) -> None:
    """Take out of PostgreSQL's own words what they quote of a row, such as 'Failing row contains (…)'."""
    original = context.original_exception
    if not isinstance(original, psycopg.Error):
        return
    said = original.diag
    quoted = [said.message_detail, said.context]
    if (original.sqlstate or "").startswith(DATA_EXCEPTION):
        quoted.append(said.message_primary)
    for error in (original, context.sqlalchemy_exception):
        for words in filter(None, quoted):
            if error is not None:
                error.args = tuple(str(one).replace(words, "[hidden]") for one in error.args)
