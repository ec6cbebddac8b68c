"""What a member's queue and history look like; and the models and the help."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.features.history.jobs import Waiting
from bot.features.history.show_button import ShowButton
from bot.shared.cards.job import title
from bot.shared.cards.job_buttons import CancelButton
from bot.shared.cards.layout import layout
from bot.shared.text.formatting import about, bar, credits, given_back, inline, moment, paid, queue_place
from db.queue.job import Job, State
from inference.catalogue import Catalogue, ImageModel
from inference.requests import from_json

MODELS_SHOWN = 12
TEXT_MAX = 3800  # characters on one card; the platform takes 4,000
MARKS = {State.DONE: "✅", State.FAILED: "⚠️", State.CANCELLED: "✖️", State.QUEUED: "⏳", State.RUNNING: "🎨"}


def queue_card(waiting: Sequence[Waiting]) -> ui.LayoutView:
    """Show live jobs, each with a button to cancel it."""
    if not waiting:
        return _card("**Your queue is empty.** Try `/imagine`!")
    view = _card("**Your queue**")
    for one in waiting:
        _add_row(
            view, f"{_line(one.job)}\n-# {_place(one)}", CancelButton(one.job.id, disabled=one.job.cancel_requested)
        )
    return view


def history_card(jobs: Sequence[Job]) -> ui.LayoutView:
    """Show what has ended, each with a button to see it again."""
    if not jobs:
        return _card("**No finished jobs yet.** Try `/imagine`!")
    view = _card("**Your latest jobs**")
    for job in jobs:
        facts = f"{moment(job.ended_at or job.queued_at)} · {paid(job, job.charged)}"
        _add_row(view, f"{_line(job)}\n-# {facts}", ShowButton(job.id, disabled=job.state is not State.DONE))
    return view


def models_card(catalogue: Catalogue) -> ui.LayoutView:
    """Show the models with their licences."""
    lines = ["**Models** (the first one is the default)"]
    lines += [_model(model) for model in catalogue.images[:MODELS_SHOWN]]
    lines += [f"🎙️ `{model.name}` · {model.title} · {_licence(model)}" for model in catalogue.speech[:MODELS_SHOWN]]
    return _card("\n".join(lines)[:TEXT_MAX])


def help_card(*, gifts: bool) -> ui.LayoutView:
    """Show what the bot can do."""
    return _card(
        "**Atelier** turns prompts into pictures and speech into text.\n"
        "`/imagine` four pictures from your prompt\n"
        "-# add `--ar 3:2` `--seed 7` `--no text` `--steps 20` `--cfg 5` `--count 2` `--model name` at the end\n"
        "`/train` a subject from your photos\n"
        "`/subjects` use, share, export or delete what you trained\n"
        "`/transcribe` an audio or video file\n"
        "-# or use *Apps → Transcribe* on a message, or send me a voice message\n"
        "`/queue` your jobs · `/cancel` one, for a refund\n"
        "`/history` what you made · `/models` what there is\n"
        "`/quota` your credits"
        + (" · `/gift` some of them\n" if gifts else "\n")
        + "`/relax` free when the queue is empty · `/fast` with credits\n"
        "`/voice optout` stop others from transcribing you\n"
        "`/mydata` export or delete what I keep about you\n"
        "-# On a card: **Re-roll** uses a new seed · **Info** its settings · **Delete** the message and its files"
    )


def cancelled_text(job: Job) -> str:
    """Say what became of a request to cancel."""
    if job.state is State.CANCELLED:
        return f"Cancelled: {inline(title(from_json(job.request)))}. {given_back(job)}."
    if job.final:
        return f"That job was already over: {inline(title(from_json(job.request)))}."
    return f"Cancelling {inline(title(from_json(job.request)))} …"


def _card(text: str) -> ui.LayoutView:
    return layout(ui.Container(ui.TextDisplay(text), accent_colour=discord.Colour.blurple()))


def _add_row(view: ui.LayoutView, text: str, button: ui.Item[Any]) -> None:
    container = view.children[0]
    assert isinstance(container, ui.Container)
    container.add_item(ui.Section(ui.TextDisplay(text), accessory=button))


def _line(job: Job) -> str:
    return f"{MARKS[job.state]} {inline(title(from_json(job.request)))}"


def _place(one: Waiting) -> str:
    if one.job.state is State.RUNNING:
        return f"{bar(one.job.progress_done, one.job.progress_total)} · {paid(one.job, one.job.price)}"
    wait = f" · starts in {about(one.wait_s)}" if one.wait_s is not None and one.place.ahead else ""
    return f"{queue_place(one.place.ahead)}{wait} · {paid(one.job, one.job.price)}"


def _model(model: ImageModel) -> str:
    size = f"{model.width_px * model.upscale}×{model.height_px * model.upscale} px"
    note = f"\n-# {model.note}" if model.note else ""
    return f"🎨 `{model.name}` · {model.title} · {size} · {credits(model.credits)} a picture · {_licence(model)}{note}"


def _licence(model: object) -> str:
    name, url = getattr(model, "licence", ""), getattr(model, "licence_url", "")
    return f"[{name}](<{url}>)" if url else str(name)
