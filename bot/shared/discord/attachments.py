"""Files on messages, as the features take them."""

import math
from collections.abc import Sequence
from typing import Any

import discord

from bot.shared.files.downloads import RemoteFile

PICTURE_TYPES = frozenset({"image/png", "image/jpeg", "image/webp"})
PICTURES_MAX = 10  # of a message, as many as the platform lets it have


def attached_of(attachment: discord.Attachment) -> RemoteFile:
    """Describe an attachment without Discord."""
    stated_s = attachment.duration
    known = stated_s is not None and math.isfinite(stated_s) and stated_s > 0
    return RemoteFile(
        url=attachment.url,
        name=attachment.filename,
        size_bytes=attachment.size,
        content_type=attachment.content_type or "",
        duration_s=stated_s if known else None,
        size_px=_size_px(attachment),
    )


def _size_px(picture: discord.Attachment | discord.UnfurledMediaItem) -> tuple[int, int] | None:
    return (picture.width, picture.height) if picture.width and picture.height else None


def clip_in(message: discord.Message) -> tuple[RemoteFile, int | None] | None:
    """Return the first thing in a message that may have sound, and whose voice it is; None if there is none.

    Whose voice is in a message that was passed on, the platform does not say.
    """
    own = [(attachment, message.author.id) for attachment in message.attachments]
    passed_on = [(attachment, None) for snapshot in message.message_snapshots for attachment in snapshot.attachments]
    for attachment, speaker_id in (*own, *passed_on):
        if (attached := attached_of(attachment)).may_sound:
            return attached, speaker_id
    return None


def pictures_in(message: discord.Message) -> list[RemoteFile]:
    """Return the pictures of a message that can be begun from, also where it was passed on, or is a card of ours."""
    snapshots = [attachment for snapshot in message.message_snapshots for attachment in snapshot.attachments]
    found = [attached_of(one) for one in (*message.attachments, *snapshots)]
    pictures = [one for one in found if one.content_type.split(";")[0].strip().lower() in PICTURE_TYPES]
    return (pictures or _shown_in(message.components))[:PICTURES_MAX]


def _shown_in(components: Sequence[Any]) -> list[RemoteFile]:
    """Return the pictures in the galleries among components; how large they are is not said there."""
    shown: list[RemoteFile] = []
    for one in components:
        if isinstance(one, discord.MediaGalleryComponent):
            media = [item.media for item in one.items]
            shown += [RemoteFile(url=item.url, size_bytes=0, size_px=_size_px(item)) for item in media]
        shown += _shown_in(getattr(one, "children", ()))
    return shown
