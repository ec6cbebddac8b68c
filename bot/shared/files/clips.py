"""Clips: voice messages and files taken in from the platform, kept for a while, then thrown away.

A clip lies at `uploads/<id>/clip`, where the id is that of the interaction (or message) that asked for its text, so
the same event again finds the same clip, and each job owns the one that it reads. Clips are kept for some hours after
their job, so that 'other language' and 'translate' need not ask the platform again: a file that came with a slash
command is in no message that could be asked. What failed or was deleted is thrown away at once.
"""

import asyncio
import datetime as dt
from dataclasses import dataclass

from bot.shared.errors import BadParameter, Refused
from bot.shared.files.downloads import Downloads, RemoteFile
from db.errors import FileMissing
from db.file_keys import UPLOADS, clip_file, id_in, is_clip
from db.files import FileStore
from inference.audio import AudioDecoder, AudioLimits


class NothingToHear(BadParameter):
    """A file or message without anything that could be heard."""

    message = "I found no voice message, audio or video there. Please choose another message or `file`."


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipRules:
    """How much may be sent, and for how long it is kept."""

    seconds_max: float
    bytes_max: int
    kept: dt.timedelta  # after the job's end


class Clips:
    """Take clips in, and keep them."""

    def __init__(self, files: FileStore, downloads: Downloads, rules: ClipRules) -> None:
        self.rules = rules
        self._files = files
        self._downloads = downloads

    def check(self, attached: RemoteFile) -> None:
        """Refuse what need not be fetched to know that it cannot be used.

        Raises:
            NothingToHear: there is no sound in it.
            BadParameter: it is longer or larger than clips may be.
        """
        if not attached.may_sound:
            raise NothingToHear
        if attached.duration_s is not None and attached.duration_s > self.rules.seconds_max:
            raise BadParameter(
                f"That is longer than {self.rules.seconds_max / 60:g} min, the limit. Please send a shorter clip."
            )
        if attached.size_bytes > self.rules.bytes_max:
            raise BadParameter(
                f"That file is larger than {self.rules.bytes_max >> 20} MiB, the limit. Please send a smaller one."
            )

    async def take_in(self, attached: RemoteFile, clip_id: int) -> tuple[str, float]:
        """Fetch a clip and keep it.

        Returns:
            Its file key and its duration in seconds: as the platform said, else as decoded.

        Raises:
            NotFetched, TooLarge: the platform did not hand it over.
            AudioRejected: its duration had to be looked for, and there is no sound in it.
        """
        key = clip_file(clip_id)
        async with self._downloads.room:
            content = await self._downloads.fetch(attached.url, self.rules.bytes_max)
            duration_s = attached.duration_s
            if duration_s is None:
                duration_s = await asyncio.to_thread(_duration_s, content, self.rules)
            await self._files.put(key, content)
        return key, duration_s

    async def copy(self, key: str, clip_id: int) -> str:
        """Keep a clip a second time, for a job of its own; return the new key.

        Raises:
            Refused: it is not kept any more.
        """
        try:
            content = await self._files.get(key)
        except FileMissing as error:
            raise Refused("I no longer have the recording. Please send it again.") from error
        await self._files.put(clip_file(clip_id), content)
        return clip_file(clip_id)

    async def kept_ids(self) -> list[int]:
        """Return the ids of all clips that are kept."""
        return [int(id_in(key)) for key in await self._files.list(UPLOADS) if is_clip(key)]


def _duration_s(content: bytes, rules: ClipRules) -> float:
    """Decode a clip, in a process that holds nothing, to learn how long it is. For a thread."""
    decoder = AudioDecoder(AudioLimits(seconds=rules.seconds_max, file_bytes=rules.bytes_max), samples_wanted=False)
    try:
        return decoder.measure(content)
    finally:
        decoder.close()
