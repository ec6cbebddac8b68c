"""PostgreSQL's side of the engine: READ COMMITTED, limits to waiting, and errors that quote no row.

A program that stops in the midst of a transaction (frozen, or its machine is gone) keeps its locks, and a queue's lock
is a whole kind's. So a transaction that is idle for a third of a lease is ended by the server, whoever waits for a lock
gives up after half of one, and a statement after a whole one. What gave up is tried again by `Database.write`.

A connection whose other end is gone is noticed within about a third of a lease, by keepalives on both sides where
nothing is on its way, else by TCP's user timeout. On a Unix socket there is none of this, and no need for it.
"""

from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import URL, ExceptionContext

# Those that this server knows: client_connection_check_interval is younger than the others.
SET = """
SELECT set_config(name, wanted.value, false)
FROM unnest(%s::text[], %s::text[]) AS wanted (name, value) JOIN pg_settings USING (name)
"""
PROBES = 2  # keepalives without an answer
SLOWEST_CONNECT_S = 10
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


def begin_migration(connection: sa.Connection) -> None:
    """Let a transaction change the tables, however large they are, and only one program at a time."""
    for timeout in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
        connection.execute(sa.text(f"SET LOCAL {timeout} = 0"))
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(7216093)"))


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


def server_settings(lease_s: float) -> dict[str, str]:
    """Return what is set on each connection's server side."""
    probe_s = _probe_s(lease_s)
    return {
        "idle_in_transaction_session_timeout": _ms(lease_s / 3),
        "lock_timeout": _ms(lease_s / 2),
        "statement_timeout": _ms(lease_s),
        "client_connection_check_interval": _ms(lease_s / 6),
        "tcp_keepalives_idle": str(probe_s),
        "tcp_keepalives_interval": str(probe_s),
        "tcp_keepalives_count": str(PROBES),
        "tcp_user_timeout": _ms(lease_s / 3),
    }


def connect_options(lease_s: float, url: URL) -> dict[str, Any]:
    """Return libpq's options for this side; what the URL says itself goes first."""
    probe_s = _probe_s(lease_s)
    options = {
        "connect_timeout": SLOWEST_CONNECT_S,
        "keepalives": 1,
        "keepalives_idle": probe_s,
        "keepalives_interval": probe_s,
        "keepalives_count": PROBES,
        "tcp_user_timeout": int(_ms(lease_s / 3)),
    }
    return {name: value for name, value in options.items() if name not in url.query}


def limit_waiting(engine: sa.Engine, lease_s: float) -> None:
    """Set the timeouts on each new connection of an engine."""
    settings = server_settings(lease_s)

    def set_up(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(SET, (list(settings), list(settings.values())))
        cursor.close()
        connection.commit()

    sa.event.listen(engine, "connect", set_up)


def _ms(seconds: float) -> str:
    return str(max(1000, round(1000 * seconds)))


def _probe_s(lease_s: float) -> int:
    return max(1, round(lease_s / 9))
