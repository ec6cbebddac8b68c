"""The pictures of a message, as they can be used by somebody who sees it: of a card of ours, the finished ones."""

from pathlib import PurePosixPath

import discord
import yarl

from bot.features.imagine.base import USE
from bot.features.imagine.options import KeptPicture
from bot.shared.errors import Refused
from bot.shared.files.downloads import RemoteFile
from bot.shared.orders.order_request import RequestContext
from bot.shared.orders.source_pictures import check_may_use, source_picture
from bot.shared.results import picture_names
from bot.shared.services import Services
from db.queue.finding import job_of_message
from db.queue.job import Job
from inference.requests import Kind

NOT_YET = "That picture isn't finished yet. Please try again once it is there."


async def usable(
    services: Services, message_id: int, picture: RemoteFile, context: RequestContext
) -> RemoteFile | KeptPicture:
    """Return a picture of a message as it can be used: that of a card of ours is the finished one itself.

    Args:
        services: the stores, the catalogue and the rules.
        message_id: of the message, or of the one that was passed on in it.
        picture: as the message shows it.
        context: who asks, and where.

    Raises:
        PictureGone, NotYours, Refused: it is a job's, and cannot be had by them, or not here.
    """
    job = await services.db.read(job_of_message, message_id)
    if job is None:
        return picture
    check_may_use(services, job, context, use=USE)
    if job.kind not in (Kind.IMAGE, Kind.UPSCALE):
        return picture
    if not job.final:
        raise Refused(NOT_YET)
    number = _number(job, picture)
    found = await source_picture(services, job, number, context, use=USE)
    return KeptPicture(key=found.key, flags=found.flags, job_id=job.id, number=number, size_px=picture.size_px)


def _number(job: Job, picture: RemoteFile) -> int:
    """Return which of a job's pictures one is, by its name; 0: none. Smaller copies have another ending."""
    stem = PurePosixPath(yarl.URL(picture.url).path).stem
    stems = [PurePosixPath(name).stem for name in picture_names(job)]
    return stems.index(stem) + 1 if stem in stems else 0


def said_by(message: discord.Message) -> int:
    """Return the id of the message whose pictures one shows: its own, or of the one that was passed on in it."""
    if message.message_snapshots and message.reference is not None and message.reference.message_id is not None:
        return message.reference.message_id
    return message.id
