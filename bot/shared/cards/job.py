"""The card of a job: what it shows in each state. Built anew for every edit, never kept."""

from dataclasses import dataclass, replace
from typing import Any

import discord
from discord import ui

from bot.features.train.job_card import done_text, running_text, stopping_text, training_rows
from bot.features.voice.job_card import heard_text, hearing_text, transcript_head, transcript_quote, transcript_rows
from bot.features.voice.voice import transcript_request
from bot.shared.cards.job_buttons import AgainButton, CancelButton, DeleteButton, InfoButton
from bot.shared.cards.layout import layout
from bot.shared.discord.explain import failure_sentence
from bot.shared.files.pictures import Picture
from bot.shared.text.formatting import about, bar, block, exactly, given_back, inline, paid, queue_place
from db.jobs import Job, Pace, Place, State
from inference.messages import PromptNote
from inference.requests import ImageRequest, Kind, Request, TrainRequest, TranscribeRequest, from_json

COLOURS = {
    State.QUEUED: discord.Colour.light_grey(),
    State.RUNNING: discord.Colour.blurple(),
    State.DONE: discord.Colour.green(),
    State.FAILED: discord.Colour.red(),
    State.CANCELLED: discord.Colour.dark_grey(),
}

NOT_DONE = {Kind.IMAGE: "No pictures", Kind.TRAIN: "Training failed", Kind.TRANSCRIBE: "No transcript"}

HIDDEN = "These pictures are from an age-restricted channel. Use `/history` in such a channel to see them."

NOTES = {
    PromptNote.CUT: "Your prompt is longer than this model reads, so its end was left out.",
    PromptNote.UNKNOWN: "This model knows only a few hundred things, and your prompt names none. See `/models`.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a card shows besides the job itself."""

    place: Place | None = None
    wait_s: float | None = None
    preview: Picture | None = None
    pictures: tuple[Picture, ...] = ()
    steps: tuple[int, ...] = ()  # of a training: those that its filmstrip shows
    chosen: int | None = None  # the one of them that its subject is, or will be, used from
    words: str = ""  # of a transcript: what was heard so far
    documents: tuple[Picture, ...] = ()  # files that are not looked at but opened
    mention: bool = False  # a message of its own tells its requester that it has come

    hidden: bool = False  # there are pictures, but not for this place

    def without_pictures(self) -> "Shown":
        """Return the same for a place that is not age-restricted, where the pictures are for such places."""
        return replace(self, preview=None, pictures=(), hidden=True)

    @property
    def gallery(self) -> tuple[Picture, ...]:
        """The files that are looked at."""
        return self.pictures or ((self.preview,) if self.preview else ())

    @property
    def files(self) -> tuple[Picture, ...]:
        """The files that have to be sent along."""
        return self.gallery + self.documents


def job_card(job: Job, shown: Shown) -> ui.LayoutView:
    """Build the card: what was asked, how it stands, pictures, buttons."""
    card = ui.Container[ui.LayoutView](accent_colour=COLOURS[job.state])
    card.add_item(ui.TextDisplay(_head(job, shown)))
    if shown.gallery:
        gallery = ui.MediaGallery[ui.LayoutView]()
        for picture in shown.gallery:
            gallery.add_item(media=f"attachment://{picture.name}", description=picture.alt or None)
        card.add_item(gallery)
    card.add_item(ui.TextDisplay(f"{HIDDEN}\n{status(job, shown)}" if shown.hidden else status(job, shown)))
    for document in shown.documents:
        card.add_item(ui.File(f"attachment://{document.name}"))
    for row in _rows(job, shown):
        card.add_item(row)
    return layout(card)


def _head(job: Job, shown: Shown) -> str:
    request = from_json(job.request)
    if isinstance(request, TranscribeRequest):
        return transcript_head(job, request, transcript_quote(job, shown.words), mention=shown.mention)
    asked = f"<@{job.user_id}> your result is ready:" if shown.mention else f"<@{job.user_id}>"
    return f"{asked}\n{block(title(request))}"


def title(request: Request) -> str:
    """Return what was asked for, in the member's own words where there are any."""
    match request:
        case ImageRequest():
            return request.prompt
        case TrainRequest():
            return f"{request.name} ({request.class_noun})"
        case TranscribeRequest():
            return f"audio clip, {exactly(request.duration_s)}"


def status(job: Job, shown: Shown) -> str:
    """Say how the job stands, in one or two lines."""
    match job.state:
        case State.QUEUED | State.RUNNING if job.cancel_requested:
            return stopping_text(shown.chosen)
        case State.QUEUED:
            return _queued(job, shown)
        case State.RUNNING:
            return _running(job)
        case State.DONE:
            return _done(job, shown)
        case State.FAILED:
            return f"**{NOT_DONE[Kind(job.kind)]}.** {failure_sentence(job)}\n-# {given_back(job)}"
        case State.CANCELLED:
            return f"**Cancelled.**\n-# {given_back(job)}"


def _queued(job: Job, shown: Shown) -> str:
    ahead = shown.place.ahead if shown.place else 0
    wait = f" · starts in {about(shown.wait_s)}" if ahead and shown.wait_s is not None else ""
    again = " · starting again after an error" if job.blamed else ""
    held = "" if job.pace is Pace.RELAXED else " reserved"
    return (
        f"**In the queue** · {queue_place(ahead)}{wait}{again}\n-# {paid(job, job.price)}{held} · {inline(job.model)}"
    )


def _running(job: Job) -> str:
    if job.kind == Kind.TRAIN:
        return running_text(job)
    if job.kind == Kind.TRANSCRIBE:
        return hearing_text(job)
    if not job.progress_total:
        return f"{bar(0, 1)} starting …\n-# {inline(job.model)}"
    done, total = job.progress_done, job.progress_total
    return f"{bar(done, total)} {min(99, 100 * done // total)}%\n-# step {done} of {total} · {inline(job.model)}"


def _done(job: Job, shown: Shown) -> str:
    request = from_json(job.request)
    if isinstance(request, TrainRequest):
        return done_text(job, request)
    if isinstance(request, TranscribeRequest):
        return heard_text(job, request)
    last = request.seed + request.count - 1
    facts = [f"seed {request.seed}" + (f" – {last}" if request.count > 1 else ""), inline(job.model)]
    if job.started_at and job.ended_at:
        facts.append(exactly((job.ended_at - job.started_at).total_seconds()))
    facts.append(paid(job, job.charged))
    lost = "" if shown.pictures or shown.hidden else "I no longer have these pictures.\n"
    notes = "".join(f"{NOTES[note]}\n" for note in PromptNote if note in job.outcome.get("notes", ()))
    return f"{lost}{notes}-# {' · '.join(facts)}"


def _rows(job: Job, shown: Shown) -> list[ui.ActionRow[Any]]:
    if job.kind == Kind.TRAIN:
        return training_rows(job, shown.steps, shown.chosen)
    if job.kind == Kind.TRANSCRIBE:
        return transcript_rows(job, transcript_request(job))
    if not job.final:
        return [ui.ActionRow(CancelButton(job.id, disabled=job.cancel_requested), InfoButton(job.id))]
    return [ui.ActionRow(AgainButton(job.id), InfoButton(job.id), DeleteButton(job.id))]
