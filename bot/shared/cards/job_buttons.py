"""The buttons of a job, whatever it makes."""

import contextlib
from typing import ClassVar

import discord

from bot.shared.cards.job import info_text
from bot.shared.cards.job_kind import kinds_of
from bot.shared.discord.interactions import is_operator, operator_of, services_of
from bot.shared.discord.persistent_items import Answer, PersistentItem
from bot.shared.errors import JobGone, NotYours
from bot.shared.results import forget_results
from db.moderation.audit_log import log_entry
from db.moderation.targets import Target, TargetKind
from db.queue.finding import find_job
from db.queue.job import Job


class JobItem(PersistentItem[Job], topic="job"):
    """What all buttons and menus of a job share."""

    for_all: ClassVar[bool] = False  # whoever sees the card may, for the platform shows it to those whom it is for

    async def find(self, interaction: discord.Interaction) -> Job:
        """Return the job to those who may act on it: its owner, who speaks in it, operators of the server it is from.

        Raises:
            JobGone: there is none any more.
            NotYours: it is somebody else's.
        """
        services = services_of(interaction)
        job = await services.db.read(find_job, self.key)
        if job is None:
            raise JobGone
        if self.for_all or interaction.user.id in (job.user_id, job.request.get("speaker_id")):
            return job
        if not (is_operator(interaction) and interaction.guild_id == job.guild_id):
            raise NotYours
        entry = operator_of(interaction).entry(f"press {self.verb}", Target(TargetKind.JOB, job.id))
        await services.db.write(log_entry, entry)
        return job


class InfoButton(JobItem, verb="info"):
    """Everything about the job, for the one who asks."""

    label = "Info"
    answer = Answer.PRIVATE

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        await interaction.edit_original_response(content=info_text(kinds_of(interaction)[job.kind], job))


class CancelButton(JobItem, verb="cancel"):
    """Take a waiting job out of the queue, or stop a running one."""

    label = "Cancel"
    style = discord.ButtonStyle.danger

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        await services_of(interaction).jobs.cancel(job.id, by_user=interaction.user.id)  # the card will say the rest


class DeleteButton(JobItem, verb="delete"):
    """Remove the message and the files."""

    label = "Delete"

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        await forget_results(services_of(interaction), job)
        with contextlib.suppress(discord.NotFound):  # somebody was quicker
            await interaction.delete_original_response()


JOB_BUTTONS = (InfoButton, CancelButton, DeleteButton)
