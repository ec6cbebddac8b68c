"""Heartbeats: a dispatcher says how far its jobs are and renews their leases, and learns which to stop.

A lease belongs to an owner and an attempt, and every claim is a new attempt. So a dispatcher that was cut off
and comes back late matches no row, and changes nothing.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from db import clock
from db.tables import is_running, jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a dispatcher says about one running job at a heartbeat."""

    job_id: str
    attempt: int
    done: int  # steps
    total: int  # steps
    preview: bool = False  # a new preview file was written


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatReply:
    """What a dispatcher must stop."""

    lost: frozenset[str] = frozenset()  # not its own any more
    cancelled: frozenset[str] = frozenset()  # asked to stop; still its own to settle
    skipped: frozenset[str] = frozenset()  # somebody was at it: its report is to be repeated


def heartbeat(connection: sa.Connection, *, owner: str, reports: Sequence[Report], lease_s: float) -> HeartbeatReply:
    """Renew the leases of the reported jobs and write their progress; return what to stop.

    It waits for no lock and for no connection: what somebody else waits for must not cost the others their leases.

    Args:
        connection: the transaction.
        owner: whose leases they are.
        reports: how far each job is, one each.
        lease_s: for how many seconds they are renewed.
    """
    by_id = {report.job_id: report for report in reports}
    reported = {"reported": [(one.job_id, one.attempt) for one in reports], "owner": owner}
    rows, now = clock.lock(connection, _HELD_FREE, reported)
    until = now + dt.timedelta(seconds=lease_s)
    moved = [row.id for row in rows if _moved(row, by_id[row.id])]
    if moved:
        connection.execute(_MOVE, [_progress(by_id[job_id], until, now) for job_id in moved])
    if still := [row.id for row in rows if row.id not in moved]:
        connection.execute(_RENEW, {"ids": still, "lease_until": until})
    ours = {row.id for row in rows}
    if len(ours) < len(by_id) and clock.locks_rows(connection):  # some are being moved on: more at the next heartbeat
        ours = {row.id for row in connection.execute(_HELD, reported)}
    return HeartbeatReply(
        lost=frozenset(by_id.keys() - ours),
        skipped=frozenset(ours - {row.id for row in rows}),
        cancelled=frozenset(row.id for row in rows if row.cancel_requested),
    )


def _moved(row: sa.Row[Any], report: Report) -> bool:
    return report.preview or (row.progress_done, row.progress_total) != (report.done, report.total)


def _progress(report: Report, until: dt.datetime, now: dt.datetime) -> dict[str, Any]:
    return {
        "of": report.job_id,
        "lease_until": until,
        "progress_done": report.done,
        "progress_total": report.total,
        "previews": int(report.preview),
        "changed_at": now,
    }


_HELD = sa.select(jobs.c.id, jobs.c.cancel_requested, jobs.c.progress_done, jobs.c.progress_total).where(
    sa.tuple_(jobs.c.id, jobs.c.attempt).in_(sa.bindparam("reported", expanding=True)),
    jobs.c.lease_owner == sa.bindparam("owner"),
    is_running,
)
_HELD_FREE = clock.locking(_HELD.order_by(jobs.c.id), skip_locked=True)
_RENEW = jobs.update().where(jobs.c.id.in_(sa.bindparam("ids", expanding=True)))
_MOVE = (
    jobs.update()
    .where(jobs.c.id == sa.bindparam("of"))
    .values(preview=jobs.c.preview + sa.bindparam("previews"), revision=jobs.c.revision + 1)
)
