"""A page of what somebody made: which jobs are on it, and a thumbnail of each that can be shown where they look."""

import asyncio
import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import discord

from bot.features.history.search import HistorySearch
from bot.features.history.thumbnails import thumbnail
from bot.shared.cards.job import title
from bot.shared.cards.job_kind import CardContent, fit_for_place, kinds_of
from bot.shared.discord.interactions import context_of, place_of, services_of
from bot.shared.files.pictures import Picture
from bot.shared.results import picture_names
from db.queue.history import ended_jobs
from db.queue.job import Job, State
from inference.requests import Kind, from_json

PAGE = 9  # a square of three rows; the platform takes ten files
LAST_PAGE = 999
PICTURED = frozenset({Kind.IMAGE, Kind.TRAIN, Kind.UPSCALE})  # kinds of job that make pictures
UNLIMITED = 1 << 40  # bytes: what is made small anyway is not made to fit first
ALT_MAX = 300  # characters; the platform takes 1,024
ONE_AT_A_TIME = "thumbnails"  # the name of a lock: whatever many members look at takes one thread
ADULTS = "in age-restricted channels only"
FLAGGED = "flagged by my picture checker"
GONE = "no longer kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """A job on a page."""

    job: Job
    thumbnail: Picture | None = None
    missing: str = ""  # why there is none, although it made pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """What somebody looks at."""

    search: HistorySearch
    number: int  # from 0
    entries: Sequence[HistoryEntry]
    more: bool  # older ones follow


async def read_page(interaction: discord.Interaction, search: HistorySearch, number: int) -> HistoryPage:
    """Read a page of what the one who asks made, or the last that has anything.

    Raises:
        BadParameter: what is looked for cannot be read.
    """
    services = services_of(interaction)
    subjects = (await context_of(interaction, private=True)).subjects if search.subject else ()
    wanted = search.filter(subjects, dt.datetime.now(dt.UTC), services.rules.tiers.timezone)
    while True:
        jobs = await services.db.read(ended_jobs, interaction.user.id, wanted, limit=PAGE + 1, offset=number * PAGE)
        if jobs or not number:
            break
        number -= 1
    entries = [await _entry(interaction, job, at) for at, job in enumerate(jobs[:PAGE], 1)]
    return HistoryPage(search=search, number=number, entries=entries, more=len(jobs) > PAGE)


async def _entry(interaction: discord.Interaction, job: Job, number: int) -> HistoryEntry:
    if job.state is not State.DONE or job.kind not in PICTURED:
        return HistoryEntry(job=job)
    if job.deleted or not picture_names(job):
        return HistoryEntry(job=job, missing=GONE)
    services, kind = services_of(interaction), kinds_of(interaction)[job.kind]
    async with services.locks.of(ONE_AT_A_TIME):  # so that few large pictures are in memory
        content = await kind.read(services, job, UNLIMITED)
        place = place_of(interaction.channel, interaction.guild_id)
        content = fit_for_place(services, interaction.client, job, content, place)
        if not content.pictures:
            return HistoryEntry(job=job, missing=_why(job, content))
        small = await asyncio.to_thread(thumbnail, number, [picture.content for picture in content.pictures])
    shown = Picture(f"{number}.webp", small, f"{number}: {title(from_json(job.request))[:ALT_MAX]}")
    covered = any(picture.spoiler for picture in content.pictures)
    return HistoryEntry(job=job, thumbnail=replace(shown, spoiler=covered))


def _why(job: Job, content: CardContent) -> str:
    """Say why a job's pictures are not shown here."""
    if content.hidden:
        return ADULTS
    return FLAGGED if content.flagged or job.withheld else GONE


def thumbnails_of(entries: Collection[HistoryEntry]) -> list[Picture]:
    """Return the thumbnails of a page in their order."""
    return [entry.thumbnail for entry in entries if entry.thumbnail is not None]
