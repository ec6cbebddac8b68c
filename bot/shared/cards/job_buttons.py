"""The buttons of a job, whatever it makes."""

import contextlib
import re
from typing import ClassVar

import discord
from discord import ui

from bot.shared.cards.job import info_text, job_card
from bot.shared.cards.job_kind import CardContent, fit_for_place, kinds_of
from bot.shared.discord.interactions import is_operator, operator_of, place_of, services_of
from bot.shared.discord.messages import discord_files
from bot.shared.discord.persistent_items import ID, Answer, PersistentItem
from bot.shared.errors import JobGone, NotYours
from bot.shared.results import forget_results
from db.moderation.audit_log import log_entry
from db.moderation.targets import Target, TargetKind
from db.queue.finding import find_job
from db.queue.job import Job

CARD = r"(?::\d{17,20})?"  # the end of a key: a message


class JobItem(PersistentItem[Job], topic="job", key_form=f"{ID}{CARD}"):
    """What all buttons and menus of a job share: they carry its id, and in a card's menu the card's message."""

    for_all: ClassVar[bool] = False  # whoever sees a public card may

    @property
    def job_id(self) -> str:
        """The job that it is about."""
        return self.key.partition(":")[0]

    @property
    def card_id(self) -> int | None:
        """The message of the public card whose menu it is in; None: it is on a card."""
        end = self.key.rpartition(":")[2]
        return int(end) if re.fullmatch(r"\d{17,20}", end) else None

    def seen_alone(self, interaction: discord.Interaction) -> bool:
        """Tell whether the card that it belongs to is shown to one member alone."""
        return self.card_id is None and super().seen_alone(interaction)

    def privately(self, interaction: discord.Interaction, job: Job) -> bool:
        """Tell whether what comes of it is shown to its member alone: the job is private, or they see its card so."""
        return job.private or (is_for(interaction, job) and self.seen_alone(interaction))

    async def find(self, interaction: discord.Interaction) -> Job:
        """Return the job to those who may act on it: its owner, who speaks in it, operators of the server it is from.

        What is `for_all`, everybody may to whom the platform shows the card, unless the job is private.

        Raises:
            JobGone: there is none any more.
            NotYours: it is somebody else's.
        """
        services = services_of(interaction)
        job = await services.db.read(find_job, self.job_id)
        if job is None:
            raise JobGone
        if (self.for_all and not job.private) or is_for(interaction, job):
            return job
        if not (is_operator(interaction) and interaction.guild_id == job.guild_id):
            raise NotYours
        entry = operator_of(interaction).entry(f"press {self.verb}", Target(TargetKind.JOB, job.id))
        await services.db.write(log_entry, entry)
        return job


class PictureItem(JobItem, topic="picture", key_form=rf"{ID}:\d{{1,2}}{CARD}"):
    """What all buttons of one picture of a job share: they carry the job's id and the picture's number, from 1."""

    @property
    def number(self) -> int:
        """Which of the job's pictures it is."""
        return int(self.key.split(":")[1])


def is_for(interaction: discord.Interaction, job: Job) -> bool:
    """Tell whether a job is theirs who pressed: they asked for it, or speak in it."""
    return interaction.user.id in (job.user_id, job.request.get("speaker_id"))


async def redraw(interaction: discord.Interaction, job: Job) -> None:
    """Bring the card of an ended job up to date, if everybody sees it; that of a live one is followed anyway."""
    if job.private or job.message_id is None or not job.final:
        return
    client, services, kind = interaction.client, services_of(interaction), kinds_of(interaction)[job.kind]
    content = await kind.content(services, job, interaction.filesize_limit)
    place = place_of(client.get_channel(job.channel_id), job.guild_id)
    content = fit_for_place(services, client, job, content, place)
    message = client.get_partial_messageable(job.channel_id).get_partial_message(job.message_id)
    with contextlib.suppress(discord.HTTPException):  # it is gone, or we may not: nobody is shown anything wrong
        await message.edit(view=job_card(kind, job, content), attachments=discord_files(content.files))


async def content_here(interaction: discord.Interaction, job: Job) -> CardContent:
    """Return what a job's card shows now besides the job itself, as far as it may be seen where this happens."""
    services, kind = services_of(interaction), kinds_of(interaction)[job.kind]
    content = await kind.content(services, job, interaction.filesize_limit)
    place = place_of(interaction.channel, interaction.guild_id)
    return fit_for_place(services, interaction.client, job, content, place)


async def show_job(interaction: discord.Interaction, job: Job) -> None:
    """Show a job's card as it is now, in an answer that was acknowledged; only what may be seen in that place."""
    content = await content_here(interaction, job)
    card = job_card(kinds_of(interaction)[job.kind], job, content)
    await interaction.edit_original_response(view=card, attachments=discord_files(content.files))


class InfoButton(JobItem, verb="info"):
    """Everything about the job, for the one who asks; others find below it what they can do with it."""

    label = "Info"
    answer = Answer.PRIVATE
    for_all = True

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        kind, catalogue = kinds_of(interaction)[job.kind], services_of(interaction).catalogue
        theirs = is_for(interaction, job)
        below = None
        if not theirs and kind.others is not None:
            below = ui.View(timeout=None)
            for button in kind.others(job):
                below.add_item(button)
        await interaction.edit_original_response(content=info_text(kind, job, catalogue, theirs=theirs), view=below)


class CancelButton(JobItem, verb="cancel"):
    """Take a waiting job out of the queue, or stop a running one."""

    label = "Cancel"
    style = discord.ButtonStyle.danger

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        await services_of(interaction).jobs.cancel(job.id, by_user=interaction.user.id)  # the card will say the rest


class DeleteButton(JobItem, verb="delete"):
    """Remove the files, and the message; from a menu, the card's message and the menu."""

    label = "Delete"

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        await forget_results(services_of(interaction), job)
        if self.card_id is not None and interaction.channel_id is not None:
            channel = interaction.client.get_partial_messageable(interaction.channel_id)
            with contextlib.suppress(discord.NotFound):  # somebody was quicker
                await channel.get_partial_message(self.card_id).delete()
        with contextlib.suppress(discord.NotFound):
            await interaction.delete_original_response()


class ShowButton(JobItem, verb="show"):
    """Show a kept result again."""

    label = "Show"
    answer = Answer.PRIVATE

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        await show_job(interaction, job)


JOB_BUTTONS = (InfoButton, CancelButton, DeleteButton, ShowButton)
