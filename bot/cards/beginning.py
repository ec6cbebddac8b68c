"""From a private question ('This uses 12 of your 40 credits. Continue?') to the job it was about."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace

import discord

from bot.cards.layout import said
from bot.contexts import context_of
from bot.shared.orders.context import RequestContext
from db.jobs import Job

LOOKED_BACK = 10  # messages among which a second copy of one that was just posted is looked for


async def begin_from(
    interaction: discord.Interaction, begin: Callable[[RequestContext], Awaitable[Job]], *, private: bool
) -> None:
    """Begin the job that a private question asked about, and take the question back.

    The card of a private job takes the question's place; a public one gets a message of its own first, for the platform
    lets an answer be seen by everybody or be an edit of what only one sees, not both. If it cannot begin, the question
    stays.

    Args:
        interaction: the yes, acknowledged as an update of the question.
        begin: makes the job; twice, it returns the same one.
    """
    context = await context_of(interaction, private=private)
    if private:
        await begin(context)
        return
    message = await interaction.followup.send(view=said("One moment …"), wait=True)
    try:
        job = await begin(replace(context, message_id=message.id))
    except Exception:
        await message.delete()
        await _delete_doubles(interaction, keep_id=0)
        raise
    if job.message_id != message.id:  # pressed twice: the first answer shows the job
        await message.delete()
    await _delete_doubles(interaction, keep_id=job.message_id or message.id)
    with contextlib.suppress(discord.NotFound):  # the other yes was quicker
        await interaction.delete_original_response()


async def _delete_doubles(interaction: discord.Interaction, *, keep_id: int) -> None:
    """Delete what was posted twice: the library tries again after an error, and this way of posting takes no nonce."""
    if not isinstance(interaction.channel, discord.abc.Messageable):
        return
    with contextlib.suppress(discord.HTTPException):  # it may not read there; the job has begun all the same
        async for message in interaction.channel.history(limit=LOOKED_BACK):
            asked = message.interaction_metadata
            if asked is not None and asked.id == interaction.id and message.id != keep_id:
                await message.delete()
