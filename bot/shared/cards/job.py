"""The card of a job: what it shows in each state. Built anew for every edit, never kept."""

import discord
from discord import ui

from bot.shared.cards.job_kind import CardContent, JobKind
from bot.shared.cards.layout import layout
from bot.shared.discord.explain import failure_sentence
from bot.shared.results import picture_names
from bot.shared.text.formatting import about, block, credits, exactly, given_back, harmless, inline, moment, paid
from db.queue.fair_order.position import QueuePosition
from db.queue.job import Job, Pace, State
from inference.catalogue import Catalogue
from inference.checks import check_of, withheld_names
from inference.requests import (
    ImageRequest,
    Kind,
    Request,
    TrainRequest,
    TranscribeRequest,
    UpscaleRequest,
    from_json,
)

COLOURS = {
    State.QUEUED: discord.Colour.light_grey(),
    State.RUNNING: discord.Colour.blurple(),
    State.DONE: discord.Colour.green(),
    State.FAILED: discord.Colour.red(),
    State.CANCELLED: discord.Colour.dark_grey(),
}
MARKS = {State.DONE: "✅", State.FAILED: "⚠️", State.CANCELLED: "✖️", State.QUEUED: "⏳", State.RUNNING: "▶️"}
TEXT_MAX = 2000  # characters of a message
TITLE_MAX = 600  # of what was asked for; what was typed behind a long prompt is still seen
COMES_FROM = {Kind.IMAGE: "re-roll of", Kind.TRANSCRIBE: "transcribed again from", Kind.UPSCALE: "upscaled from"}
LINKED = {Kind.IMAGE: "re-roll of {}", Kind.UPSCALE: "upscaled from {}"}
HIDDEN = "These pictures are from an age-restricted channel. Use `/history` in such a channel to see them."

WITHHELD = "I'm keeping back {}: my picture checker {}. You weren't charged for {}."
WHY_FLAGGED, WHY_UNCHECKED = "flagged {}", "could not look at {}"
FLAGGED = "Some of these pictures were flagged by my picture checker, so I can't show them here."

LAST_EDIT = (
    "**The result comes as a direct message**, or is in `/history`: Discord lets me update a private message for only "
    "15 minutes. `/queue` shows how far it is."
)


def job_card(kind: JobKind, job: Job, content: CardContent) -> ui.LayoutView:
    """Build the card: what was asked, how it stands, pictures, buttons."""
    card = ui.Container[ui.LayoutView](accent_colour=COLOURS[job.state])
    card.add_item(ui.TextDisplay((kind.head or _head)(job, content)))
    if content.gallery:
        gallery = ui.MediaGallery[ui.LayoutView]()
        for picture in content.gallery:
            media = f"attachment://{picture.name}"
            gallery.add_item(media=media, description=picture.alt or None, spoiler=picture.spoiler)
        card.add_item(gallery)
    said = status(kind, job, content)
    missing = [*([HIDDEN] if content.hidden else []), *not_shown(job, content)]
    card.add_item(ui.TextDisplay("\n".join([*missing, said])))
    for document in content.documents:
        card.add_item(ui.File(f"attachment://{document.name}"))
    for row in kind.rows(job, content):
        card.add_item(row)
    return layout(card)


def _head(job: Job, content: CardContent) -> str:
    whose = f"<@{job.user_id}> your result is ready:" if content.mention else f"<@{job.user_id}>"
    return f"{whose}\n{block(title(from_json(job.request)), TITLE_MAX)}"


