"""What features offer below the pictures of a card: two rows of buttons at most, and the rest in the card's menu."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from discord import ui

from bot.shared.cards.job_kind import ButtonKeys, CardContent
from bot.shared.services import Services
from db.queue.job import Job

ROW_MAX = 5  # buttons, of the platform
Group = list[ui.Item[Any]]  # buttons that stay together


class PictureButtons(Protocol):
    """The buttons for some of a job's pictures, in groups; none, where there are no numbers."""

    def __call__(self, job: Job, keys: ButtonKeys, numbers: Sequence[int], *, of: int) -> list[Group]:
        """Return them: for the numbers of those of its pictures that they are for, and how many are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureOffer:
    """What one feature offers."""

    name: str
    numbers: Callable[[Services, Job], tuple[int, ...]]  # of a finished job's pictures it can be done with, from 1
    buttons: PictureButtons


def offered_by(offers: Sequence[PictureOffer], services: Services, job: Job) -> Mapping[str, tuple[int, ...]]:
    """Return the numbers of the pictures of a finished job that each offer is for, by its name."""
    return {offer.name: offer.numbers(services, job) for offer in offers}


def picture_groups(offers: Sequence[PictureOffer], job: Job, content: CardContent, keys: ButtonKeys) -> list[Group]:
    """Return the buttons for a card's pictures, where they are seen, the most wanted first."""
    groups: list[Group] = []
    for offer in offers if content.pictures else ():
        groups += offer.buttons(job, keys, content.offered.get(offer.name, ()), of=len(content.pictures))
    return groups


def two_rows(groups: Sequence[Group], *, ends: tuple[Group, Group]) -> tuple[list[ui.ActionRow[Any]], list[Group]]:
    """Return two rows with those groups that have room, in their order, and the groups that are left over.

    Args:
        groups: the most wanted first.
        ends: what the first row ends with, and the second.
    """
    rows: tuple[Group, Group] = ([], [])
    rest: list[Group] = []
    at = 0
    for group in groups:
        fitting = [row for row in range(at, 2) if len(rows[row]) + len(group) + len(ends[row]) <= ROW_MAX]
        if fitting:
            at = fitting[0]
            rows[at].extend(group)
        else:
            rest.append(group)
    filled = [[*row, *end] for row, end in zip(rows, ends, strict=True)]
    if not rows[1] and len(filled[0]) + len(ends[1]) <= ROW_MAX:
        filled = [filled[0] + ends[1]]
    return [ui.ActionRow(*row) for row in filled if row], rest


def rows_of(groups: Sequence[Group]) -> list[ui.ActionRow[Any]]:
    """Return as many rows as groups need that stay together."""
    rows: list[Group] = []
    for group in filter(None, groups):
        if rows and len(rows[-1]) + len(group) <= ROW_MAX:
            rows[-1].extend(group)
        else:
            rows.append(list(group))
    return [ui.ActionRow(*row) for row in rows]
