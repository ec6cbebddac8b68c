"""When tests are run makes no difference to them: not the hour, the day or the month, and no midnight comes in between.

The store's tests all begin at the same moment of the calendar: `open_database` moves the clock of its databases. A
bot's cannot, for the local Discord and the bot go by everybody's clock; their days begin at another hour instead: in
`NOON_ZONE` it is about noon now.
"""

import datetime as dt
import os

from db.engine import LEASE_S, Database

START = dt.datetime(2026, 1, 14, 12, tzinfo=dt.UTC)  # noon of a Wednesday in the middle of a month
OFFSET = "TESTS_CLOCK_OFFSET_S"  # so that the processes that a test starts have the same clock


def noon_zone(now: dt.datetime) -> str:
    """Return the time zone in which it is between twelve and one."""
    return f"Etc/GMT{now.hour - 12:+}"  # with POSIX's sign: what is ahead of Greenwich has a minus


NOON_ZONE = noon_zone(dt.datetime.now(dt.UTC))
CLOCK_OFFSET_S = float(os.environ.setdefault(OFFSET, str((START - dt.datetime.now(dt.UTC)).total_seconds())))


def open_database(url: str, *, hash_key: bytes | None = None, lease_s: float = LEASE_S) -> Database:
    """Return a database whose clock started at `START` when the tests did; nothing is connected to it yet."""
    return Database.from_url(url, clock_offset_s=CLOCK_OFFSET_S, hash_key=hash_key, lease_s=lease_s)
