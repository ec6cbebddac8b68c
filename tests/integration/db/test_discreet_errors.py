"""What a database says of a failed statement names no value: values are tokens, prompts and members."""

import logging
import sys

import pytest
import sqlalchemy as sa

from common.logs import RedactingFormatter
from db.engine import Database

TOKEN = "aW50ZXJhY3Rpb24=canary"
PROMPT = "a canary in a mine"
STATEMENTS = {
    "no such table": "INSERT INTO nowhere (a, b) VALUES (:token, :prompt)",
    "null": "INSERT INTO canaries (token, prompt, amount) VALUES (:token, :prompt, NULL)",
    "twice": "INSERT INTO canaries (token, prompt) VALUES (:token, :prompt), (:token, :prompt)",
    "no number": "INSERT INTO canaries (token, prompt, amount) VALUES (:token, :prompt, CAST(:token AS INTEGER) / 0)",
    "check": "INSERT INTO canaries (token, prompt, amount) VALUES (:token, :prompt, -1)",
}


def _failing(connection: sa.Connection, statement: str) -> None:
    amount = "amount INTEGER DEFAULT 0 NOT NULL CHECK (amount >= 0)"
    connection.execute(sa.text(f"CREATE TABLE canaries (token TEXT UNIQUE, prompt TEXT, {amount})"))
    connection.execute(sa.text(statement), {"token": TOKEN, "prompt": PROMPT})


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
async def test_a_failed_statement_quotes_no_value(database: Database, statement: str) -> None:
    if database.is_sqlite and "/ 0" in statement:
        pytest.skip("SQLite takes any text for a number")
    try:
        with database.begin() as connection:
            _failing(connection, statement)
    except sa.exc.DBAPIError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "failed: %r", (sys.exc_info()[1],), sys.exc_info())
    line = RedactingFormatter().format(record)
    assert "sqlalchemy.exc" in line
    assert "canary" not in line
