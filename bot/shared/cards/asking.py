"""Questions to the one who asked for something, and the way from a yes ('continue') to the job it was about."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, cast

import discord
from discord import ui

from bot.shared.cards.layout import said
from bot.shared.discord.explain import say_privately
from bot.shared.discord.interactions import context_of, services_of
from bot.shared.orders.confirm import confirm
from bot.shared.orders.order_request import OrderRequest, Quote
from bot.shared.orders.quote import quote
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
    if pending.private:
        await show(interaction, await accept(context))
        return
    message = await interaction.followup.send(view=said("One moment …"), wait=True)
    shown_by = 0
    try:
        outcome = await accept(replace(context, message_id=message.id))
        if isinstance(outcome, Job):
            shown_by = outcome.message_id or message.id
    finally:
        if shown_by != message.id:  # also where it was pressed twice: the first answer shows the job
            await message.delete()
        await _delete_doubles(interaction, keep_id=shown_by)
    await show(interaction, outcome)
    if shown_by:
        with contextlib.suppress(discord.NotFound):  # the other yes was quicker
            await interaction.delete_original_response()


async def _delete_doubles(interaction: discord.Interaction, *, keep_id: int) -> None:
    """Delete what was posted twice: the library tries again after an error, and this way of posting takes no nonce."""
    if not isinstance(interaction.channel, discord.abc.Messageable):
        return
    with contextlib.suppress(discord.HTTPException):  # it may not read there; the job has begun all the same
        async for message in interaction.channel.history(limit=LOOKED_BACK):
            origin = message.interaction_metadata
            if origin is not None and origin.id == interaction.id and message.id != keep_id:
                await message.delete()
