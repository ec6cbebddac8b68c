"""Logging to stderr, with every secret taken out.

discord.py logs webhook addresses (which hold interaction tokens) and whole gateway events at DEBUG, and errors can
quote either. So the finished line is redacted, whatever it was made of: message, arguments or traceback.
"""

import datetime as dt
import json
import logging
import re
import sys
import threading
from collections.abc import Iterable
from typing import TextIO

log = logging.getLogger(__name__)

HIDDEN = "[hidden]"
TALKATIVE = ("alembic.runtime", "asyncio")  # their INFO says nothing new
INDISCREET = ("sqlalchemy", "psycopg")  # write every value of every query at DEBUG, tokens among them

_JOB = re.compile(r"\bjob ([0-9a-z]{26})\b")
_PATTERNS = (
    (re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/\s\"'?]+"), rf"\1{HIDDEN}"),
    # in an event, a record, or JSON that was quoted again
    (re.compile(r"((?:token|session_id)\\*[\"']?\s*[:=]\s*\\*[\"'])[^\"'\\]+"), rf"\1{HIDDEN}"),
    # in an address: of the operator's page, of a member's file, of an object store
    (re.compile(r"([?&](?:token|hm|sig|X-Amz-[\w-]+)=)[^&\s\"'>)]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"(/paint/)[^/\s\"'?>)]+"), rf"\1{HIDDEN}"),  # of the page where a member paints
    (re.compile(r"(Authorization[\"']?\s*[:=]\s*[\"']?(?:Bot |Bearer )?)[^\"'\s,}]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"(\w://[^:/@\s]+:)[^@/\s]+@"), rf"\1{HIDDEN}@"),  # a database's password
    (re.compile(r"(password=)[^\s&\"']+"), rf"\1{HIDDEN}"),
)


class RedactingFormatter(logging.Formatter):
    """Formats a record, then hides secrets in the whole line."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without secrets."""
        return redact(super().format(record), self._secrets)


class JsonFormatter(RedactingFormatter):
    """Writes one JSON object per line: at, level, logger, message; job, where it names one; error, if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object without secrets; they are hidden before quotes are escaped."""
        message = redact(record.getMessage(), self._secrets)
        fields = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": message,
        }
        if job := _JOB.search(message):
            fields["job"] = job[1]
        if record.exc_info:
            fields["error"] = redact(self.formatException(record.exc_info), self._secrets)
        return json.dumps(fields, ensure_ascii=False)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without these secrets, and without everything in the shape of one."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def set_up(level: str, secrets: Iterable[str], stream: TextIO | None = None, *, as_json: bool = False) -> None:
    """Send all logs to a stream, redacted.

    Args:
        level: the least level that is written.
        secrets: what must never be written.
        stream: where to; None: stderr, together with the errors that end the program or one of its threads.
        as_json: write one JSON object per line, not text.
    """
    if stream is None:
        sys.excepthook = lambda kind, error, trace: log.critical("ended by an error", exc_info=(kind, error, trace))
        threading.excepthook = lambda args: log.critical("a thread was ended by an error", exc_info=args.exc_value)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(secrets) if as_json else RedactingFormatter(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING if level == "INFO" else level)
    for name in INDISCREET:
        logging.getLogger(name).setLevel(logging.WARNING)
