"""The photos of a training before it begins: those that were looked at and are kept, until a yes or a no.

They lie below `uploads/<id>/`, and what was asked for is a pending order with that id. It outlives a restart, belongs
to one member, and goes after an hour; the subject gets the same id.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from bot.shared.errors import Refused
from bot.shared.files.photos import Photo
from bot.shared.orders.confirm import decline
from bot.shared.services import Services
from db.errors import UnknownOrder
from db.file_keys import photo_file
from db.ids import new_id
from db.queue.finding import job_of_interaction
from db.queue.pending import PendingOrder, find_order

PHOTOS_MIN = 3


class PhotosGone(Refused):
    """The photos were thrown away, or used."""

    message = "I no longer have these photos. Please send them again with `/train`."


class TrainingBegun(Refused):
    """The training was paid for, and has the photos."""

    message = "This training has already started. To use other photos, stop it on its card and run `/train` again."


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoSet:
    """Photos that were looked at and are kept."""

    id: str
    hashes: tuple[str, ...]  # SHA-256 of the usable ones, as they were sent

    @property
    def keys(self) -> tuple[str, ...]:
        """The file keys of the usable photos."""
        return tuple(photo_file(self.id, index) for index in range(len(self.hashes)))

    @property
    def enough(self) -> bool:
        """Whether there are as many as it takes."""
        return len(self.hashes) >= PHOTOS_MIN


async def keep_photos(services: Services, looked_at: Sequence[Photo]) -> PhotoSet:
    """Keep the usable ones of some photos, for a while."""
    usable = [photo for photo in looked_at if photo.usable]
    photos = PhotoSet(
        id=new_id(dt.datetime.now(dt.UTC)),
        hashes=tuple(photo.sha256 for photo in usable),
    )
    for key, photo in zip(photos.keys, usable, strict=True):
        await services.files.put(key, photo.content)
    return photos


async def discard(services: Services, order: PendingOrder) -> None:
    """Throw a training's photos away before it has begun.

    Raises:
        TrainingBegun: they belong to it.
        PhotosGone: that was done before.
    """
    if not await decline(services, order):
        await check_kept(services, order)


async def check_kept(services: Services, order: PendingOrder) -> None:
    """See that photos, found a while ago, still wait for a 'go'.

    Raises:
        TrainingBegun: it was given.
        PhotosGone: they were thrown away.
    """
    try:
        await services.db.read(find_order, order.id)
    except UnknownOrder as error:
        begun = await services.db.read(job_of_interaction, order.interaction_id)
        raise (TrainingBegun if begun else PhotosGone) from error
