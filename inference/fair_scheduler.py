"""Whose turn it is: a device shared between engines, by time. Pure."""

from collections.abc import Collection, Mapping


class FairScheduler:
    """Share a device's time between kinds of work in proportion to their weights.

    Start-time fair queueing (Goyal, Vin and Cheng, 1996): each kind has a clock that advances by the seconds it used
    over its weight, and the busy kind whose clock is furthest behind goes next. Time that nobody wants is free: a kind
    alone has the whole device, and a kind that was idle does not come back with credit (its clock is lifted to where
    the last turn began). It is lifted no further, for a long turn that another kind had just before would else be
    forgiven by every short pause: each picture would wait for a whole step of a training.
    """

    def __init__(self, weights: Mapping[str, float], *, default_weight: float = 1.0) -> None:
        """Start with every clock at zero.

        Args:
            weights: share by kind; 0 means: only while nothing else is busy.
            default_weight: the share of kinds that are not named.
        """
        self._weights = dict(weights)
        self._default_weight = default_weight
        self._clock_s: dict[str, float] = {}
        self._busy: frozenset[str] = frozenset()
        self._now_s = 0.0  # the clock of the last turn's kind, when that turn began

    def choose(self, busy: Collection[str]) -> str | None:
        """Return which of the busy kinds goes next, or None when none is busy."""
        for kind in set(busy) - self._busy:
            self._clock_s[kind] = max(self._clock_s.get(kind, 0.0), self._now_s)
        self._busy = frozenset(busy)
        if not busy:
            return None
        weighty = [kind for kind in busy if self._weight(kind) > 0] or list(busy)
        chosen = min(sorted(weighty), key=self._clock_s.__getitem__)
        self._now_s = max(self._now_s, self._clock_s[chosen])
        return chosen

    def record(self, kind: str, seconds: float) -> None:
        """Note that a turn of `kind` took `seconds`."""
        weight = self._weight(kind) or self._default_weight
        self._clock_s[kind] = self._clock_s.get(kind, 0.0) + seconds / weight

    def _weight(self, kind: str) -> float:
        return self._weights.get(kind, self._default_weight)


def weights_for(train_share: float) -> dict[str, float]:
    """Return the weights that give trainings `train_share` (0 … 1) of a device while pictures wait.

    With clips or upscaled pictures waiting too, those share evenly with the pictures. 0: trainings run only while
    nothing else does.
    """
    share = min(max(train_share, 0.0), 0.95)
    return {"image": 1.0 - share, "train": share, "transcribe": 1.0 - share, "upscale": 1.0 - share}
