"""From an error to a friendly sentence: once, for commands, buttons, forms and listeners.

A sentence is found by walking the error class's ancestors. What nobody foresaw is logged with an id, and the id is
shown. Answers are seen only by the one who asked. Nothing that is explained here was charged.
"""

import contextlib
import logging
import math
import secrets
from collections.abc import Callable, Mapping
from typing import Any, cast

import discord
from discord import app_commands, ui

from bot.cards.licence import licence_card
from bot.cards.text import credits, inline, moment
from bot.shared.errors import LicenceNeeded, NotAcknowledged, Refused
from db.errors import BudgetSpent, NameTaken, NotEnoughCredits, StoreBusy, StoreError, TooManyQueued
from db.jobs import Job
from inference.errors import BadRequest, InferenceError
from inference.messages import FailureKind
from inference.requests import Kind

log = logging.getLogger(__name__)

ALREADY_ACKNOWLEDGED = 40060  # our first answer arrived and its receipt was lost, or the event came twice
PRIVATE = "private"  # in an interaction's extras: its deferral is seen by its member alone
TOO_LATE = (10062, 10015, 50027)  # unknown interaction, unknown webhook, invalid webhook token


def _not_enough(error: NotEnoughCredits) -> str:
    return (
        f"That costs {credits(error.price)}, and you have {error.available} left. New ones come "
        f"{moment(error.renews_at)}. Fewer or smaller pictures, fewer steps or a shorter clip cost less."
    )


def _budget_spent(error: BudgetSpent) -> str:
    return (
        f"This server has used up what it may draw for now: {credits(error.left)} left, and that costs {error.price}. "
        f"More comes {moment(error.renews_at)}; `/imagine` with `pace: relaxed` may still be open to you."
    )


def _too_many(error: TooManyQueued) -> str:
    return f"You have {error.limit} waiting already. Let one finish, or take one back with `/queue`."


def _too_often(error: app_commands.CommandOnCooldown) -> str:
    wait_s = math.ceil(error.retry_after)
    wait = f"{wait_s} s" if wait_s < 100 else f"{math.ceil(wait_s / 60)} min"
    return f"That was a lot in a short time. Please wait {wait}, then go on; nothing was charged."


def _own_words(error: Exception) -> str:
    return str(error)


_BUSY = "I am rather busy just now and did not get to it. Please try again in a moment."
_SENTENCES: Mapping[type[Exception], Callable[..., str]] = {
    NotEnoughCredits: _not_enough,
    BudgetSpent: _budget_spent,
    TooManyQueued: _too_many,
    StoreBusy: lambda _: _BUSY,
    NameTaken: lambda error: f"You have a subject called {inline(error.name)} already; please choose another name.",
    StoreError: _own_words,
    BadRequest: _own_words,
    InferenceError: lambda _: (
        "That model cannot be used at the moment. An operator can find out more with `atelier doctor`."
    ),
    Refused: _own_words,
    app_commands.CommandOnCooldown: _too_often,
    app_commands.TransformerError: lambda error: f"I cannot use {inline(str(error.value), 50)} there.",
    app_commands.CommandSignatureMismatch: lambda _: "My commands have just changed. Please type it once more.",
    app_commands.CommandNotFound: lambda _: "My commands have just changed. Please type it once more.",
    app_commands.CheckFailure: lambda _: "You may not use that here.",
    discord.Forbidden: lambda _: "Discord does not let me do that here. An operator can look at my permissions.",
    discord.DiscordServerError: lambda _: "Discord has a hiccup. Please try again in a moment.",
}

