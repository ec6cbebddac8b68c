"""Files that members sent, fetched from the platform's own CDN and from nowhere else, up to a size."""

import asyncio
import io
import re
from dataclasses import dataclass

import aiohttp
import yarl

from bot.shared.errors import Refused

CDN_HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
AT_ONCE = 2  # files from strangers in memory, photos and clips together; others wait
TIMEOUT = aiohttp.ClientTimeout(total=60)
SOUND = re.compile(r"\.(aac|flac|m4[ab]|mk[av]|mov|mp[34]|og[ag]|opus|wav|web[am])$", re.IGNORECASE)  # a name's end


class NotFetched(Refused):
    """The platform's CDN did not hand a file over."""

    message = "I couldn't download that file from Discord. Please send it again."


class TooLarge(Refused):
    """A file is larger than it may be, whatever was announced."""

    message = "That file is too large. Please send a smaller one."


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file as the platform describes it, before anything of it was fetched."""

    url: str
    size_bytes: int
    name: str = ""
    content_type: str = ""  # as its sender's device said
    duration_s: float | None = None  # None: the platform does not know it
    size_px: tuple[int, int] | None = None  # of a picture; None: the platform does not know it

    @property
    def may_sound(self) -> bool:
        """Whether it could have sound in it."""
        said = self.content_type.split("/", 1)[0].strip().lower()
        return self.duration_s is not None or said in ("audio", "video") or bool(SOUND.search(self.name))


class Downloads:
    """Fetch attachments. Who fetches one that may be large has `room` until it is no longer in memory."""

    def __init__(self, session: aiohttp.ClientSession, api_url: str = "") -> None:
        """Fetch from one place.

        Args:
            session: open for as long as this is used.
            api_url: a stand-in for the platform, the only place then; empty: the platform's CDN over https.
        """
        self._session = session
        self._hosts = {yarl.URL(api_url).host} if api_url else CDN_HOSTS
        self.room = asyncio.Semaphore(AT_ONCE)
        self._schemes = {"http", "https"} if api_url else {"https"}

    async def fetch(self, url: str, limit_bytes: int) -> bytes:
        """Return a file's content. Redirects are not followed.

        Raises:
            NotFetched: the address is not the CDN's, or it does not answer.
            TooLarge: there is more than `limit_bytes` of it, whatever was announced.
        """
        try:
            address = yarl.URL(url)
        except ValueError as error:
            raise NotFetched from error
        if address.scheme not in self._schemes or address.host not in self._hosts:
            raise NotFetched
        try:
            async with self._session.get(address, allow_redirects=False, timeout=TIMEOUT) as answer:
                if answer.status != 200:
                    raise NotFetched
                content = io.BytesIO()  # which hands its bytes over without a second copy of them
                async for piece in answer.content.iter_chunked(1 << 16):
                    if content.tell() + len(piece) > limit_bytes:
                        raise TooLarge
                    content.write(piece)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NotFetched from error
        return content.getvalue()
