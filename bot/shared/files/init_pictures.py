"""Pictures that others begin from: taken in from the platform, looked at, and kept as long as what was drawn from them.

One lies at `uploads/<id>/picture`, its mask or others beside it, where the id is that of the interaction that asked for
pictures: the same event again finds the same one, and each job owns the one that it reads, so that *Re-roll*, *Edit
prompt* and the buttons that vary a finished picture make a copy.
"""

import asyncio
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace

from PIL import Image

from bot.shared.errors import BadParameter, Refused
from bot.shared.files.averages import average_of
from bot.shared.files.downloads import RemoteFile
from bot.shared.files.photos import INIT_SIDE_PX, PHOTO_BYTES_MAX, Photo, Photos
from db.file_keys import UPLOADS, id_in, init_picture_file, init_picture_files, is_init_picture, mask_file
from db.files import FileStore
from inference.decoders.photos import SIDE_MIN_PX, Verdict
from inference.requests import InitPicture

NO_MASK = "I no longer have what you painted. Press Vary (Region) again; nothing was charged."
NOT_A_PICTURE = "`{}` must be a PNG, JPEG or WebP picture. Please choose another file."
TOO_LARGE = "`{}` is too large: at most 20 MB, and 50 megapixels (PNG 25, WebP 13). Please make it smaller."
REFUSALS = {
    Verdict.SMALL: f"`{{}}` is too small: both sides need at least {SIDE_MIN_PX} px. Please choose a larger one.",
    Verdict.LONG: "`{}` is too long and narrow. Please crop it to at most 4:1.",
    Verdict.NOT_A_PICTURE: NOT_A_PICTURE,
    Verdict.UNREADABLE: "`{}` can't be read. Please save it again, best as PNG or JPEG.",
    Verdict.TOO_LARGE: TOO_LARGE,
    Verdict.NOT_FETCHED: "I couldn't download your `{}` from Discord. Please send it again.",
}


class InitPictures:
    """Take them in, and keep them."""

    def __init__(self, files: FileStore, photos: Photos) -> None:
        self._files = files
        self._photos = photos

    def check(self, attached: RemoteFile, *, what: str = "image") -> None:
        """Refuse what need not be fetched to know that it cannot be used.

        Raises:
            BadParameter: it is no picture, or too large.
        """
        said = attached.content_type.split("/", 1)[0].strip().lower()
        if said not in ("", "image", "application"):  # what it is in truth, its content says
            raise BadParameter(NOT_A_PICTURE.format(what))
        if attached.size_bytes > PHOTO_BYTES_MAX:
            raise BadParameter(TOO_LARGE.format(what))

    async def take_in(self, attached: RemoteFile, event_id: int, number: int = 1, *, what: str = "image") -> str:
        """Fetch a picture and keep it, made anew from its pixels; of an animated one, the first frame.

        Args:
            attached: the picture, as the platform describes it.
            event_id: under which it is kept.
            number: of several, counted from 1.
            what: it is to its member, for sentences.

        Returns:
            Its file key.

        Raises:
            BadParameter: it cannot be used; the message says why. Nothing is kept.
        """
        looked_at = await self._photos.look_at_init_picture(attached)
        if not looked_at.usable:
            raise BadParameter(REFUSALS[looked_at.verdict].format(what))
        key = init_picture_file(event_id, number)
        await self._files.put(key, looked_at.content)
        return key

    async def take_in_all(self, attached: Sequence[RemoteFile], event_id: int) -> tuple[str, ...]:
        """Fetch several pictures and keep them.

        Returns:
            Their file keys.

        Raises:
            BadParameter: one cannot be used; the message says which and why. None is kept.
        """
        numbered = enumerate(attached, 1)
        try:
            return tuple([await self.take_in(one, event_id, number, what=f"image{number}") for number, one in numbered])
        except Exception:
            await self.forget(event_id)
            raise

    async def average(self, keys: Sequence[str], size_px: tuple[int, int]) -> str:
        """Keep the average of pictures in place of them; return its file key."""
        contents = [await self._files.get(key) for key in keys]
        await self._files.put(keys[0], await asyncio.to_thread(average_of, contents, size_px))
        for key in keys[1:]:
            await self._files.delete(key)
        return keys[0]

    async def take_in_mask(self, attached: RemoteFile, event_id: int) -> str:
        """Fetch the mask of a picture that is kept under the same id, and keep it, made anew from its pixels.

        Returns:
            Its file key.

        Raises:
            BadParameter: it cannot be used; the message says why. Neither it nor the picture is kept then.
        """
        try:
            looked_at = await self._photos.look_at_init_picture(attached)
            if not looked_at.usable:
                raise BadParameter(REFUSALS[looked_at.verdict].format("mask"))
            picture = await self._files.get(init_picture_file(event_id))
            content = await asyncio.to_thread(_fitting_mask, looked_at, picture)
        except Exception:
            await self.forget(event_id)
            raise
        return await self.keep_mask(content, event_id)

    async def take_in_painted(self, content: bytes, size_px: tuple[int, int], event_id: int) -> None:
        """Keep a mask that was painted, for a picture that comes with its job (`painted_mask`), made anew from pixels.

        Args:
            content: the file, from a stranger's browser.
            size_px: of what was painted on.
            event_id: of the interaction that the job will have.

        Raises:
            BadParameter: it cannot be used; the message says why. It is not kept.
        """
        looked_at = await self._photos.look_at_mask(content)
        if not looked_at.usable:
            raise BadParameter(REFUSALS[looked_at.verdict].format("mask"))
        await self.keep_mask(await asyncio.to_thread(_painted, looked_at, size_px), event_id)

    async def painted_mask(self, event_id: int) -> str:
        """Fit a mask that was painted to its picture, which is kept under the same id now; return its file key.

        Raises:
            Refused: it is not kept any more. Neither is the picture then.
        """
        mask, picture = await self._files.get_all([mask_file(event_id), init_picture_file(event_id)])
        if mask is None or picture is None:
            await self.forget(event_id)
            raise Refused(NO_MASK)
        return await self.keep_mask(await asyncio.to_thread(_resized, mask, picture), event_id)

    async def keep_mask(self, content: bytes, event_id: int) -> str:
        """Keep a mask of ours beside its picture; return its file key."""
        await self._files.put(key := mask_file(event_id), content)
        return key

    async def copy(self, init: InitPicture, event_id: int) -> InitPicture:
        """Keep a picture and its mask a second time, for a job of its own; return it with the new keys.

        Raises:
            Refused: they are not kept any more. Nothing is copied.
        """
        copies = {init.key: init_picture_file(event_id), **({init.mask: mask_file(event_id)} if init.mask else {})}
        await self._copy(copies, event_id)
        return replace(init, key=copies[init.key], mask=copies.get(init.mask, ""))

    async def copy_all(self, keys: Sequence[str], event_id: int) -> tuple[str, ...]:
        """Keep pictures a second time, for a job of its own; return the new keys.

        Raises:
            Refused: they are not kept any more. Nothing is copied.
        """
        copies = {key: init_picture_file(event_id, number) for number, key in enumerate(keys, 1)}
        await self._copy(copies, event_id)
        return tuple(copies[key] for key in keys)

    async def _copy(self, copies: Mapping[str, str], event_id: int) -> None:
        for key, content in zip(copies, await self._files.get_all(list(copies)), strict=True):
            if content is None:
                await self.forget(event_id)
                raise Refused("I no longer have the picture that this began from. Please send it again.")
            await self._files.put(copies[key], content)

    async def forget(self, event_id: int) -> None:
        """Throw pictures away, and a mask."""
        for key in init_picture_files(event_id):
            await self._files.delete(key)

    async def kept_ids(self) -> list[int]:
        """Return the ids of all pictures and masks that are kept."""
        return sorted({int(id_in(key)) for key in await self._files.list(UPLOADS) if is_init_picture(key)})


