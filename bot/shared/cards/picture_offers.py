"""What features offer below the pictures of a card: buttons for each picture that something can be done with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from discord import ui

from bot.shared.cards.job_kind import CardContent
from bot.shared.services import Services
from db.queue.job import Job

ROW_MAX = 5  # buttons, of the platform


class PictureRows(Protocol):
    """The rows of buttons and menus for some of a job's pictures; none, where there are no numbers."""

    def __call__(self, job_id: str, numbers: Sequence[int], *, of: int) -> list[list[ui.Item[Any]]]:
        """Return them for a job, the numbers of those of its pictures that they are for, and how many are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureOffer:
    """What one feature offers."""

    name: str
    numbers: Callable[[Services, Job], tuple[int, ...]]  # of a finished job's pictures it can be done with, from 1
    rows: PictureRows


def offered_by(offers: Sequence[PictureOffer], services: Services, job: Job) -> Mapping[str, tuple[int, ...]]:
    """Return the numbers of the pictures of a finished job that each offer is for, by its name."""
    return {offer.name: offer.numbers(services, job) for offer in offers}


def picture_rows(offers: Sequence[PictureOffer], job: Job, content: CardContent) -> list[ui.ActionRow[Any]]:
    """Return the rows below a card's pictures, where they are seen; neighbours that fit into one row share it."""
    rows: list[list[ui.Item[Any]]] = []
    for offer in offers if content.pictures else ():
        for row in offer.rows(job.id, content.offered.get(offer.name, ()), of=len(content.pictures)):
            if rows and sum(one.width for one in (*rows[-1], *row)) <= ROW_MAX:
                rows[-1] += row
            else:
                rows.append(list(row))
    return [ui.ActionRow(*row) for row in rows]
