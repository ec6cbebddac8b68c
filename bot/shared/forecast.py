"""How long a job will probably wait, by the speed of late, and still run, by its own. Pure, kept in memory.

What was foretold is kept with each job, and the operator's page says how right it was (`db.queue.figures`).
"""

import math

from db.queue.job import Job, State

REMEMBERED = 20  # jobs of each kind that the speed is taken from
RUNNING_MAX = 1000  # jobs whose first report is remembered


class Forecast:
    """Learn the speed from jobs as they end, and foretell waits from it.

    Only what is of use is kept, so that nothing learnt breaks a forecast.
    """

    def __init__(self) -> None:
        self._ended: dict[str, dict[str, tuple[float, float, int]]] = {}  # kind → job id → start, end, work
        self._first: dict[
            str, tuple[int, int, float]
        ] = {}  # job id → attempt, steps done, when: the first that was seen

    def learn(self, job: Job) -> None:
        """Take note of a job that ended well, and forget how one went on that ended."""
        self._first.pop(job.id, None)
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
        """Return how many seconds so many credits of work take at the speed of late; None: not known."""
        credit_s = self.credit_s(kind)
        return None if credit_s is None else credits * credit_s

    def credit_s(self, kind: str) -> float | None:
        """Return how many seconds a credit of work takes at the speed of late; None: not known.

        Jobs share a device, so overlapping times count once.
        """
        busy_s, done, until = 0.0, 0, float("-inf")
        for start, end, work in sorted(self._ended.get(kind, {}).values()):
            busy_s += max(0.0, end - max(start, until))
            until = max(until, end)
            done += work
        return busy_s / done if done else None

    def left_s(self, job: Job) -> float | None:
        """Return how many seconds a running job will still take; None: not known.

        By its own speed since the first report that was seen: what came before (loading, steps of an earlier attempt)
        says nothing about it. Until there is a second one, by the speed of late, unless it has run for longer already.
        """
        attempt, done, at = self._first.get(job.id, (0, 0, 0.0))
        now = job.changed_at.timestamp()
        if job.progress_total and attempt == job.attempt and job.progress_done > done and now > at:
            return (job.progress_total - job.progress_done) * (now - at) / (job.progress_done - done)
        if job.progress_total and attempt != job.attempt:
            self._first[job.id] = (job.attempt, job.progress_done, now)
            if len(self._first) > RUNNING_MAX:
                del self._first[next(iter(self._first))]
        whole_s = self.duration_s(job.kind, job.work)
        ran_s = now - job.started_at.timestamp() if job.started_at else 0.0
        if whole_s is None or ran_s > whole_s:
            return None
        return (
            whole_s * (1 - job.progress_done / job.progress_total) if job.progress_done else whole_s - max(0.0, ran_s)
        )
