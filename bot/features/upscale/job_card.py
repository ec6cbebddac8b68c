"""What is an upscaled picture's own on a job's card."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from discord import ui

from bot.shared.cards.job import made_from
from bot.shared.cards.job_buttons import CancelButton, InfoButton
from bot.shared.cards.job_kind import CardContent, JobKind
from bot.shared.cards.more import JobButton, ResultButtons
from bot.shared.cards.picture_offers import PictureOffer, offered_by
from bot.shared.results import fitting_pictures
from bot.shared.services import Services
from bot.shared.text.formatting import exactly, harmless, inline, paid, progress
from db.queue.job import Job, State
from inference.catalogue import Catalogue
from inference.requests import UpscaleRequest, from_json


def _request(job: Job) -> UpscaleRequest:
    request = from_json(job.request)
    assert isinstance(request, UpscaleRequest)
    return request


def _running(job: Job) -> str:
    return f"{progress(job, 'starting', 'tile {} of {}')} · {paid(job, job.price)}"


def _done(job: Job, content: CardContent) -> str:
    facts = []
    files: dict[str, dict[str, Any]] = job.outcome.get("files", {})
    facts += [f"{meta['width']}×{meta['height']} px" for meta in files.values() if "width" in meta][:1]
    facts.append(inline(job.model))
    if job.started_at and job.ended_at:
        facts.append(exactly((job.ended_at - job.started_at).total_seconds()))
    facts.append(paid(job, job.charged))
    lost = (
        ""
        if content.pictures or content.hidden or content.flagged or job.withheld
        else "I no longer have this picture.\n"
    )
    return f"{lost}-# {' · '.join(facts)}{made_from(job, content)}"


def _rows(buttons: ResultButtons, job: Job, content: CardContent) -> list[ui.ActionRow[Any]]:
    if not job.final:
        return [ui.ActionRow(CancelButton(job.id, disabled=job.cancel_requested), InfoButton(job.id))]
    return buttons.rows(job, content)


def _parameters(job: Job, catalogue: Catalogue, theirs: bool) -> str:
    """Return what was enlarged, and how."""
    request = _request(job)
    width, height = request.result_px
    lines = [
        harmless(request.words, 900),
        f"Picture {request.of_picture} of job {request.of_job_id}",
        f"Upscaled by: {request.factor}, Upscaler: {request.model}, Size: {width}x{height}",
    ]
    return "```\n" + "\n".join(lines) + "\n```"


async def _read(offers: Sequence[PictureOffer], services: Services, job: Job, limit_bytes: int) -> CardContent:
    if job.state is not State.DONE:
        return CardContent()
    pictures = await fitting_pictures(services, job, limit_bytes)
    return CardContent(pictures=pictures, offered=offered_by(offers, services, job))


def upscale_job(*, offers: Sequence[PictureOffer], beside: Sequence[JobButton]) -> JobKind:
    """Return the kind of job that upscales a picture, with what other features offer for it.

    Args:
        offers: for the picture.
        beside: buttons of the whole job, by their key.
    """
    buttons = ResultButtons(offers=offers, beside=beside, rest=[InfoButton])
    return JobKind(
        not_done="Not upscaled",
        running=_running,
        done=_done,
        rows=partial(_rows, buttons),
        menu=buttons.menu,
        parameters=_parameters,
        read=partial(_read, offers),
    )
