"""The relatives of what a job made: what it was made from, and what was made from it, as far as that is one's own."""

from dataclasses import dataclass

from bot.shared.cards.job import title
from bot.shared.services import Services
from bot.shared.text.formatting import counted, harmless
from db.queue.finding import find_job, jobs_made_from
from db.queue.job import Job, State
from inference.requests import ImageRequest, Request, UpscaleRequest, from_json

SHOWN_MAX = 25  # as many as a menu of the platform takes
NAME_MAX = 90  # characters of one in the menu; the platform takes 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Relatives:
    """The relatives of a job."""

    parent: Job | None
    children: tuple[Job, ...]  # newest first

    @property
    def members(self) -> tuple[Job, ...]:
        """All of them, as many as can be shown."""
        return ((self.parent,) if self.parent else ())[:SHOWN_MAX] + self.children[: SHOWN_MAX - bool(self.parent)]

    def said(self) -> str:
        """Say how many there are."""
        made = [f"{counted(len(self.children), 'job')} made from it"] if self.children else []
        return " · ".join([*(["what it was made from"] if self.parent else []), *made])


async def relatives_of(services: Services, job: Job) -> Relatives:
    """Return the relatives of a job that are its owner's as well; others' show themselves where they were made."""
    parent = await services.db.read(find_job, job.source_job_id) if job.source_job_id else None
    children = await services.db.read(jobs_made_from, job.id)
    return Relatives(
        parent=parent if parent is not None and parent.user_id == job.user_id else None,
        children=tuple(child for child in children if child.user_id == job.user_id and _is_shown(child)),
    )


def relation(job: Job, relatives: Relatives) -> str:
    """Name a relative in a menu: what it is to the one that is looked at, and its words."""
    asked = from_json(job.request)
    if relatives.parent is not None and job.id == relatives.parent.id:
        return harmless(f"↑ {title(asked)}", NAME_MAX)
    return harmless(f"↓ {_made_how(asked)}: {title(asked)}", NAME_MAX)


def _made_how(asked: Request) -> str:
    if isinstance(asked, UpscaleRequest):
        return f"picture {asked.of_picture}, upscaled"
    if isinstance(asked, ImageRequest) and asked.origin is not None:
        return f"{asked.origin.change} of picture {asked.origin.picture}"
    return "once more"


def _is_shown(child: Job) -> bool:
    return child.state is State.DONE and not child.deleted
