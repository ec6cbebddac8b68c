"""How long a job will probably wait: credits of work before it, over the speed of late. Pure, kept in memory.

What was foretold is kept with each job, and the operator's page says how right it was (`db.queue.figures`).
"""

import math

from db.queue.job import Job, State

REMEMBERED = 20  # jobs of each kind that the speed is taken from


class Forecast:
    """Learn the speed from jobs as they end, and foretell waits from it.

    Only what is of use is kept, so that nothing learnt breaks a forecast.
    """

    def __init__(self) -> None:
        self._ended: dict[str, dict[str, tuple[float, float, int]]] = {}  # kind → job id → start, end, work

    def learn(self, job: Job) -> None:
        """Take note of a job that ended well."""
        if job.state is not State.DONE or job.started_at is None or job.ended_at is None:
            return
        work = job.work * job.charged // job.price if job.price else job.work  # a training may have ended early
        start, end = job.started_at.timestamp(), job.ended_at.timestamp()
        if not (0 < work < math.inf and start < end):
            return  # it says nothing about speed: stopped at once, or timed by a clock that was set back
        ended = self._ended.setdefault(job.kind, {})
        ended[job.id] = (start, end, work)
        if len(ended) > REMEMBERED:
            del ended[next(iter(ended))]

    def duration_s(self, kind: str, credits: int) -> float | None:
        """Return how many seconds so many credits of work take at the speed of late; None: not known.

        Jobs share a device, so overlapping times count once.
        """
        busy_s, done, until = 0.0, 0, float("-inf")
        for start, end, work in sorted(self._ended.get(kind, {}).values()):
            busy_s += max(0.0, end - max(start, until))
            until = max(until, end)
            done += work
        return credits * busy_s / done if done else None
