"""Files that were sent, and their signed addresses that expire, as on Discord's CDN."""

import hashlib
import hmac
import io
import mimetypes
import re
import secrets
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from PIL import Image

from bot.sandbox.clock import Clock
from bot.sandbox.snowflakes import Snowflakes

URL_LIFE_S = 24 * 3600
RETIRED_S = 60
KEPT_BYTES = 1 << 30  # the oldest files are forgotten beyond this

_CONTENT_TYPE = re.compile(r"[\w.+-]{1,40}/[\w.+-]{1,80}", re.ASCII)

mimetypes.add_type("image/webp", ".webp")
mimetypes.add_type("audio/ogg", ".ogg")
mimetypes.add_type("application/x-subrip", ".srt")
mimetypes.add_type("text/vtt", ".vtt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file on its way in, from the bot or from a person."""

    filename: str
    content: bytes
    content_type: str | None = None
    description: str | None = None
    duration_secs: float | None = None
    waveform: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file as it is kept."""

    id: str
    channel_id: str
    filename: str
    content: bytes
    content_type: str
    description: str | None = None
    duration_secs: float | None = None
    waveform: str | None = None
    ephemeral: bool = False
    size_px: tuple[int, int] | None = None


class Files:
    """Keeps files, and signs and checks addresses."""

    def __init__(self, clock: Clock, snowflakes: Snowflakes) -> None:
        self._clock = clock
        self._snowflakes = snowflakes
        self.key = secrets.token_bytes(32)
        self.base_url = ""  # set once the server knows its port
        self.expired_before_s = 0.0  # addresses issued before this are too old (a fault)
        self.by_id: dict[str, StoredFile] = {}
        self._kept_bytes = 0

    def add(self, upload: Upload, channel_id: str, *, ephemeral: bool = False) -> StoredFile:
        """Keep a file and return it with its id."""
        filename = clean_filename(upload.filename)
        guessed = mimetypes.guess_type(filename)[0]
        declared = (upload.content_type or "").partition(";")[0].strip().lower()  # "audio/webm;codecs=opus"
        if declared == "application/octet-stream" or not _CONTENT_TYPE.fullmatch(declared):
            declared = ""
        stored = StoredFile(
            id=self._snowflakes.next(),
            channel_id=channel_id,
            filename=filename,
            content=upload.content,
            content_type=declared or guessed or "application/octet-stream",
            description=upload.description,
            duration_secs=upload.duration_secs,
            waveform=upload.waveform,
            ephemeral=ephemeral,
            size_px=image_size_px(upload.content),
        )
        self.keep(stored)
        return stored

    def keep(self, stored: StoredFile) -> None:
        """Keep a file that has its id already, and forget the oldest if there are too many bytes."""
        self.by_id[stored.id] = stored
        self._kept_bytes += len(stored.content)
        while self._kept_bytes > KEPT_BYTES and len(self.by_id) > 1:
            self.drop(next(iter(self.by_id)))

    def drop(self, file_id: str) -> None:
        """Forget a file; its address answers 404 from now on."""
        if stored := self.by_id.pop(file_id, None):
            self._kept_bytes -= len(stored.content)

    def retire(self, file_id: str) -> None:
        """Forget a file soon: a browser that was told of it a moment ago can still load it, as on Discord."""
        self._clock.at(self._clock.now() + RETIRED_S, lambda: self.drop(file_id))

    def sign(self, stored: StoredFile, folder: str = "attachments") -> str:
        """Return an address that is good for a day."""
        issued_s = int(self._clock.now())
        path = f"{stored.channel_id}/{stored.id}/{quote(stored.filename)}"
        until, since = f"{issued_s + URL_LIFE_S:x}", f"{issued_s:x}"
        return f"{self.base_url}/{folder}/{path}?ex={until}&is={since}&hm={self._mac(stored.id, until, since)}&"

    def open(self, file_id: str, query: Mapping[str, str]) -> StoredFile | None:
        """Return the file that a signed address names; None if the address is wrong or too old."""
        until, since = query.get("ex", ""), query.get("is", "")
        if not hmac.compare_digest(query.get("hm", ""), self._mac(file_id, until, since)):
            return None
        if int(until, 16) < self._clock.now() or int(since, 16) < self.expired_before_s:
            return None
        return self.by_id.get(file_id)

    def expire_urls(self) -> None:
        """Make every address issued until now too old."""
        self.expired_before_s = int(self._clock.now()) + 1
        self._clock.advance(1)

    def named_by(self, url: str) -> StoredFile | None:
        """Return the file that one of our own addresses names, whether it is still good or not."""
        match = re.match(re.escape(self.base_url) + r"/(?:attachments|media/attachments)/\d+/(\d+)/", url)
        return self.by_id.get(match[1]) if match else None

    def payload(self, stored: StoredFile) -> dict[str, Any]:
        """Return Discord's attachment object."""
        body: dict[str, Any] = {
            "id": stored.id,
            "filename": stored.filename,
            "size": len(stored.content),
            "url": self.sign(stored),
            "proxy_url": self.sign(stored, "media/attachments"),
            "content_type": stored.content_type,
        }
        if stored.size_px:
            body["width"], body["height"] = stored.size_px
        for name in ("description", "duration_secs", "waveform"):
            if (value := getattr(stored, name)) is not None:
                body[name] = value
        return body | {"ephemeral": True} if stored.ephemeral else body

    def _mac(self, file_id: str, until: str, since: str) -> str:
        return hmac.new(self.key, f"{file_id}/{until}/{since}".encode(), hashlib.sha256).hexdigest()


def image_size_px(content: bytes) -> tuple[int, int] | None:
    """Return (width, height) of a PNG, GIF, JPEG or WebP by its header; None for anything else, and for a bomb."""
    try:
        with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            return Image.open(io.BytesIO(content), formats=("PNG", "GIF", "JPEG", "WEBP")).size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # SyntaxError: Pillow's for a broken chunk
        return None


def clean_filename(name: str) -> str:
    """Return a file name with the characters that Discord keeps."""
    kept = re.sub(r"[^\w.\-]+", "_", name.replace("\\", "/").rsplit("/", 1)[-1], flags=re.ASCII).strip("_")
    return kept[-120:] or "unnamed"
