"""Everything that is kept of a member: as zips with a readable page in them, or removed with a receipt."""

import asyncio
import datetime as dt
import io
import json
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bot.features.mydata.page import as_json, index_page
from bot.shared.results import delete_subject, forget_results, live_jobs, read_file, remove_jobs, stop_jobs, uploads_of
from bot.shared.services import Services
from db.errors import UnknownJob
from db.file_keys import UPLOADS, id_in, job_file, job_folder, photos_folder, subject_folder
from db.moderation.decisions import is_banned
from db.people.erasure import erase_member
from db.people.personal_data import personal_data_of
from db.people.subjects import subjects_of_member
from db.queue.finding import jobs_of_member, jobs_that_hear
from db.queue.job import FINAL, State
from db.queue.pending import orders_of_member
from db.queue.retention import forget_speaker
from inference.checks import withheld_names
from inference.requests import Kind

CHECKED = (Kind.IMAGE, Kind.UPSCALE)  # kinds of job whose pictures a checker sees
HEARD = ("id", "kind", "state", "queued_at", "guild_id", "channel_id", "outcome")  # of a job that is somebody else's
ZIP_EXTRA_BYTES = 1024  # for each file: its headers, twice

File = tuple[str, bytes]  # its name, and what is in it


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionReceipt:
    """How much of a member was removed, and what stays."""

    jobs: int
    subjects: int
    files: int
    credits: int  # entries in the ledger
    ban_stays: bool


async def export_parts(services: Services, user_id: int, limit_bytes: int) -> AsyncIterator[File]:
    """Yield zips, each within the limit, one in memory at a time; the first has the page and the data.

    A file that is larger than the limit by itself is cut; its pieces are called `….piece-1` and so on.
    """
    waiting: list[File] = []
    size = number = 0
    async for file in _pieces(_all_files(services, user_id), limit_bytes):
        file_size = len(file[1]) + ZIP_EXTRA_BYTES
        if waiting and size + file_size > limit_bytes:
            number += 1
            yield await asyncio.to_thread(_zipped, number, waiting)
            waiting, size = [], 0
        waiting.append(file)
        size += file_size
    yield await asyncio.to_thread(_zipped, number + 1, waiting)


async def _all_files(services: Services, user_id: int) -> AsyncIterator[File]:
    """Yield the page, the data, and every file that is kept of a member."""
    rows = await services.db.read(personal_data_of, user_id)
    rows["heard"] = [
        {name: getattr(job, name) for name in HEARD} for job in await services.db.read(jobs_that_hear, user_id)
    ]
    keys = await _keys(services, user_id, {row["id"]: row["request"] for row in rows["jobs"]})
    jobs = {row["id"]: row for row in rows["jobs"]}
    keys = [key for key in keys if not _is_held_back(services, key, jobs.get(id_in(key)))]
    page = await asyncio.to_thread(index_page, rows, keys, dt.datetime.now(dt.UTC))
    yield "index.html", page.encode()
    data = await asyncio.to_thread(json.dumps, rows, default=as_json, indent=1, ensure_ascii=False)
    yield "data.json", data.encode()
    for key in keys:
        if (content := await read_file(services, key)) is not None:
            yield f"files/{key}", content


def _is_held_back(services: Services, key: str, job: Mapping[str, Any] | None) -> bool:
    """Tell whether a job's file is a picture that a checker flagged so that only operators see it, or may be one yet.

    Args:
        services: the stores, the catalogue and the rules.
        key: the file's.
        job: the row of its job; None: it is none of a job's.
    """
    if job is None:
        return False
    undecided = State(job["state"]) not in FINAL and job["kind"] in CHECKED and bool(services.catalogue.checkers)
    return undecided or key in {job_file(job["id"], name) for name in withheld_names(job["outcome"].get("files", {}))}


async def delete_everything(services: Services, user_id: int) -> DeletionReceipt:
    """Stop what runs, then remove a member's files and rows.

    Raises:
        StillLive: something does not stop in time, or came meanwhile. What went is gone; the rest can be tried again.
    """
    await stop_jobs(services, await live_jobs(services, user_id), by_user=user_id)
    every_job = await services.db.read(jobs_of_member, user_id, limit=None)
    keys = await _keys(services, user_id, {job.id: job.request for job in every_job})
    banned = await services.db.read(is_banned, user_id)
    for job in await stop_jobs(services, await services.db.read(jobs_that_hear, user_id), by_user=user_id):
        with suppress(UnknownJob):  # its owner was quicker
            await forget_results(services, job)
            await services.db.write(forget_speaker, job)
    removed = await _remove_ended(services, user_id)
    subjects = await services.db.read(subjects_of_member, user_id)  # after the trainings: each of those makes one
    for subject in subjects:
        await delete_subject(services, subject)
    for key in keys:
        await services.files.delete(key)  # photos before a training, and what a job had left elsewhere
    gone = await services.db.write(erase_member, user_id, jobs_are_gone=True)
    return DeletionReceipt(
        jobs=removed,
        subjects=len(subjects),
        files=len(keys),
        credits=gone["credits"],
        ban_stays=banned,
    )


async def _remove_ended(services: Services, user_id: int) -> int:
    """Remove jobs until none that has ended is left, for some end meanwhile; return how many were removed."""
    removed = 0
    while ended := [job for job in await services.db.read(jobs_of_member, user_id, limit=None) if job.final]:
        removed += await remove_jobs(services, ended)
    return removed


async def _keys(services: Services, user_id: int, requests: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return the keys of all files of a member: of jobs and what was sent for them, subjects, photos before a training.

    requests: of all their jobs, by the jobs' ids.
    """
    prefixes = [job_folder(job_id) for job_id in requests]
    for subject in await services.db.read(subjects_of_member, user_id):
        prefixes += [subject_folder(subject.id), photos_folder(subject.id)]
    prefixes += [photos_folder(order.id) for order in await services.db.read(orders_of_member, user_id)]
    keys = [key for prefix in prefixes for key in await services.files.list(prefix)]
    sent = {key for request in requests.values() for key in uploads_of(request)}
    keys += [key for key in await services.files.list(UPLOADS) if key in sent]
    return sorted(set(keys))


async def _pieces(files: AsyncIterator[File], limit_bytes: int) -> AsyncIterator[File]:
    """Yield the files, and in place of one that is too large its pieces."""
    room = limit_bytes - ZIP_EXTRA_BYTES
    async for name, content in files:
        if len(content) <= room:
            yield name, content
            continue
        for number, start in enumerate(range(0, len(content), room), 1):
            yield f"{name}.piece-{number}", content[start : start + room]


def _zipped(number: int, files: list[File]) -> File:
    """Pack files as they are: pictures do not get smaller, and sizes can be told beforehand."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return f"atelier-data-{number}.zip", packed.getvalue()
