"""The button that brings a kept result back, for its owner alone."""

import discord

from bot.cards.buttons import JobItem
from bot.cards.job import job_card
from bot.interactions import acknowledge, studio_of
from bot.showing import shown_of
from bot.uploads import discord_files
from db.jobs import Job


class ShowButton(JobItem, verb="show"):
    """Show a kept result again."""

    label = "Show"

    async def act(self, interaction: discord.Interaction, job: Job) -> None:
        await acknowledge(interaction, private=True)
        shown = await shown_of(studio_of(interaction), job, interaction.filesize_limit)
        await interaction.edit_original_response(view=job_card(job, shown), attachments=discord_files(shown.files))
