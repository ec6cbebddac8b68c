"""The button that brings a kept result back, for its owner alone."""

import discord

from bot.cards.buttons import JOB_ID, JobButton
from bot.cards.job import Shown, job_card
from bot.interactions import acknowledge, studio_of
from bot.services.results import fitting_pictures, read_film
from bot.services.subjects import film_steps
from bot.uploads import discord_files
from db.jobs import Job
from inference.requests import Kind


class ShowButton(JobButton, template=rf"job:show:{JOB_ID}"):
    """Show a kept result again."""

    verb = "show"
    label = "Show"

    async def act(self, interaction: discord.Interaction, job: Job) -> None:
        await acknowledge(interaction, private=True)
        studio = studio_of(interaction)
        if job.kind == Kind.TRAIN:
            film = await read_film(studio, job, interaction.filesize_limit)
            shown = Shown(pictures=film, steps=tuple(await film_steps(studio, job)))
        else:
            shown = Shown(pictures=await fitting_pictures(studio, job, interaction.filesize_limit))
        await interaction.edit_original_response(view=job_card(job, shown), attachments=discord_files(shown.files))
