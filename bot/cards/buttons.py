"""Buttons that carry the id of their job, so that they work for ever: after a restart the id is all that is needed."""

import re
from typing import ClassVar, Self

import discord
from discord import ui

from bot.cards.info import info_text
from bot.cards.offer import show_if_asked
from bot.errors import explain
from bot.interactions import acknowledge, admit, origin_of, studio_of
from bot.services.asking import accept_again
from bot.services.errors import JobGone
from bot.services.results import forget_results
from db.jobs import Job

JOB_ID = r"(?P<job_id>[0-9a-z]{26})"


class JobButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=rf"job:none:{JOB_ID}"):
    """What all buttons of a job share: find the job, check who pressed, answer errors."""

    verb: ClassVar[str] = "none"
    label: ClassVar[str] = ""
    emoji: ClassVar[str | None] = None
    style: ClassVar[discord.ButtonStyle] = discord.ButtonStyle.secondary

    def __init__(self, job_id: str, *, disabled: bool = False) -> None:
        self.job_id = job_id
        super().__init__(
            ui.Button(
                label=self.label,
                emoji=self.emoji,
                style=self.style,
                custom_id=f"job:{self.verb}:{job_id}",
                disabled=disabled,
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[ui.LayoutView], match: re.Match[str]
    ) -> Self:
        """Build the button again from what it carries."""
        return cls(match["job_id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        """Do what the button says, for those who may."""
        try:
            job = await studio_of(interaction).jobs.get(self.job_id)
            if job is None:
                raise JobGone
            await self.admit(interaction, job)
            await self.act(interaction, job)
        except Exception as error:  # discord.py only logs what a dynamic item raises
            await explain(interaction, error)

    async def admit(self, interaction: discord.Interaction, job: Job) -> None:
        """Let those pass who may press: the owner, and operators, of whom it is noted.

        Raises:
            NotYours: it is somebody else.
        """
        await admit(interaction, job, self.verb)

    async def act(self, interaction: discord.Interaction, job: Job) -> None:
        """Do it."""
        raise NotImplementedError


class AgainButton(JobButton, template=rf"job:again:{JOB_ID}"):
    """The same once more, with another seed, as a job of its own."""

    verb = "again"
    label = "Re-roll"
    emoji = "🎲"
    style = discord.ButtonStyle.primary

    async def act(self, interaction: discord.Interaction, job: Job) -> None:
        await acknowledge(interaction, private=job.private)
        accepted = await accept_again(studio_of(interaction), job, origin_of(interaction, private=job.private))
        await show_if_asked(interaction, accepted)


class InfoButton(JobButton, template=rf"job:info:{JOB_ID}"):
    """Everything about the job, for the one who asks."""

    verb = "info"
    label = "Info"

    async def act(self, interaction: discord.Interaction, job: Job) -> None:
        await interaction.response.send_message(info_text(job), ephemeral=True)


class CancelButton(JobButton, template=rf"job:cancel:{JOB_ID}"):
    """Take a waiting job out of the queue, or stop a running one."""

    verb = "cancel"
    label = "Cancel"
    style = discord.ButtonStyle.danger

    async def act(self, interaction: discord.Interaction, job: Job) -> None:
        await acknowledge(interaction, update=True)  # the card itself will say what became of it
        await studio_of(interaction).jobs.cancel(job.id, by_user=interaction.user.id)


class DeleteButton(JobButton, template=rf"job:delete:{JOB_ID}"):
    """Remove the message and the files."""

    verb = "delete"
    label = "Delete"

    async def act(self, interaction: discord.Interaction, job: Job) -> None:
        await acknowledge(interaction, update=True)
        await forget_results(studio_of(interaction), job)
        await interaction.delete_original_response()


JOB_BUTTONS = (AgainButton, InfoButton, CancelButton, DeleteButton)
