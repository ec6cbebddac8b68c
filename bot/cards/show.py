"""The button that brings a kept result back, for its owner alone."""

import discord

from bot.cards.buttons import JOB_ID, JobButton
from bot.cards.job import Shown, job_card
from bot.interactions import acknowledge, studio_of
from bot.services.results import fitting_pictures
from bot.uploads import discord_files
from db.jobs import Job


class ShowButton(JobButton, template=rf"job:show:{JOB_ID}"):
    """Show a kept result again."""

    verb = "show"
    label = "Show"

    async def act(self, interaction: discord.Interaction, job: Job) -> None:
        await acknowledge(interaction, private=True)
        pictures = await fitting_pictures(studio_of(interaction), job, interaction.filesize_limit)
        shown = Shown(pictures=pictures)
        await interaction.edit_original_response(view=job_card(job, shown), attachments=discord_files(shown.files))
