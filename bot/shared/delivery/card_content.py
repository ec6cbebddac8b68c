"""What a card shows of a job as it is now: read from the stores, made to fit the platform."""

from dataclasses import replace

import discord

from bot.features.voice.job_card import fits_on_card
from bot.features.voice.transcripts import transcript_files
from bot.shared.cards.job import Shown
from bot.shared.discord.interactions import is_age_restricted
from bot.shared.policy import is_for_adults
from bot.shared.results import fitting_pictures, read_film, read_preview, read_words
from bot.shared.services import Studio
from bot.shared.subjects import film_steps
from db.jobs import Job, State
from inference.requests import Kind


async def shown_of(studio: Studio, job: Job, limit_bytes: int) -> Shown:
    """Return what a job's card shows besides the job itself, no file of it larger than `limit_bytes`."""
    match job.state:
        case State.QUEUED:
            place = await studio.jobs.place(job.id)
            film = await _film(studio, job, limit_bytes) if job.kind == Kind.TRAIN and job.attempt else Shown()
            return replace(film, place=place, wait_s=studio.forecast.wait_s(job.kind, place))
        case State.RUNNING | State.DONE if job.kind == Kind.TRAIN:
            return await _film(studio, job, limit_bytes)
        case State.RUNNING if job.kind == Kind.TRANSCRIBE:
            return Shown(words=await read_words(studio, job))
        case State.RUNNING:
            preview = await read_preview(studio, job)
            return Shown(preview=preview if preview and len(preview.content) <= limit_bytes else None)
        case State.DONE if job.kind == Kind.TRANSCRIBE:
            return Shown(documents=() if fits_on_card(job) else transcript_files(job, limit_bytes))
        case State.DONE:
            return Shown(pictures=await fitting_pictures(studio, job, limit_bytes))
    return Shown()


def fit_for_all(studio: Studio, client: discord.Client, job: Job, shown: Shown) -> Shown:
    """Return what may be shown of a job where everybody may look: no pictures from an age-restricted channel.

    A job of before the channel was noted counts as its channel does now.
    """
    if not shown.gallery:
        return shown
    restricted = is_for_adults(studio, job) or is_age_restricted(client.get_channel(job.channel_id))
    return shown.without_pictures() if restricted else shown


async def _film(studio: Studio, job: Job, limit_bytes: int) -> Shown:
    subject = await studio.subjects.by_job(job.id)
    return Shown(
        pictures=await read_film(studio, job, limit_bytes),
        steps=tuple(await film_steps(studio, job)),
        chosen=subject.step if subject else None,
    )
