"""Questions to the one who asked for something, and the way from a yes ('continue') to the job it was about."""

import contextlib
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any, cast

import discord
from discord import ui

from bot.shared.cards.layout import said
from bot.shared.discord.explain import say_privately
from bot.shared.discord.interactions import context_of, seen_privately, services_of
from bot.shared.orders.confirm import confirm
from bot.shared.orders.order_request import OrderRequest, Quote
from bot.shared.orders.pending import request_in
from bot.shared.orders.quote import quote
from db.queue.finding import job_of_interaction
from db.queue.job import Job, Pace
from db.queue.pending import PendingOrder

LOOKED_BACK = 10  # messages among which a second copy of one that was just posted is looked for


async def show(interaction: discord.Interaction, outcome: Job | Quote) -> None:
    """Ask what has to be asked first, each kind of question in its own way (`bot.client`); a job shows itself."""
    if not isinstance(outcome, Job):
        questions = cast(Mapping[type[Quote], Any], interaction.client.questions)  # type: ignore[attr-defined]
        await questions[type(outcome)](interaction, outcome)


async def order(interaction: discord.Interaction, order_request: OrderRequest, *, private: bool) -> None:
    """Order what somebody asks for by an interaction, or ask them what comes first."""
    context = await context_of(interaction, private=private)
    await show(interaction, await quote(services_of(interaction), order_request, context))


def replaces_public(interaction: discord.Interaction) -> bool:
    """Tell whether a question takes the place of one that everybody sees: somebody called the bot in a channel."""
    is_edit = interaction.response.type is discord.InteractionResponseType.deferred_message_update
    return is_edit and interaction.guild_id is not None and not seen_privately(interaction)


async def ask(interaction: discord.Interaction, view: ui.LayoutView) -> None:
    """Ask the one who typed or pressed, and nobody else; a question takes the place of the one that was answered."""
    if interaction.response.type is discord.InteractionResponseType.deferred_message_update:
        await interaction.edit_original_response(view=view)
    else:
        await say_privately(interaction, view)


async def go_on(
    interaction: discord.Interaction,
    pending: PendingOrder,
    *,
    pace: Pace | None = None,
    as_suggested: bool | None = None,
) -> None:
    """Go on with what a private question was about: take the question back for a job, or ask the next one.

    Jobs that are asked for beside it get messages of their own, before any of them is made.

    The card of a private job takes the question's place; a public one gets a message of its own first, for the platform
    lets an answer be seen by everybody or be an edit of what only one sees, not both. If it cannot begin, the question
    stays.

    Args:
        interaction: the yes, acknowledged as an update of the question.
        pending: what was asked for.
        pace: which was chosen with it, see `confirm`.
        as_suggested: whether a suggestion was taken, see `confirm`.
    """
    services, context = services_of(interaction), await context_of(interaction, private=pending.private)
    accept = partial(confirm, services, pending, pace=pace, as_suggested=as_suggested)
    beside = len(request_in(services, pending).beside) if pending.price is not None else 0
    if pending.private:
        async with _messages(interaction, beside, private=True) as (ids, keep):
            outcome = await accept(replace(context, beside_ids=ids))
            if ids and await services.db.read(job_of_interaction, ids[0]) is not None:  # else the other yes was quicker
                keep.update(ids)
        await show(interaction, outcome)
        return
    async with _messages(interaction, 1 + beside, private=False) as ((first_id, *rest), keep):
        outcome = await accept(replace(context, message_id=first_id, beside_ids=tuple(rest)))
        if isinstance(outcome, Job):
            shown_by = outcome.message_id or first_id
            keep.update([first_id, *rest] if shown_by == first_id else [shown_by])
    await show(interaction, outcome)
    if isinstance(outcome, Job):
        with contextlib.suppress(discord.NotFound):  # the other yes was quicker
            await interaction.delete_original_response()


@asynccontextmanager
async def _messages(
    interaction: discord.Interaction, count: int, *, private: bool
) -> AsyncIterator[tuple[tuple[int, ...], set[int]]]:
    """Post messages that will hold cards; yield their ids, and a set of those that stay at the end.

    Where it was pressed twice, the messages of the first answer show the jobs, and these go.
    """
    posted: list[discord.WebhookMessage] = []
    keep: set[int] = set()
    try:
        for _ in range(count):
            posted.append(await interaction.followup.send(view=said("One moment …"), ephemeral=private, wait=True))
        yield tuple(message.id for message in posted), keep
    finally:
        for message in posted:
            if message.id not in keep:
                with contextlib.suppress(discord.NotFound):
                    await message.delete()
        if not private:
            await _delete_doubles(interaction, keep, among=LOOKED_BACK + count)


async def _delete_doubles(interaction: discord.Interaction, keep: Collection[int], *, among: int) -> None:
    """Delete what was posted twice: the library tries again after an error, and this way of posting takes no nonce."""
    if not isinstance(interaction.channel, discord.abc.Messageable):
        return
    with contextlib.suppress(discord.HTTPException):  # it may not read there; the job has begun all the same
        async for message in interaction.channel.history(limit=among):
            origin = message.interaction_metadata
            if origin is not None and origin.id == interaction.id and message.id not in keep:
                await message.delete()
