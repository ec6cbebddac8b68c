"""What is a picture's own on a job's card: previews, seeds, and what the model remarked."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from discord import ui

from bot.features.imagine.buttons import AgainButton, DrawForMeButton, EditButton, try_again
from bot.features.imagine.comparing import compared
from bot.features.imagine.once_more import once_more
from bot.features.imagine.typed import is_shown
from bot.shared.cards.job import beginning, made_from
from bot.shared.cards.job_buttons import CancelButton, DeleteButton, InfoButton
from bot.shared.cards.job_kind import CardContent, JobKind
from bot.shared.cards.more import JobButton, ResultButtons
from bot.shared.cards.picture_offers import PictureOffer, offered_by
from bot.shared.files.pictures import Picture
from bot.shared.results import fitting_pictures, read_file
from bot.shared.services import Services
from bot.shared.text.formatting import exactly, harmless, inline, paid, progress
from db.file_keys import PREVIEW_PICTURE, job_file
from db.queue.job import Job, State
from inference.catalogue import Catalogue
from inference.messages import PromptNote
from inference.requests import ImageRequest, from_json

NOTES = {
    PromptNote.CUT: "Your prompt is longer than this model reads, so its end was left out.",
    PromptNote.UNKNOWN: "This model knows only a few hundred things, and your prompt names none. See `/models`.",
    PromptNote.NEGATIVE: "`--no` had no effect: this model reads no negative prompt with that guidance.",
    PromptNote.WEIGHTS: "Weights such as `(word:1.2)` had no effect: this model reads your prompt as a sentence.",
    PromptNote.PARTS: "`::` had no effect: this model reads your prompt as one sentence, without parts below 0.",
    PromptNote.ALONE: "This model draws pictures one at a time, so they take longer.",
}
# Of parameters that ask for what is so anyway, or for a press.
ANYWAY = {
    "--raw": "`--raw` is how I always draw: nothing is added to your prompt.",
    "--hd": "For `--hd`, press **U** and its number to make that picture larger.",
}


def _request(job: Job) -> ImageRequest:
    request = from_json(job.request)
    assert isinstance(request, ImageRequest)
    return request


def _running(job: Job) -> str:
    how_far = progress(job, "starting", "step {} of {}", together=_request(job).count)
    return f"{how_far} · {_cost(job, job.price)}{beginning(_request(job))}"


def _cost(job: Job, amount: int) -> str:
    """Say what the pictures cost, and where that is more than one credit each, what one does; withheld ones do not."""
    count = _request(job).count - job.withheld
    return paid(job, amount) + (f" ({amount // count} a picture)" if amount > count > 1 else "")


def _done(job: Job, content: CardContent) -> str:
    request = _request(job)
    last = request.seed_of(request.count - 1)
    facts = [f"seed {request.seed}" + (f" – {last}" if last != request.seed else ""), inline(job.model)]
    files: dict[str, dict[str, Any]] = job.outcome.get("files", {})
    sizes = [f"{meta['width']}×{meta['height']} px" for meta in files.values() if "width" in meta]
    facts += sizes[:1]
    if job.started_at and job.ended_at:
        facts.append(exactly((job.ended_at - job.started_at).total_seconds()))
    facts.append(_cost(job, job.charged))
    lost = (
        ""
        if content.pictures or content.hidden or content.flagged or job.withheld
        else "I no longer have these pictures.\n"
    )
    said = [NOTES[note] for note in PromptNote if note in job.outcome.get("notes", ())]
    said += [ANYWAY[parameter] for parameter in ANYWAY if parameter in request.parameters]
    said += [content.compared] if content.compared else []
    notes = "".join(f"{one}\n" for one in said)
    return f"{lost}{notes}-# {' · '.join(facts)}{beginning(request)}{made_from(job, content)}"


def _rows(buttons: ResultButtons, job: Job, content: CardContent) -> list[ui.ActionRow[Any]]:
    if not job.final:
        return [ui.ActionRow(CancelButton(job.id, disabled=job.cancel_requested), InfoButton(job.id))]
    if job.state is State.DONE:
        return buttons.rows(job, content)
    return [ui.ActionRow(try_again(job.id), EditButton(job.id), InfoButton(job.id), DeleteButton(job.id))]


def _others(job: Job) -> list[ui.Item[Any]]:
    """Return what others can press; a picture that was brought along is its owner's alone."""
    request = _request(job)
    own = request.brought and request.origin is None
    return [EditButton(job.id)] if own else [DrawForMeButton(job.id), EditButton(job.id)]


def _parameters(job: Job, catalogue: Catalogue, theirs: bool) -> str:
    """Return the parameters of a picture as other tools write them, in its member's words."""
    request = _request(job)
    model = next((model for model in catalogue.images if model.name == request.model), None)
    size = request.width_px, request.height_px
    width, height = model.finished_px(*size) if model else size
    lines = [harmless(request.words, 900)]
    if subjects := next((one for one in request.parameters if one.startswith("--subject ")), ""):
        lines.append(f"Subject: {harmless(subjects.removeprefix('--subject '), 100)}")
    if styles := next((one for one in request.parameters if one.startswith("--style ")), ""):
        lines.append(f"Style: {harmless(styles.removeprefix('--style '), 100)}")
    if request.negative and (theirs or is_shown(request, "no")):
        lines.append(f"Negative prompt: {harmless(request.negative, 500)}")
    strength = f", Denoising strength: {request.init.strength:g}" if request.init else ""
    lines.append(
        f"Steps: {request.steps}, CFG scale: {request.guidance:g}, Seed: {request.seed}, "
        f"Size: {width}x{height}, Model: {request.model}, Pictures: {request.count}{strength}"
    )
    return "```\n" + "\n".join(lines) + "\n```"


async def _read(offers: Sequence[PictureOffer], services: Services, job: Job, limit_bytes: int) -> CardContent:
    if job.state is State.DONE:
        pictures = await fitting_pictures(services, job, limit_bytes)
        offered = offered_by(offers, services, job)
        return CardContent(
            pictures=pictures, offered=offered, compared=await compared(services, job) if pictures else ""
        )
    running = job.state is State.RUNNING and job.preview
    preview = await read_file(services, job_file(job.id, PREVIEW_PICTURE)) if running else None
    if preview is None or len(preview) > limit_bytes:
        return CardContent()
    return CardContent(preview=Picture(PREVIEW_PICTURE, preview, "A preview of the picture so far"))


def image_job(*, offers: Sequence[PictureOffer], beside: Sequence[JobButton]) -> JobKind:
    """Return the kind of job that makes pictures, with what other features offer for them.

    Args:
        offers: for single pictures.
        beside: buttons of the whole job, by their key.
    """
    buttons = ResultButtons(offers=offers, beside=beside, first=[AgainButton], rest=[EditButton, InfoButton])
    return JobKind(
        not_done="No pictures",
        running=_running,
        done=_done,
        rows=partial(_rows, buttons),
        menu=buttons.menu,
        parameters=_parameters,
        read=partial(_read, offers),
        others=_others,
        once_more=once_more,
    )
