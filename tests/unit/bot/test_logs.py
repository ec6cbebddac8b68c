"""No secret in any log line."""

import json
import logging
import sys

from bot.logs import JsonFormatter, RedactingFormatter, redact

TOKEN = "MTEw.canary.abcdef"


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


def test_json_line_names_its_job_and_hides_secrets() -> None:
    said = '{"token": "canary-1", "x": 1} for job 0123456789abcdefghjkmnpqrs: %s'
    record = logging.LogRecord("x", logging.DEBUG, "f", 1, said, (TOKEN,), None)
    line = JsonFormatter([TOKEN]).format(record)
    fields = json.loads(line)
    assert (fields["job"], fields["level"]) == ("0123456789abcdefghjkmnpqrs", "DEBUG")
    assert TOKEN not in line
    assert "canary-1" not in line


def test_json_line_of_an_error_hides_secrets_in_its_traceback() -> None:
    try:
        raise ValueError(f"cannot use {TOKEN}\nreally")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "oops", (), sys.exc_info())
    line = JsonFormatter([TOKEN]).format(record)
    assert "ValueError" in json.loads(line)["error"]
    assert TOKEN not in line
    assert "\n" not in line
