"""The buttons of a job, whatever it makes."""

import contextlib

import discord

from bot.shared.cards.info import info_text
from bot.shared.cards.job_kind import kinds_of
from bot.shared.discord.interactions import admit, services_of
from bot.shared.discord.persistent_items import Answer, PersistentItem
from bot.shared.errors import JobGone
from bot.shared.results import forget_results
from db.queue.finding import find_job
from db.queue.job import Job


class JobItem(PersistentItem[Job], topic="job"):
    """What all buttons and menus of a job share."""

    async def find(self, interaction: discord.Interaction) -> Job:
        """Return the job to those who may act on it.

        Raises:
            JobGone: there is none any more.
            NotYours: it is somebody else's.
        """
        job = await services_of(interaction).db.read(find_job, self.key)
        if job is None:
            raise JobGone
        await self.admit(interaction, job)
        return job

    async def admit(self, interaction: discord.Interaction, job: Job) -> None:
        """Let those pass who may: the owner, and operators, of whom it is noted.

        Raises:
            NotYours: it is somebody else.
        """
        await admit(interaction, job, self.verb)


class InfoButton(JobItem, verb="info"):
    """Everything about the job, for the one who asks."""

    label = "Info"
    answer = Answer.PRIVATE

    async def act(self, interaction: discord.Interaction, job: Job) -> None:
        """Say everything about the job."""
        await interaction.edit_original_response(content=info_text(kinds_of(interaction)[job.kind], job))


class CancelButton(JobItem, verb="cancel"):
    """Take a waiting job out of the queue, or stop a running one."""

    label = "Cancel"
    style = discord.ButtonStyle.danger

    async def act(self, interaction: discord.Interaction, job: Job) -> None:
        """Cancel the job."""
        await services_of(interaction).jobs.cancel(job.id, by_user=interaction.user.id)  # the card will say the rest


class DeleteButton(JobItem, verb="delete"):
    """Remove the message and the files."""

    label = "Delete"

    async def act(self, interaction: discord.Interaction, job: Job) -> None:
        """Forget the results, and delete the message."""
        await forget_results(services_of(interaction), job)
        with contextlib.suppress(discord.NotFound):  # somebody was quicker
            await interaction.delete_original_response()


JOB_BUTTONS = (InfoButton, CancelButton, DeleteButton)
