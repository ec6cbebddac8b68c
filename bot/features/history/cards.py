"""What a member's queue looks like; and the models."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui
from discord.app_commands import Choice

from bot.features.history.jobs import QueuedJob
from bot.features.history.vocabulary_card import BrowseWordsButton
from bot.shared.cards.job import MARKS, place_in_queue, title
from bot.shared.cards.job_buttons import CancelButton
from bot.shared.cards.layout import layout
from bot.shared.discord.choices import choices
from bot.shared.text.formatting import about, bar, credits, given_back, harmless, inline, paid
from db.queue.job import Job, State
from inference.catalogue import Catalogue, ImageModel, UpscaleModel
from inference.requests import ImageRequest, UpscaleRequest, from_json

MODELS_SHOWN = 12
VOCABULARIES_SHOWN = 5  # of small models
TEXT_MAX = 3800  # characters on one card; the platform takes 4,000


def queue_card(waiting: Sequence[QueuedJob]) -> ui.LayoutView:
    """Show live jobs, each with a button to cancel it."""
    if not waiting:
        return _card("**Your queue is empty.** Try `/imagine`!")
    rows = (
        _row(f"{_line(one.job)}\n-# {_place(one)}", CancelButton(one.job.id, disabled=one.job.cancel_requested))
        for one in waiting
    )
    return _card("**Your queue**", *rows)


def models_card(catalogue: Catalogue) -> ui.LayoutView:
    """Show the models with their licences."""
    lines = ["**Models** (the first one is the default)"]
    lines += [_model(model) for model in catalogue.images[:MODELS_SHOWN]]
    lines += [f"🎙️ `{model.name}` · {model.title} · {_licence(model)}" for model in catalogue.speech[:MODELS_SHOWN]]
    lines += [_upscaler(model) for model in catalogue.upscalers[:MODELS_SHOWN]]
    rows = []
    for name, vocabulary in list(catalogue.vocabularies.items())[:VOCABULARIES_SHOWN]:
        said = f"{inline(name)} is small, and knows {len(vocabulary.singular)} words for things."
        rows.append(_row(said, BrowseWordsButton(f"{name}:0")))
    return _card("\n".join(lines)[: TEXT_MAX - 100 * len(rows)], *rows)


def cancelled_text(job: Job) -> str:
    """Say what became of a request to cancel."""
    if job.state is State.CANCELLED:
        return f"Cancelled: {inline(title(from_json(job.request)))}. {given_back(job)}."
    if job.final:
        return f"That job was already over: {inline(title(from_json(job.request)))}."
    return f"Cancelling {inline(title(from_json(job.request)))} …"


def job_choices(jobs: Sequence[Job], typed: str) -> list[Choice[str]]:
    """Offer somebody's own jobs by their words."""
    rows = []
    for job in jobs:
        request = from_json(job.request)
        words = request.words if isinstance(request, ImageRequest | UpscaleRequest) else job.kind
        name = f"{harmless(words, 70)} · {job.state}"
        if typed.casefold().strip() in name.casefold():
            rows.append((name, job.id))
    return choices(rows)


def _card(text: str, *rows: ui.Section[Any]) -> ui.LayoutView:
    return layout(ui.Container(ui.TextDisplay(text), *rows, accent_colour=discord.Colour.blurple()))


def _row(text: str, button: ui.Item[Any]) -> ui.Section[Any]:
    return ui.Section(ui.TextDisplay(text), accessory=button)


def _line(job: Job) -> str:
    return f"{MARKS[job.state]} {inline(title(from_json(job.request)))}"


def _place(one: QueuedJob) -> str:
    if one.job.state is State.RUNNING:
        left = f" {about(one.wait_s)} left" if one.wait_s is not None else ""
        return f"{bar(one.job.progress_done, one.job.progress_total)}{left} · {paid(one.job, one.job.price)}"
    return f"{place_in_queue(one.place, one.wait_s)} · {paid(one.job, one.job.price)}"


def _model(model: ImageModel) -> str:
    size = f"{model.width_px * model.upscale}×{model.height_px * model.upscale} px"
    note = f"\n-# {model.note}" if model.note else ""
    return f"🎨 `{model.name}` · {model.title} · {size} · {credits(model.credits)} a picture · {_licence(model)}{note}"


def _upscaler(model: UpscaleModel) -> str:
    price = f"{credits(model.credits)} for every 4 megapixels"
    note = f"\n-# {model.note}" if model.note else ""
    return f"🔍 `{model.name}` · {model.title} · upscales {model.scale}× · {price} · {_licence(model)}{note}"


def _licence(model: object) -> str:
    name, url = getattr(model, "licence", ""), getattr(model, "licence_url", "")
    return f"[{name}](<{url}>)" if url else str(name)
