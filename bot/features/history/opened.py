"""One of the jobs of a history, opened: its card as it is, the way to its message, itself once more, its relatives."""

import contextlib
from collections.abc import Sequence
from typing import Any, Self

import discord
from discord import ui

from bot.features.history.relatives import Relatives, relation, relatives_of
from bot.shared.cards.job import job_card
from bot.shared.cards.job_buttons import JobItem, content_here
from bot.shared.cards.job_kind import kinds_of
from bot.shared.discord.interactions import services_of
from bot.shared.discord.messages import discord_files
from bot.shared.discord.persistent_items import Answer
from bot.shared.errors import JobGone, NotYours
from db.queue.finding import find_job
from db.queue.job import Job

MESSAGE_GONE = "-# Its message was deleted."


class OpenJobButton(JobItem, verb="open"):
    """Open one of the jobs of a page, below it, for the one who looks."""

    answer = Answer.PRIVATE

    @classmethod
    def numbered(cls, number: int, job: Job) -> Self:
        """Return one that says which it opens."""
        return cls(job.id, ui.Button(custom_id=cls.id_for(job.id), label=str(number), style=cls.style))

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        await show_opened(interaction, job)


class RelativesSelect(JobItem, verb="relative"):
    """Go on to a relative of the job that is open, in its place."""

    @classmethod
    def of(cls, job_id: str, relatives: Relatives) -> Self:
        """Return the menu of a job's relatives."""
        options = [
            discord.SelectOption(label=relation(relative, relatives), value=relative.id)
            for relative in relatives.members
        ]
        hint = f"Family: {relatives.said()}"
        return cls(job_id, ui.Select(custom_id=cls.id_for(job_id), placeholder=hint, options=options))

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        relative = await services_of(interaction).db.read(find_job, self.item.values[0])
        if relative is None:
            raise JobGone
        if relative.user_id != job.user_id:
            raise NotYours
        await show_opened(interaction, relative)


OPENED_ITEMS: tuple[type[Any], ...] = (OpenJobButton, RelativesSelect)


async def show_opened(interaction: discord.Interaction, job: Job) -> None:
    """Show a job in an answer that was acknowledged and that its owner alone sees."""
    services, kind = services_of(interaction), kinds_of(interaction)[job.kind]
    content = await content_here(interaction, job)
    view = job_card(kind, job, content)
    where, note = await _message_of(interaction.client, job)
    if note:
        view.add_item(ui.TextDisplay(note))
    _add_row(view, [*where, *(kind.once_more(services, job) if kind.once_more else [])])
    relatives = await relatives_of(services, job)
    _add_row(view, [RelativesSelect.of(job.id, relatives)] if relatives.members else [])
    await interaction.edit_original_response(view=view, attachments=discord_files(content.files))


async def _message_of(client: discord.Client, job: Job) -> tuple[list[ui.Item[Any]], str]:
    """Return the button that leads to a job's message, and what is said of one that was deleted.

    Messages to one member alone, and those of direct messages, the platform gives no way to.
    """
    if job.private or job.deleted or job.message_id is None:
        return [], ""
    message = client.get_partial_messageable(job.channel_id, guild_id=job.guild_id).get_partial_message(job.message_id)
    with contextlib.suppress(discord.HTTPException):  # it cannot be asked for now, or not by us: it may be there
        try:
            await message.fetch()
        except discord.NotFound:
            return [], MESSAGE_GONE
    return [ui.Button(label="Jump to message", emoji="↗️", url=message.jump_url)], ""


def _add_row(view: ui.LayoutView, row: Sequence[ui.Item[Any]]) -> None:
    if row:
        view.add_item(ui.ActionRow[Any](*row))