def title(request: Request) -> str:
    """Return what was asked for, in the member's own words where there are any."""
    match request:
        case ImageRequest():
            behind = harmless(" ".join(request.parameters), TITLE_MAX // 2)
            return f"{harmless(request.words, TITLE_MAX - len(behind) - 1)} {behind}".rstrip()
        case TrainRequest():
            return f"Train {request.name} ({request.class_noun})"
        case TranscribeRequest():
            return f"audio clip, {exactly(request.duration_s)}"
        case UpscaleRequest():
            return f"{harmless(request.words, TITLE_MAX - 20)} (upscaled)".lstrip()


def beginning(request: Request) -> str:
    """Say what pictures are made from, after the facts of a card; empty where that is noise alone."""
    if not isinstance(request, ImageRequest):
        return ""
    if request.origin is not None:
        return f" · {request.origin.change}"
    if request.init is None:
        if len(request.references) > 1:
            return f" · blends {len(request.references)} pictures, seeing each"
        return " · edits a picture" if request.references else ""
    average_of, strength = request.init.average_of, f"strength {round(100 * request.init.strength)}%"
    what = "a picture" if average_of == 1 else f"the average of {average_of} pictures"
    return f" · from {what} · {strength}"


def made_from(job: Job, content: CardContent) -> str:
    """Say what a finished job was made from, with a link to the message that shows it, after the facts of its card."""
    if not content.source_url:
        return ""
    request = from_json(job.request)
    origin = request.origin if isinstance(request, ImageRequest) else None
    if origin is not None:
        return f" of [picture {origin.picture}]({content.source_url})"
    said = "remix of {}" if _is_remix(request) else LINKED[request.kind]
    return f" · {said.format(f'[this]({content.source_url})')}"


def not_shown(job: Job, content: CardContent) -> list[str]:
    """Say which pictures are left out because of what a checker found, and why."""
    files = job.outcome.get("files", {})
    said = []
    if withheld := withheld_names(files):
        checks = [check_of(files[name]) for name in withheld]
        why = WHY_FLAGGED if any(check is not None and check.flags for check in checks) else WHY_UNCHECKED
        them = "it" if len(withheld) == 1 else "them"
        said.append(WITHHELD.format(_how_many(len(withheld), len(picture_names(job))), why.format(them), them))
    if content.flagged:
        said.append(FLAGGED)
    return said


def _how_many(some: int, all_: int) -> str:
    if some < all_:
        return f"{some} of these {all_} pictures"
    return "this picture" if all_ == 1 else f"these {all_} pictures"


def status(kind: JobKind, job: Job, content: CardContent) -> str:
    """Say how the job stands, in one or two lines."""
    match job.state:
        case State.QUEUED | State.RUNNING if job.cancel_requested:
            chosen = content.chosen
            return "Stopping …" if chosen is None else f"Stopping … the subject will use step {chosen}."
        case State.QUEUED | State.RUNNING if content.last_edit:
            return LAST_EDIT
        case State.QUEUED:
            return _queued(job, content)
        case State.RUNNING if content.interrupted:
            return f"**I was restarted.** This goes on by itself in a moment.\n-# {inline(job.model)}"
        case State.RUNNING:
            return kind.running(job) + (f" · {about(content.left_s)} left" if content.left_s is not None else "")
        case State.DONE:
            return kind.done(job, content)
        case State.FAILED:
            return f"**{kind.not_done}.** {failure_sentence(job)}\n-# {given_back(job)}"
        case State.CANCELLED:
            return f"**Cancelled.**\n-# {given_back(job)}"


def _queued(job: Job, content: CardContent) -> str:
    after = "an error" if job.blamed else "a restart" if job.expirations else ""
    again = f" · starting again after {after}" if after else ""
    held = "" if job.pace is Pace.RELAXED else " reserved"
    where = place_in_queue(content.place, content.wait_s)
    facts = f"{paid(job, job.price)}{held} · {inline(job.model)}{beginning(from_json(job.request))}"
    return f"**In the queue** · {where}{again}\n-# {facts}"


def place_in_queue(place: QueuePosition | None, wait_s: float | None) -> str:
    """Say how many jobs come first, and when a job will probably start."""
    if place is None or not place.ahead:
        return "you're next"
    return f"{place.ahead} ahead of you" + (f" · starts in {about(wait_s)}" if wait_s is not None else "")


def info_text(kind: JobKind, job: Job, catalogue: Catalogue, *, theirs: bool = True) -> str:
    """Say everything about a job in one message: its parameters as other tools write them, then how it went.

    Args:
        kind: of the job.
        job: the job.
        catalogue: the models.
        theirs: whether its owner reads it; others are not told what the card was not to show.
    """
    facts = [f"job `{job.id}`", f"requested {moment(job.queued_at)}", str(job.state)]
    if job.started_at and job.ended_at:
        facts.append(f"took {exactly((job.ended_at - job.started_at).total_seconds())}")
    spent = f"{credits(job.charged)} spent" if job.final else f"{credits(job.price)} reserved"
    facts.append(spent if job.price else paid(job, 0))
    if job.source_job_id:
        facts.append(_comes_from(job, job.source_job_id))
    return f"{kind.parameters(job, catalogue, theirs)}\n-# {' · '.join(facts)}"[:TEXT_MAX]


def _comes_from(job: Job, source_job_id: str) -> str:
    """Say what a job was made from: the picture, and the job that was asked for once more, if that is another."""
    request = from_json(job.request)
    origin = request.origin if isinstance(request, ImageRequest) else None
    source = f"{'remix of' if _is_remix(request) else COMES_FROM[request.kind]} `{source_job_id}`"
    if origin is None:
        return source
    picture = f"{origin.change} of picture {origin.picture} of `{origin.job_id}`"
    return picture if origin.job_id == source_job_id else f"{picture} · {source}"


def _is_remix(request: Request) -> bool:
    return isinstance(request, ImageRequest) and request.remixed
