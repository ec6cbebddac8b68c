"""No secret in any log line."""

import logging
import sys

from bot.logs import RedactingFormatter, redact

TOKEN = "MTEw.canary.abcdef"  # noqa: S105 (a canary)


def test_bot_token_is_hidden_wherever_it_stands() -> None:
    record = logging.LogRecord("x", logging.DEBUG, "f", 1, "token is %s!", (TOKEN,), None)
    assert TOKEN not in RedactingFormatter([TOKEN]).format(record)


def test_bot_token_in_a_traceback_is_hidden() -> None:
    try:
        raise ValueError(f"cannot use {TOKEN}")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "oops", (), sys.exc_info())
    assert TOKEN not in RedactingFormatter([TOKEN]).format(record)


def test_webhook_and_interaction_addresses_lose_their_tokens() -> None:
    line = redact("PATCH https://x/api/v10/webhooks/11/aW50ZX/messages/@original and /interactions/12/aW50ZX/callback")
    assert "aW50ZX" not in line
    assert "/messages/@original" in line
    assert "/callback" in line


def test_tokens_in_gateway_events_and_records_are_hidden() -> None:
    line = redact("{'t': 'INTERACTION_CREATE', 'd': {'token': 'canary', 'id': '5'}} Job(interaction_token='canary')")
    assert "canary" not in line
    assert "'id': '5'" in line


def test_password_in_a_database_address_is_hidden() -> None:
    assert "canary" not in redact("postgresql://atelier:canary@database/atelier")
