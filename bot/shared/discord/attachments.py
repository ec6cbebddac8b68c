"""Files on messages, as the features take them."""

import math

import discord

from bot.shared.files.downloads import RemoteFile


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
    )


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
