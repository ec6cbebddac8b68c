"""Withheld pictures as operators see them: the latest jobs that have some, and a look at them, which is logged."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.shared.cards.job import title
from bot.shared.cards.layout import layout
from bot.shared.discord.interactions import is_age_restricted, operator_of, services_of
from bot.shared.discord.messages import discord_files
from bot.shared.discord.persistent_items import Answer, PersistentItem
from bot.shared.errors import JobGone, NotYours, Refused
from bot.shared.files.pictures import Picture, fit
from bot.shared.policy import Operator, is_for_adults
from bot.shared.results import read_file
from bot.shared.services import Services
from bot.shared.text.formatting import counted, inline, moment
from db.file_keys import job_file
from db.ids import NO_GUILD
from db.moderation.audit_log import log_entry
from db.moderation.targets import Target, TargetKind
from db.queue.finding import find_job, jobs_with_withheld
from db.queue.job import Job
from inference.checks import check_of, withheld_names
from inference.requests import from_json

JOBS_SHOWN = 8  # with a button each, on one card
NONE = "No picture is withheld in this server."
GONE = "These pictures were deleted."
FOR_ADULTS = "These pictures are from an age-restricted channel. Please look at them in such a channel."


class LookButton(PersistentItem[Job], topic="withheld", verb="look"):
    """Look at a job's withheld pictures, covered; for operators, and written into their log."""

    label = "Look"
    emoji = "👁️"
    answer = Answer.PRIVATE

    async def find(self, interaction: discord.Interaction) -> Job:
        """Return the job, to operators of its server, or for direct messages of a home server.

        Raises:
            CheckFailure: somebody else pressed.
            JobGone: there is none any more.
            NotYours: it is another server's.
            Refused: this is no place for its pictures.
        """
        operator, services = operator_of(interaction), services_of(interaction)
        job = await services.db.read(find_job, self.key)
        if job is None or not job.withheld:
            raise JobGone(GONE)
        if (job.guild_id or NO_GUILD) not in _places(services, operator):
            raise NotYours
        if is_for_adults(services, job) and not is_age_restricted(interaction.channel):
            raise Refused(FOR_ADULTS)
        entry = operator.entry("look at withheld pictures", Target(TargetKind.JOB, job.id))
        await services.db.write(log_entry, entry)
        return job

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        pictures = await _pictures(services_of(interaction), job, interaction.filesize_limit)
        await interaction.edit_original_response(view=_look_card(job, pictures), attachments=discord_files(pictures))


async def show_withheld(interaction: discord.Interaction) -> None:
    """List the latest jobs with withheld pictures in an answer that was acknowledged, and log it."""
    services, operator = services_of(interaction), operator_of(interaction)
    found = await services.db.read(jobs_with_withheld, _places(services, operator), JOBS_SHOWN)
    await services.db.write(log_entry, operator.entry("withheld"))
    await interaction.edit_original_response(view=_list_card(found))


def _places(services: Services, operator: Operator) -> Sequence[int]:
    return (operator.guild_id, NO_GUILD) if operator.at_home(services) else (operator.guild_id,)


async def _pictures(services: Services, job: Job, limit_bytes: int) -> list[Picture]:
    """Return the withheld pictures of a job, covered.

    Raises:
        JobGone: they were deleted.
    """
    names = withheld_names(job.outcome.get("files", {}))
    read = [(name, await read_file(services, job_file(job.id, name))) for name in names]
    found = [fit(Picture(name, content, spoiler=True), limit_bytes) for name, content in read if content is not None]
    if not found:
        raise JobGone(GONE)
    return found


def _list_card(jobs: Sequence[Job]) -> ui.LayoutView:
    card = ui.Container[ui.LayoutView](accent_colour=discord.Colour.blurple())
    card.add_item(ui.TextDisplay("**Withheld pictures**, newest first" if jobs else NONE))
    for job in jobs:
        where = "a direct message" if job.guild_id is None else f"<#{job.channel_id}>"
        facts = f"<@{job.user_id}> in {where} · {moment(job.queued_at)} · {counted(job.withheld, 'picture')}"
        text = f"{inline(title(from_json(job.request)), 100)}\n-# {facts} · {inline(_found(job))}"
        card.add_item(ui.Section(ui.TextDisplay(text), accessory=LookButton(job.id)))
    return layout(card)


def _look_card(job: Job, pictures: Sequence[Picture]) -> ui.LayoutView:
    card = ui.Container[ui.LayoutView](accent_colour=discord.Colour.blurple())
    gallery = ui.MediaGallery[ui.LayoutView]()
    for picture in pictures:
        gallery.add_item(media=f"attachment://{picture.name}", spoiler=True)
    card.add_item(gallery)
    words: list[Any] = [inline(title(from_json(job.request)), 100), f"-# <@{job.user_id}> · {inline(_found(job))}"]
    card.add_item(ui.TextDisplay("\n".join(words)))
    return layout(card)


def _found(job: Job) -> str:
    """Say what the checkers found in a job's withheld pictures: each label with its highest score."""
    files, worst = job.outcome.get("files", {}), dict[str, float]()
    for name in withheld_names(files):
        check = check_of(files[name])
        for scores in () if check is None else check.scores.values():
            for label, score in scores.items():
                worst[label] = max(score, worst.get(label, score))
    return ", ".join(f"{label} {score:.2f}" for label, score in worst.items()) or "not checked"
