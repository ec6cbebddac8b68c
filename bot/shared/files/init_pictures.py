"""Pictures that others begin from: taken in from the platform, looked at, and kept as long as what was drawn from them.

One lies at `uploads/<id>/picture`, where the id is that of the interaction that asked for pictures: the same event
again finds the same one, and each job owns the one that it reads, so that *Re-roll* and *Edit prompt* make a copy.
"""

from bot.shared.errors import BadParameter, Refused
from bot.shared.files.downloads import RemoteFile
from bot.shared.files.photos import PHOTO_BYTES_MAX, Photos
from db.errors import FileMissing
from db.file_keys import UPLOADS, id_in, init_picture_file, is_init_picture
from db.files import FileStore
from inference.decoders.photos import SIDE_MIN_PX, Verdict

NOT_A_PICTURE = "`image` must be a PNG, JPEG or WebP picture. Please choose another file."
TOO_LARGE = "`image` is too large: at most 20 MB, and 50 megapixels (PNG 25, WebP 13). Please make it smaller."
REFUSALS = {
    Verdict.SMALL: f"`image` is too small: both sides need at least {SIDE_MIN_PX} px. Please choose a larger one.",
    Verdict.LONG: "`image` is too long and narrow. Please crop it to at most 4:1.",
    Verdict.NOT_A_PICTURE: NOT_A_PICTURE,
    Verdict.UNREADABLE: "`image` can't be read. Please save it again, best as PNG or JPEG.",
    Verdict.TOO_LARGE: TOO_LARGE,
    Verdict.NOT_FETCHED: "I couldn't download your `image` from Discord. Please send it again.",
}


class InitPictures:
    """Take them in, and keep them."""

    def __init__(self, files: FileStore, photos: Photos) -> None:
        self._files = files
        self._photos = photos

    def check(self, attached: RemoteFile) -> None:
        """Refuse what need not be fetched to know that it cannot be used.

        Raises:
            BadParameter: it is no picture, or too large.
        """
        said = attached.content_type.split("/", 1)[0].strip().lower()
        if said not in ("", "image", "application"):  # what it is in truth, its content says
            raise BadParameter(NOT_A_PICTURE)
        if attached.size_bytes > PHOTO_BYTES_MAX:
            raise BadParameter(TOO_LARGE)

    async def take_in(self, attached: RemoteFile, event_id: int) -> str:
        """Fetch a picture and keep it, made anew from its pixels; of an animated one, the first frame.

        Returns:
            Its file key.

        Raises:
            BadParameter: it cannot be used; the message says why. Nothing is kept.
        """
        looked_at = await self._photos.look_at_init_picture(attached)
        if not looked_at.usable:
            raise BadParameter(REFUSALS[looked_at.verdict])
        key = init_picture_file(event_id)
        await self._files.put(key, looked_at.content)
        return key

    async def copy(self, key: str, event_id: int) -> str:
        """Keep a picture a second time, for a job of its own; return the new key.

        Raises:
            Refused: it is not kept any more.
        """
        try:
            content = await self._files.get(key)
        except FileMissing as error:
            raise Refused("I no longer have the picture that this began from. Please send it again.") from error
        await self._files.put(init_picture_file(event_id), content)
        return init_picture_file(event_id)

    async def kept_ids(self) -> list[int]:
        """Return the ids of all pictures that are kept."""
        return [int(id_in(key)) for key in await self._files.list(UPLOADS) if is_init_picture(key)]