def _fitting_mask(sent: Photo, picture: bytes) -> bytes:
    """Return a mask that was looked at in a picture's size, as PNG.

    One that is larger than what is kept of pictures was made smaller; its ratio and its shorter side say what it was.

    Raises:
        BadParameter: it has another size, or nothing of it is white.
    """
    with Image.open(io.BytesIO(picture)) as opened:  # ours: reads the header alone
        size = opened.size
    mask = _black_and_white(sent)
    shrunk = min(1.0, INIT_SIDE_PX / max(size))
    off = (abs(kept - side * shrunk) for kept, side in zip(mask.size, size, strict=True))
    if sent.side_px != min(size) or max(off) > 1:
        raise BadParameter(f"`mask` must have the picture's size, {size[0]}×{size[1]} px. Nothing was charged.")
    if mask.getbbox() is None:
        raise BadParameter("`mask` is black all over. Please make white what should be drawn anew.")
    return _png(mask.resize(size, Image.Resampling.BILINEAR))


def _painted(sent: Photo, size_px: tuple[int, int]) -> bytes:
    """Return a painted mask that was looked at, as PNG.

    Raises:
        BadParameter: it has another size than what was painted on, or nothing was painted.
    """
    mask = _black_and_white(sent)
    if mask.size != size_px:
        raise BadParameter("That mask is not of this picture. Please paint it on this page.")
    if mask.getbbox() is None:
        raise BadParameter("Nothing is painted yet. Paint over what should be drawn anew.")
    return _png(mask)


def _resized(mask: bytes, picture: bytes) -> bytes:
    """Return a mask of ours in a picture's size, as PNG."""
    with Image.open(io.BytesIO(picture)) as opened:  # ours: reads the header alone
        size = opened.size
    with Image.open(io.BytesIO(mask)) as opened:
        return _png(opened.resize(size, Image.Resampling.BILINEAR))


def _black_and_white(sent: Photo) -> Image.Image:
    with Image.open(io.BytesIO(sent.content)) as opened:
        return opened.convert("L").point([0] * 128 + [255] * 128)


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
