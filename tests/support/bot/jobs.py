"""Jobs for tests, as the store would return them."""

import datetime as dt
from dataclasses import replace
from typing import Any

from db.queue.job import Job, Pace, State
from inference.requests import ImageRequest, to_json

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
REQUEST = ImageRequest(
    prompt="a red heart", model="tiny", width_px=128, height_px=128, steps=20, guidance=4.0, seed=7, count=4
)


def make_job(**changes: Any) -> Job:
    """Return a queued job of Ada's with some fields changed; times follow from its state."""
    job = Job(
        id="0" * 25 + "1",
        interaction_id=1,
        interaction_token="a-secret",
        token_expires_at=NOON + dt.timedelta(minutes=15),
        kind="image",
        pace=Pace.FAST,
        state=State.QUEUED,
        user_id=11,
        guild_id=21,
        channel_id=31,
        message_id=None,
        private=False,
        age_restricted=False,
        request=to_json(REQUEST),
        model="tiny",
        price=4,
        work=4,
        charged=0,
        seq=1,
        attempt=0,
        blamed=0,
        lease_owner=None,
        lease_until=None,
        progress_done=0,
        progress_total=0,
        preview=0,
        error_code=None,
        error_text=None,
        outcome={},
        cancel_requested=False,
        cancelled_by=None,
        queued_at=NOON,
        started_at=None,
        ended_at=None,
        delivered_at=None,
        delivered_how=None,
        source_job_id=None,
        revision=0,
        changed_at=NOON,
    )
    return replace(job, **changes)
