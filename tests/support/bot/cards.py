"""Cards as Discord gets them, and what is written on them."""

from collections.abc import Sequence
from typing import Any, cast

from discord import ui

from bot.features.history.pages import HistoryEntry, HistoryPage
from bot.features.history.search import HistorySearch
from bot.job_kinds import JOB_KINDS
from bot.shared.cards.job import job_card
from bot.shared.cards.job_kind import CardContent
from bot.shared.files.pictures import Picture
from db.people.subjects import Subject
from db.queue.job import Job
from tests.support.bot.jobs import NOON

ADA, BEN = 1, 2


def drawn(job: Any, **shown: Any) -> list[dict[str, Any]]:
    """Return all components of a job's card as Discord gets them, with those inside them.

    Args:
        job: the job.
        shown: fields of what is shown beside it.
    """

    def walk(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [one for component in components for one in (component, *walk(component.get("components", [])))]

    return walk(sent(job_card(JOB_KINDS[job.kind], job, CardContent(**shown))))


def sent(view: ui.LayoutView) -> list[dict[str, Any]]:
    """Return the components of a view as Discord gets them."""
    return cast(list[dict[str, Any]], view.to_components())  # type: ignore[no-untyped-call]


def texts(components: list[dict[str, Any]]) -> str:
    """Return all text of components."""
    return "\n".join(one["content"] for one in components if one["type"] == 10)


def labels(components: list[dict[str, Any]]) -> list[str]:
    """Return the labels of the buttons among components."""
    return [one["label"] for one in components if one["type"] == 2]


def subject(number: int = 1, **changes: Any) -> Subject:
    """Return a subject of Ada's, with some fields changed."""
    fields: dict[str, Any] = {
        "id": f"{number:026d}", "owner_id": ADA, "guild_id": 7, "name": f"Rex {number}", "class_noun": "dog",
        "trigger": "zkv", "model": "tiny", "ready": True, "job_id": f"{number:026d}", "step": 200, "photos": 4,
        "keeps_photos": False, "created_at": NOON,
    }  # fmt: skip
    return Subject(**(fields | changes))


def history_page(jobs: Sequence[Job], search: HistorySearch | None = None, *, number: int = 0) -> HistoryPage:
    """Return a page of somebody's history, each of its jobs with a thumbnail, and with older ones behind it."""
    entries = [
        HistoryEntry(job=job, thumbnail=Picture(f"{at}.webp", b"webp", job.id)) for at, job in enumerate(jobs, 1)
    ]
    return HistoryPage(search=search or HistorySearch(), number=number, entries=entries, more=bool(jobs))


def all_components(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return components with those inside them."""
    return [one for part in components for one in (part, *all_components(part.get("components", [])))]
