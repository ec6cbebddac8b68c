"""Jobs with everything filled in, as a dispatcher gets them."""

import datetime as dt
from typing import Any

from db.queue.job import Job, Pace, State
from inference.requests import Request, to_json

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


def job_of(request: Request, **changes: Any) -> Job:
    """Return a running job of that request, on its first attempt."""
    fields: dict[str, Any] = dict.fromkeys(Job.__dataclass_fields__)
    fields |= {
        "id": "01j00000000000000000000001",
        "kind": str(request.kind),
        "pace": Pace.FAST,
        "state": State.RUNNING,
        "user_id": 1,
        "request": to_json(request),
        "model": request.model,
        "price": 4,
        "attempt": 1,
        "blamed": 0,
        "queued_at": NOON,
        "outcome": {},
    }
    return Job(**(fields | changes))
