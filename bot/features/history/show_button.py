"""The button that brings a kept result back, for its owner alone."""

import discord

from bot.shared.cards.job import job_card
from bot.shared.cards.job_buttons import JobItem
from bot.shared.cards.job_kind import kinds_of
from bot.shared.delivery.card_content import fit_for_all, read_content
from bot.shared.discord.interactions import is_age_restricted, services_of
from bot.shared.discord.persistent_items import Answer
from bot.shared.discord.uploads import discord_files
from db.queue.job import Job


class ShowButton(JobItem, verb="show"):
    """Show a kept result again."""

    label = "Show"
    answer = Answer.PRIVATE

    async def act(self, interaction: discord.Interaction, job: Job) -> None:
        """Send the card again with its files."""
        services = services_of(interaction)
        kind = kinds_of(interaction)[job.kind]
        content = await read_content(kind, services, job, interaction.filesize_limit)
        if not is_age_restricted(interaction.channel):
            content = fit_for_all(services, interaction.client, job, content)
        await interaction.edit_original_response(
            view=job_card(kind, job, content), attachments=discord_files(content.files)
        )
