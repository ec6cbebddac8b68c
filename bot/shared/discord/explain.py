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

from bot.shared.errors import NotAcknowledged, Refused
from bot.shared.text.formatting import credits, inline, moment
from db.errors import (
    BudgetSpent,
    GiftTooLarge,
    NameTaken,
    NotEnoughCredits,
    StoreBusy,
    StoreError,
    TakesTooMuch,
    TooManyQueued,
)
from db.queue.job import Job
from inference.errors import BadRequest, InferenceError
from inference.messages import FailureKind
from inference.requests import Kind

log = logging.getLogger(__name__)

ALREADY_ACKNOWLEDGED = 40060  # our first answer arrived and its receipt was lost, or the event came twice
PRIVATE = "private"  # in an interaction's extras: its deferral is seen by its member alone
TOO_LATE = (10062, 10015, 50027)  # unknown interaction, unknown webhook, invalid webhook token


def _not_enough(error: NotEnoughCredits) -> str:
    return (
        f"Not enough credits: this costs {credits(error.price)}, and you have {error.available} left. More come "
        f"{moment(error.renews_at)}. A lower `count`, fewer `steps`, a smaller `aspect` or a shorter clip cost less."
    )


def _gift_too_large(error: GiftTooLarge) -> str:
    return (
        f"Not enough credits: you have {error.available} left, and this gift is {credits(error.price)}. Please choose "
        f"a smaller `amount`; more come {moment(error.renews_at)}."
    )


def _takes_too_much(error: TakesTooMuch) -> str:
    return (
        f"They have only {credits(error.available)} left, so I can't take {credits(error.price)} back. "
        f"The lowest `amount` is {-error.available}."
    )


def _budget_spent(error: BudgetSpent) -> str:
    return (
        f"This server's credits are used up for now: {error.left} left, and this costs {credits(error.price)}. "
        f"More come {moment(error.renews_at)}. Until then, try `/imagine` with `pace: relaxed`."
    )


def _too_often(error: app_commands.CommandOnCooldown) -> str:
    wait_s = math.ceil(error.retry_after)
    wait = f"{wait_s} s" if wait_s < 100 else f"{math.ceil(wait_s / 60)} min"
    return f"That was a lot in a short time. Please wait {wait} and try again; nothing was charged."


_COMMANDS_CHANGED = "My commands have just changed. Please type yours again."
_SENTENCES: Mapping[type[Exception], Callable[..., str]] = {
    NotEnoughCredits: _not_enough,
    GiftTooLarge: _gift_too_large,
    TakesTooMuch: _takes_too_much,
    BudgetSpent: _budget_spent,
    TooManyQueued: lambda error: (
        f"You already have {error.limit} of these in the queue. Let one finish, or cancel one with `/queue`."
    ),
    StoreBusy: lambda _: StoreBusy.message,
    NameTaken: lambda error: f"You already have a subject called {inline(error.name)}. Please choose another `name`.",
    StoreError: str,
    BadRequest: str,
    InferenceError: lambda _: "That model can't be used right now. Please ask an operator to run `atelier doctor`.",
    Refused: str,
    app_commands.CommandOnCooldown: _too_often,
    app_commands.TransformerError: lambda error: (
        f"I can't use {inline(str(error.value), 50)} there. Please choose something else."
    ),
    app_commands.CommandSignatureMismatch: lambda _: _COMMANDS_CHANGED,
    app_commands.CommandNotFound: lambda _: _COMMANDS_CHANGED,
    app_commands.CheckFailure: lambda _: "Only operators can do that, and only in their server.",
    discord.Forbidden: lambda _: "Discord doesn't let me do that here. Please ask an operator to check my permissions.",
    discord.DiscordServerError: lambda _: "Discord is having trouble. Please try again in a moment.",
}

