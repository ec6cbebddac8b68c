"""No secret in any log line."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
import yarl
from multidict import CIMultiDict, CIMultiDictProxy

from common.logs import JsonFormatter, RedactingFormatter, redact

ROOT = Path(__file__).parents[3]
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


def test_address_for_painting_loses_its_token() -> None:
    line = redact('GET /paint/canary.1.job.2.9.sig/picture, "url": "https://x/paint/canary.1"')
    assert "canary" not in line
    assert "/picture" in line


def test_tokens_in_gateway_events_and_records_are_hidden() -> None:
    line = redact("{'t': 'INTERACTION_CREATE', 'd': {'token': 'canary', 'id': '5'}} Job(interaction_token='canary')")
    assert "canary" not in line
    assert "'id': '5'" in line


def test_password_in_a_database_address_is_hidden() -> None:
    assert "canary" not in redact("postgresql://atelier:canary@database/atelier host=x password=canary")


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


ADDRESSES = (
    "https://discord.com/api/v10/webhooks/11/canary/messages/@original",
    "https://cdn.discordapp.com/attachments/1/2/me.png?ex=66&is=65&hm=canary&",
    "http://127.0.0.1:8091/?token=canary",
    "https://bucket.s3.amazonaws.com/jobs/1.png?X-Amz-Credential=canary%2Feu&X-Amz-Signature=canary",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_that_open_something_are_hidden_in_the_errors_of_aiohttp(address: str) -> None:
    request = aiohttp.RequestInfo(yarl.URL(address), "PATCH", CIMultiDictProxy(CIMultiDict()), yarl.URL(address))
    try:
        raise aiohttp.TooManyRedirects(request, (), status=302)
    except aiohttp.ClientResponseError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "%r", (sys.exc_info()[1],), sys.exc_info())
    for formatter in (RedactingFormatter(), JsonFormatter()):
        line = formatter.format(record)
        assert "TooManyRedirects" in line
        assert "canary" not in line


def test_tokens_in_json_that_was_quoted_again_are_hidden() -> None:
    event = json.dumps({"d": {"token": "canary", "session_id": "canary", "id": "5"}})
    assert "canary" not in redact(json.dumps({"said": event}))
    assert "canary" not in redact(repr(json.dumps({"said": event})))


def test_a_crash_of_the_program_is_told_without_secrets() -> None:
    code = """
import sys, threading
from common import logs
logs.set_up("INFO", ["canary-1"])
def crash(): raise ValueError("canary-1 at https://x/webhooks/11/canary-2")
thread = threading.Thread(target=crash)
thread.start()
thread.join()
crash()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("ValueError: [hidden] at https://x/webhooks/11/[hidden]") == 2
    assert "canary-" not in done.stderr.replace('"canary-1 at https://x/webhooks/11/canary-2"', "")  # the line of code


def test_a_dispatcher_of_its_own_logs_no_secret_either() -> None:
    code = """
import logging
from inference.dispatcher import __main__ as dispatcher
async def run(settings):
    logging.error("PATCH https://x/webhooks/11/canary-1")
    raise ValueError("postgresql://atelier:" + "canary-2@database/atelier")
dispatcher.run = run
dispatcher.main([])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "PATCH https://x/webhooks/11/[hidden]" in done.stderr
    assert "ValueError: postgresql://atelier:[hidden]@database/atelier" in done.stderr
    assert "canary-1" not in done.stderr
