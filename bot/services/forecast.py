"""How long a job will probably wait: credits of work before it, over the speed of late. Pure, kept in memory.

How right that was is kept twice: each job's row has what was foretold (`db.foresight`), and `accuracy` sums up what
ended since the start, for metrics.
"""

from dataclasses import dataclass

from db.jobs import Job, Place, State

REMEMBERED = 20  # jobs of each kind that the speed is taken from


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How right the forecasts of one kind were; seconds from acceptance to end."""

    jobs: int = 0
    error_sum_s: float = 0.0  # actual less foretold: above 0, things took longer than we said
    absolute_sum_s: float = 0.0

    @property
    def mean_absolute_s(self) -> float:
        """How far off a forecast is on average."""
        return self.absolute_sum_s / self.jobs if self.jobs else 0.0

    def plus(self, error_s: float) -> "Accuracy":
        """Return it with one more job."""
        return Accuracy(self.jobs + 1, self.error_sum_s + error_s, self.absolute_sum_s + abs(error_s))


class Forecast:
    """Learn the speed from jobs as they end, and foretell waits from it."""

    def __init__(self) -> None:
        self._ended: dict[str, dict[str, tuple[float, float, int]]] = {}  # kind → job id → start, end, work
        self._accuracy: dict[str, Accuracy] = {}

    def learn(self, job: Job) -> None:
        """Take note of a job that ended well."""
        if job.state is not State.DONE or job.started_at is None or job.ended_at is None:
            return
        ended = self._ended.setdefault(job.kind, {})
        if job.forecast_s is not None and job.id not in ended:
            error_s = (job.ended_at - job.queued_at).total_seconds() - job.forecast_s
            self._accuracy[job.kind] = self._accuracy.get(job.kind, Accuracy()).plus(error_s)
        ended[job.id] = (job.started_at.timestamp(), job.ended_at.timestamp(), job.work)
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

    def accuracy(self) -> dict[str, Accuracy]:
        """Return how right the forecasts were since the start, by kind: counters, as metrics want them."""
        return dict(self._accuracy)

    def wait_s(self, kind: str, place: Place) -> float | None:
        """Return the expected seconds until a job in this place begins; None: not known yet."""
        speed = self.credits_per_s(kind)
        return None if speed is None else place.ahead_credits / speed