_FAILURES: Mapping[str, str] = {
    FailureKind.NO_SPEECH: "I couldn't hear anyone speak in that clip. If somebody does, send a louder recording.",
    FailureKind.OUT_OF_MEMORY: "That needs more memory than I have. Try a smaller `aspect` or a lower `count`.",
    FailureKind.NOT_FINITE: "That came out broken; you were not charged. Try another seed.",
    FailureKind.MODEL: "The model can't be loaded right now. Please ask an operator to run `atelier doctor`.",
    FailureKind.INTERNAL: "Something broke on my side. Please try again.",
    "poison": "This crashed three times, so I gave up on it. Please try something else.",
    "abandoned": "I was stopped ten times while working on this, so I gave up. Please try again, or something smaller.",
}
_FAILURES_OF_KINDS: Mapping[str, Mapping[str, str]] = {  # where another sentence is better for a kind of job
    Kind.TRANSCRIBE: {
        FailureKind.OUT_OF_MEMORY: "That needs more memory than I have. Try again later, or send a shorter clip.",
        FailureKind.NOT_FINITE: "That came out broken; you were not charged. Please try again.",
    },
    Kind.UPSCALE: {
        FailureKind.OUT_OF_MEMORY: "That needs more memory than I have. Try again later.",
        FailureKind.NOT_FINITE: "That came out broken; you were not charged. Please try another picture.",
        FailureKind.MODEL: "The upscaler can't be loaded right now. Please ask an operator to run `atelier doctor`.",
    },
    Kind.TRAIN: {
        FailureKind.OUT_OF_MEMORY: "That needs more memory than I have. Try again later, or train another `model`.",
        FailureKind.NOT_FINITE: "That came out broken; you were not charged. Try other photos, or fewer `steps`.",
    },
}
_FAILED = "That failed, and I don't know why. Please try again."


def failure_sentence(job: Job) -> str:
    """Say why a job failed, to its owner."""
    if job.error_code == FailureKind.BAD_INPUT:
        return job.error_text or "What you sent can't be used. Please check it and try again."
    code = job.error_code or ""
    own = _FAILURES_OF_KINDS.get(job.kind, {}).get(code)
    return own or _FAILURES.get(code, _FAILED)


def sentence(error: Exception) -> str | None:
    """Return what to tell the member about an error, or None if nobody foresaw it."""
    for ancestor in type(error).__mro__:
        if say := _SENTENCES.get(ancestor):
            return say(error)
    return None


async def explain(
    interaction: discord.Interaction, error: Exception, *, card: Callable[[str], ui.LayoutView | None] | None = None
) -> None:
    """Tell the one who asked what went wrong, and nobody else.

    Args:
        interaction: what is answered.
        error: what went wrong.
        card: makes a message of the sentence, such as one that keeps what was typed; None: the sentence alone is said.
    """
    error = _unwrapped(error)
    too_late = isinstance(error, discord.HTTPException) and error.code in TOO_LATE
    if isinstance(error, NotAcknowledged) or too_late:
        log.warning("interaction %d could not be answered any more: %s", interaction.id, error)
        return
    text = sentence(error)
    if text is None:
        error_id = secrets.token_hex(4)
        log.error("error %s in %s", error_id, _what(interaction), exc_info=error)
        text = f"Something went wrong on my side. If it happens again, please tell an operator: error `{error_id}`."
    try:
        shown = card(text) if card is not None else None
        await say_privately(interaction, text if shown is None else shown)
    except discord.HTTPException as failure:
        log.warning("could not explain an error to the member: %s", failure)


def _unwrapped(error: Exception) -> Exception:
    if isinstance(error, app_commands.CommandInvokeError):
        return error.original
    if isinstance(error, app_commands.TransformerError) and isinstance(error.__cause__, Refused):
        return error.__cause__
    return error


def _what(interaction: discord.Interaction) -> str:
    data = cast(dict[str, Any], interaction.data or {})
    return str(data.get("name") or data.get("custom_id") or interaction.type.name)[:100]


async def say_privately(interaction: discord.Interaction, said: str | ui.LayoutView) -> None:
    """Say something to the one who asked alone, however their interaction was acknowledged."""
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
        await _say_alone(interaction, **answer)
        return
    await interaction.followup.send(**answer, ephemeral=True)


async def _say_alone(interaction: discord.Interaction, **answer: Any) -> None:
    """Say something to one member instead of an answer that was deferred for everybody to see.

    The first thing that follows a deferral takes its place, and is seen by everybody as well; and a deferral that was
    deleted may be forgotten, with everything that could follow. So it is filled first, and deleted last.
    """
    with contextlib.suppress(discord.NotFound):  # somebody has deleted it
        await interaction.edit_original_response(content="One moment …")
    await interaction.followup.send(**answer, ephemeral=True)
    with contextlib.suppress(discord.NotFound):
        await interaction.delete_original_response()
