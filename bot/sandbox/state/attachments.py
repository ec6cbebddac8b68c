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

from bot.sandbox.clock import SandboxClock
from bot.sandbox.state.snowflakes import SnowflakeGenerator

URL_LIFE_S = 24 * 3600
REPLACED_LIFE_S = 60
MAX_KEPT_BYTES = 1 << 30  # the oldest files are forgotten beyond this

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
class Attachment:
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
    size_px: tuple[int, int] | None = None  # (width, height) of a picture


class AttachmentStore:
    """Keeps files, and signs and checks their addresses."""

    def __init__(self, clock: SandboxClock, snowflakes: SnowflakeGenerator) -> None:
        self._clock = clock
        self._snowflakes = snowflakes
        self.key = secrets.token_bytes(32)
        self.base_url = ""  # set once the server knows its port
        self.expired_before_s = 0.0  # addresses issued before this are too old (a fault)
        self.by_id: dict[str, Attachment] = {}
        self._kept_bytes = 0

    def add(self, upload: Upload, channel_id: str, *, ephemeral: bool = False) -> Attachment:
        """Keep a file under a new id, with the type that it is declared to be, or that its name tells."""
        filename = clean_filename(upload.filename)
        guessed = mimetypes.guess_type(filename)[0]
        declared = (upload.content_type or "").partition(";")[0].strip().lower()  # "audio/webm;codecs=opus"
        if declared == "application/octet-stream" or not _CONTENT_TYPE.fullmatch(declared):
            declared = ""
        attachment = Attachment(
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
        self.keep(attachment)
        return attachment

    def keep(self, attachment: Attachment) -> None:
        """Keep a file that has its id already; forget the oldest if there are too many bytes."""
        self.by_id[attachment.id] = attachment
        self._kept_bytes += len(attachment.content)
        while self._kept_bytes > MAX_KEPT_BYTES and len(self.by_id) > 1:
            self.remove(next(iter(self.by_id)))

    def remove(self, attachment_id: str) -> None:
        """Forget a file; its address answers 404 from now on."""
        if attachment := self.by_id.pop(attachment_id, None):
            self._kept_bytes -= len(attachment.content)

    def remove_later(self, attachment_id: str) -> None:
        """Forget a file in a minute: a browser that was just told of it can still load it, as on Discord."""
        self._clock.call_at(self._clock.now() + REPLACED_LIFE_S, lambda: self.remove(attachment_id))

    def signed_url(self, attachment: Attachment, folder: str = "attachments") -> str:
        """Return an address of a file that is good for a day."""
        issued_s = int(self._clock.now())
        path = f"{attachment.channel_id}/{attachment.id}/{quote(attachment.filename)}"
        expires, issued = f"{issued_s + URL_LIFE_S:x}", f"{issued_s:x}"
        mac = self._mac(attachment.id, expires, issued)
        return f"{self.base_url}/{folder}/{path}?ex={expires}&is={issued}&hm={mac}&"

    def open(self, attachment_id: str, query: Mapping[str, str]) -> Attachment | None:
        """Return the file that a signed address names; None if its signature is wrong or it has expired."""
        expires, issued = query.get("ex", ""), query.get("is", "")
        if not hmac.compare_digest(query.get("hm", ""), self._mac(attachment_id, expires, issued)):
            return None
        if int(expires, 16) < self._clock.now() or int(issued, 16) < self.expired_before_s:
            return None
        return self.by_id.get(attachment_id)

    def expire_urls(self) -> None:
        """Let every address that was issued until now expire."""
        self.expired_before_s = int(self._clock.now()) + 1
        self._clock.advance(1)

    def find_by_url(self, url: str) -> Attachment | None:
        """Return the file that one of the sandbox's addresses names, expired or not; None if there is none."""
        match = re.match(re.escape(self.base_url) + r"/(?:attachments|media/attachments)/\d+/(\d+)/", url)
        return self.by_id.get(match[1]) if match else None

    def payload(self, attachment: Attachment) -> dict[str, Any]:
        """Return Discord's attachment object."""
        body: dict[str, Any] = {
            "id": attachment.id,
            "filename": attachment.filename,
            "size": len(attachment.content),
            "url": self.signed_url(attachment),
            "proxy_url": self.signed_url(attachment, "media/attachments"),
            "content_type": attachment.content_type,
        }
        if attachment.size_px:
            body["width"], body["height"] = attachment.size_px
        for name in ("description", "duration_secs", "waveform"):
            if (value := getattr(attachment, name)) is not None:
                body[name] = value
        return body | {"ephemeral": True} if attachment.ephemeral else body

    def _mac(self, attachment_id: str, expires: str, issued: str) -> str:
        return hmac.new(self.key, f"{attachment_id}/{expires}/{issued}".encode(), hashlib.sha256).hexdigest()


def image_size_px(content: bytes) -> tuple[int, int] | None:
    """Return (width, height) of a PNG, GIF, JPEG or WebP by its header; None for anything else, and for a bomb."""
    try:
        with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            return Image.open(io.BytesIO(content), formats=("PNG", "GIF", "JPEG", "WEBP")).size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # SyntaxError: Pillow's for a broken chunk
        return None


def clean_filename(name: str) -> str:
    """Return a file name with only the characters that Discord keeps."""
    kept = re.sub(r"[^\w.\-]+", "_", name.replace("\\", "/").rsplit("/", 1)[-1], flags=re.ASCII).strip("_")
    return kept[-120:] or "unnamed"