_FAILURES: Mapping[str, str] = {
    FailureKind.NO_SPEECH: "Nothing was said in that clip.",
    FailureKind.OUT_OF_MEMORY: "It did not fit into the device's memory. A smaller size or fewer pictures may do.",
    FailureKind.NOT_FINITE: "The model lost its way and made no picture. Another seed or less guidance may help.",
    FailureKind.MODEL: "The model could not be loaded. An operator can find out more with `atelier doctor`.",
    FailureKind.INTERNAL: "Something broke while it was being made. Trying again is worth it.",
    "poison": "It brought the worker down three times, so it is not tried again.",
    "abandoned": "I was stopped ten times in the midst of it. Trying again, or something smaller, is worth it.",
}
_FAILURES_OF_CLIPS: Mapping[str, str] = {
    FailureKind.OUT_OF_MEMORY: "It did not fit into the device's memory. Later, or with a shorter clip, it may.",
    FailureKind.NOT_FINITE: "The model lost its way in that clip. Trying again is worth it.",
    FailureKind.INTERNAL: "Something broke while it was being listened to. Trying again is worth it.",
}
_FAILED = "It could not be made, for a reason I do not know."


def failure_sentence(job: Job) -> str:
    """Say why a job failed, to its owner."""
    if job.error_code == FailureKind.BAD_INPUT:
        return job.error_text or "What was sent cannot be used."
    code = job.error_code or ""
    if job.kind == Kind.TRANSCRIBE and code in _FAILURES_OF_CLIPS:
        return _FAILURES_OF_CLIPS[code]
    return _FAILURES.get(code, _FAILED)


def sentence(error: Exception) -> str | None:
    """Return what to tell the member about an error, or None if nobody foresaw it."""
    for ancestor in type(error).__mro__:
        if say := _SENTENCES.get(ancestor):
            return say(error)
    return None


async def explain(interaction: discord.Interaction, error: Exception) -> None:
    """Tell the one who asked what went wrong, and nobody else."""
    error = _unwrapped(error)
    if isinstance(error, NotAcknowledged) or _gone(error):
        log.warning("interaction %d could not be answered any more: %s", interaction.id, error)
        return
    text = sentence(error)
    if text is None:
        error_id = secrets.token_hex(4)
        log.error("error %s in %s", error_id, _what(interaction), exc_info=error)
        text = (
            f"Something went wrong, and not by your doing. If it happens again, tell an operator: error `{error_id}`."
        )
    try:
        await _say_privately(interaction, licence_card(error) if isinstance(error, LicenceNeeded) else text)
    except discord.HTTPException as failure:
        log.warning("could not explain an error to the member: %s", failure)


def _unwrapped(error: Exception) -> Exception:
    if isinstance(error, app_commands.CommandInvokeError):
        return error.original
    if isinstance(error, app_commands.TransformerError) and isinstance(error.__cause__, Refused):
        return error.__cause__
    return error


def _gone(error: Exception) -> bool:
    return isinstance(error, discord.HTTPException) and error.code in TOO_LATE


def _what(interaction: discord.Interaction) -> str:
    data = cast(dict[str, Any], interaction.data or {})
    return str(data.get("name") or data.get("custom_id") or interaction.type.name)[:100]


async def _say_privately(interaction: discord.Interaction, said: str | ui.LayoutView) -> None:
    answer: dict[str, Any] = {"content": said} if isinstance(said, str) else {"view": said}
    response = interaction.response
    if not response.is_done():
        try:
            await response.send_message(**answer, ephemeral=True)
            return
        except discord.HTTPException as error:
            if error.code != ALREADY_ACKNOWLEDGED:
                raise
    if response.type is discord.InteractionResponseType.deferred_channel_message:
        if interaction.extras.get(PRIVATE):
            await interaction.edit_original_response(**answer)
            return
        await say_alone(interaction, **answer)
        return
    await interaction.followup.send(**answer, ephemeral=True)


async def say_alone(interaction: discord.Interaction, **answer: Any) -> None:
    """Say something to one member instead of an answer that was deferred for everybody to see.

    The first thing that follows a deferral takes its place, and is seen by everybody as well; and a deferral that was
    deleted may be forgotten, with everything that could follow. So it is filled first, and deleted last.
    """
    with contextlib.suppress(discord.NotFound):  # somebody has deleted it
        await interaction.edit_original_response(content="One moment …")
    await interaction.followup.send(**answer, ephemeral=True)
    with contextlib.suppress(discord.NotFound):
        await interaction.delete_original_response()
