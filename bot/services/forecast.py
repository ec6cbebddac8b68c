"""How long a job will probably wait: credits of work before it, over the speed of late. Pure, kept in memory.

What was foretold is kept with each job, and the operator's page says how right it was (`db.figures`).
"""

from db.jobs import Job, Place, State

REMEMBERED = 20  # jobs of each kind that the speed is taken from


class Forecast:
    """Learn the speed from jobs as they end, and foretell waits from it."""

    def __init__(self) -> None:
        self._ended: dict[str, dict[str, tuple[float, float, int]]] = {}  # kind → job id → start, end, work

    def learn(self, job: Job) -> None:
        """Take note of a job that ended well."""
        if job.state is not State.DONE or job.started_at is None or job.ended_at is None:
            return
        ended = self._ended.setdefault(job.kind, {})
        work = job.work * job.charged // job.price if job.price else job.work  # a training may have ended early
        ended[job.id] = (job.started_at.timestamp(), job.ended_at.timestamp(), work)
        if len(ended) > REMEMBERED:
            del ended[next(iter(ended))]

    def credits_per_s(self, kind: str) -> float | None:
        """Return how many credits of work were done a second while anything was being done; None: not known yet.

        Jobs share a device, so overlapping times count once.
        """
        busy_s, until = 0.0, float("-inf")
        spans = sorted(self._ended.get(kind, {}).values())
        for start, end, _ in spans:
            busy_s += max(0.0, end - max(start, until))
            until = max(until, end)
        return sum(work for _, _, work in spans) / busy_s if busy_s > 0 else None

    def wait_s(self, kind: str, place: Place) -> float | None:
        """Return the expected seconds until a job in this place begins; None: not known yet."""
        speed = self.credits_per_s(kind)
        return None if speed is None else place.ahead_credits / speed
