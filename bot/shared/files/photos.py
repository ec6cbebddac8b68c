"""A member's photos taken in: fetched, looked at, turned upright, stripped of all but the picture.

Nothing of a photo is decoded here: that is done in a locked-down process (`inference/decoders`), from which pixels come
and no file. What is kept is a PNG made anew from those: no EXIF, no place, no thumbnail of a larger picture, nothing
after the end. One photo is in memory at a time, whoever sent it, and members take turns by the photo.
"""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from bot.shared.files.downloads import Downloads, NotFetched, RemoteFile, TooLarge
from inference.decoders.photos import LOOK_PX, THUMBNAIL_PX, Verdict
from inference.decoders.process import DecoderLimits, DecoderProcess, NotDecoded

PHOTO_BYTES_MAX = 20 * 2**20
USABLE = frozenset({Verdict.GOOD, Verdict.TURNED, Verdict.BLURRED, Verdict.LOW_RESOLUTION})
INIT_SIDE_PX = 1536  # of a picture that others begin from: models draw 512 or 1024 px, of which its middle is cropped
SAME_DIFFERENCE = 3.0  # mean, of 0 … 255: the same photo, saved twice or made smaller
BOUNDS = DecoderLimits(
    memory_bytes=448 << 20,  # of address space: Python, numpy and Pillow map 120 MiB, a file, and 200 for its pixels
    timeout_s=20.0,  # the largest takes two, alone on a core
    reply_bytes=3 * (INIT_SIDE_PX**2 + THUMBNAIL_PX**2 + LOOK_PX**2),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """One photo that was looked at."""

    verdict: Verdict
    sha256: str  # of the file as it was sent; empty where it was not fetched
    content: bytes = b""  # PNG, cleaned; empty where it cannot be used
    thumbnail: bytes = b""  # WebP
    look: bytes = b""  # 16 × 16 RGB, to find the same photo twice
    side_px: int = 0  # the shorter one, as it was sent; 0: not known
    same_as: int | None = None  # of a duplicate: the number of the first, from 1

    @property
    def usable(self) -> bool:
        """Whether it can be trained on."""
        return self.verdict in USABLE


class PhotoDecoder:
    """Looks at one photo at a time in a process of its own, which is kept until it is closed. Work for a thread."""

    def __init__(self) -> None:
        self.process = DecoderProcess("photos", BOUNDS)

    def inspect(self, file: bytes, **options: Any) -> Photo:
        """Look at one photo and clean it, with options of the decoder. Nothing that a file holds raises."""
        sha256 = hashlib.sha256(file).hexdigest()
        if len(file) > PHOTO_BYTES_MAX:
            return Photo(verdict=Verdict.TOO_LARGE, sha256=sha256)
        try:
            return _photo(sha256, *self.process.ask(file, options))
        except NotDecoded as error:
            verdict = Verdict.TOO_LARGE if str(error) == "memory" else Verdict.UNREADABLE
            return Photo(verdict=verdict, sha256=sha256)
        except (ValueError, TypeError, LookupError):  # a process that was taken over may answer anything
            self.process.close()
            return Photo(verdict=Verdict.UNREADABLE, sha256=sha256)

    def close(self) -> None:
        """End the process."""
        self.process.close()


class Photos:
    """Take members' photos in: fetched and looked at, one at a time."""

    def __init__(self, downloads: Downloads) -> None:
        self._downloads = downloads
        self._decoder = PhotoDecoder()
        self._one = asyncio.Lock()
        self._forms = 0  # that are being looked at

    async def look_at(self, sent: Sequence[RemoteFile], *, learnt_px: int = 0) -> list[Photo]:
        """Fetch photos and look at each; of those that look the same, the first can be used.

        Args:
            sent: where they are.
            learnt_px: the side at which they are learnt from; a smaller photo has to be enlarged.

        Returns:
            A verdict for each, those that could not be fetched included.
        """
        async with self._decoding():
            return without_duplicates([_measured(await self._look_at(one), learnt_px) for one in sent])

    async def look_at_init_picture(self, sent: RemoteFile) -> Photo:
        """Fetch a picture that others are to begin from, and look at it; a blank one is as good as any."""
        async with self._decoding():
            return await self._look_at(sent, blank=True, kept_px=INIT_SIDE_PX)

    async def look_at_mask(self, content: bytes) -> Photo:
        """Look at a picture's mask that came by itself, so that nothing is fetched."""
        async with self._decoding(), self._one, self._downloads.room:
            return await asyncio.to_thread(self._decoder.inspect, content, blank=True, kept_px=INIT_SIDE_PX)

    @asynccontextmanager
    async def _decoding(self) -> AsyncIterator[None]:
        self._forms += 1
        try:
            yield
        finally:
            self._forms -= 1
            if not self._forms:
                await asyncio.to_thread(self._decoder.close)  # it costs a second to start, and 40 MB to keep

    async def _look_at(self, sent: RemoteFile, **options: Any) -> Photo:
        if sent.size_bytes > PHOTO_BYTES_MAX:
            return Photo(verdict=Verdict.TOO_LARGE, sha256="")
        async with self._one, self._downloads.room:
            try:
                content = await self._downloads.fetch(sent.url, PHOTO_BYTES_MAX)
            except TooLarge:
                return Photo(verdict=Verdict.TOO_LARGE, sha256="")
            except NotFetched:
                return Photo(verdict=Verdict.NOT_FETCHED, sha256="")
            return await asyncio.to_thread(self._decoder.inspect, content, **options)


def without_duplicates(photos: Sequence[Photo]) -> list[Photo]:
    """Return photos in their order; of those that look the same, the first can be used."""
    told: list[Photo] = []
    for photo in photos:
        usable = [number for number, other in enumerate(told, 1) if photo.usable and other.usable]
        same = (number for number in usable if _difference(photo.look, told[number - 1].look) <= SAME_DIFFERENCE)
        if first := next(same, None):
            photo = replace(photo, verdict=Verdict.DUPLICATE, content=b"", same_as=first)
        told.append(photo)
    return told


def _measured(photo: Photo, learnt_px: int) -> Photo:
    """Return a photo, with another verdict if it has to be enlarged to be learnt from."""
    return replace(photo, verdict=Verdict.LOW_RESOLUTION) if photo.usable and photo.side_px < learnt_px else photo


def _photo(sha256: str, reply: dict[str, Any], parts: list[bytes]) -> Photo:
    """Make a photo of a reply. Raises ValueError, TypeError or LookupError if it makes no sense."""
    verdict, (kept_size, thumbnail_size) = Verdict(reply["verdict"]), reply["sizes"]
    kept, thumbnail, look = parts
    if len(look) != (3 * LOOK_PX**2 if verdict in USABLE else 0):
        raise ValueError("a usable photo has a look")
    return Photo(
        verdict=verdict,
        sha256=sha256,
        content=_encoded(kept, kept_size, "PNG"),
        thumbnail=_encoded(thumbnail, thumbnail_size, "WEBP"),
        look=look,
        side_px=int(reply.get("side", 0)),
    )


def _encoded(pixels: bytes, size: Sequence[int], kind: str) -> bytes:
    """Return RGB pixels as a file; no pixels: no file."""
    if not pixels:
        return b""
    width, height = size
    stream = io.BytesIO()
    Image.frombytes("RGB", (int(width), int(height)), pixels).save(stream, kind)
    return stream.getvalue()


def _difference(one: bytes, other: bytes) -> float:
    pixels = (np.frombuffer(look, dtype=np.uint8).astype(np.int16) for look in (one, other))
    return float(np.abs(np.subtract(*pixels)).mean())
