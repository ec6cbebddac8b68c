"""Which lanes share the next pass, and how many fit. Pure; no torch."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

L = TypeVar("L")
# What can share a pass: a model, by its entry; pictures of one size in pixels, where that matters; references of these
Group = tuple[Hashable, tuple[int, int] | None, tuple[tuple[int, int], ...]]

MEMORY_SHARE = 0.9  # of the free memory that the lanes of a pass may fill


def choose_lanes(waiting: Mapping[str, Sequence[L]], served: Mapping[str, int], limit: int) -> list[L]:
    """Choose the lanes of the next pass so that every job gets the same number of lane-steps over time.

    Args:
        waiting: by job id, in order of arrival: its unfinished lanes, the one furthest behind first.
        served: lane-steps that each job has had, counted from where the others stood when it came.
        limit: lanes that fit.

    Returns:
        At most `limit` lanes, in the order of `waiting`.
    """
    if sum(map(len, waiting.values())) <= limit:
        return [lane for lanes in waiting.values() for lane in lanes]
    taken = dict.fromkeys(waiting, 0)
    for _ in range(limit):
        open_jobs = [job for job in waiting if taken[job] < len(waiting[job])]
        neediest = min(open_jobs, key=lambda job: served[job] + taken[job])  # of equals, the one that came first
        taken[neediest] += 1
    return [lane for job, lanes in waiting.items() for lane in lanes[: taken[job]]]


class BatchLimit:
    """How many lanes of a group fit in one pass: the setting, less what passes have shown.

    A pass that runs out of memory halves its group's limit; a pass that went well says what a lane needs. Both are
    forgotten when the group has no lanes left, because what else fills the device may have gone.
    """

    def __init__(self, most: int) -> None:
        """Start from `most` lanes, the operator's setting."""
        self._most = most
        self._limits: dict[Group, int] = {}
        self._measured: dict[Group, int] = {}

    def allowed(self, group: Group) -> int:
        """Return how many lanes of a group the next pass may have; at least 1."""
        return self._limits.get(group, self._most)

    def note_failure(self, group: Group, lanes: int) -> bool:
        """Halve a group's limit after a pass with `lanes` lanes failed.

        Returns:
            Whether a smaller pass can be tried.
        """
        if lanes <= 1:
            return False
        self._limits[group] = lanes // 2
        return True

    def measured(self, group: Group, lanes: int) -> bool:
        """Return whether a pass with so many lanes of a group was noted before."""
        return lanes <= self._measured.get(group, 0)

    def note_pass(self, group: Group, lanes: int, *, used_bytes: int, free_bytes: int) -> None:
        """Note what a pass took of the device's memory.

        Args:
            group: of its lanes.
            lanes: how many it had.
            used_bytes: its peak, beside the model.
            free_bytes: what was free before it.
        """
        self._measured[group] = lanes
        each_bytes = max(1, used_bytes // lanes)
        fit = max(lanes, int(MEMORY_SHARE * free_bytes / each_bytes))
        self._limits[group] = min(self.allowed(group), fit)

    def forget(self, group: Group) -> None:
        """Start afresh for a group."""
        self._limits.pop(group, None)
        self._measured.pop(group, None)
