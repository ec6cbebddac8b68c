"""Files that members sent, fetched from the platform's own CDN and from nowhere else, up to a size."""

import asyncio
import io

import aiohttp
import yarl

from bot.shared.errors import Refused

CDN_HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
AT_ONCE = 2  # files from strangers in memory, photos and clips together; others wait
TIMEOUT = aiohttp.ClientTimeout(total=60)


class NotFetched(Refused):
    """The platform's CDN did not hand a file over."""

    message = "I couldn't download that file from Discord. Please send it again."


class TooLargeToFetch(Refused):
    """A file is larger than it may be, whatever was announced."""

    message = "That file is too large. Please send a smaller one."


def cdn_hosts(api_url: str) -> frozenset[str]:
    """Return the hosts that files may come from: the platform's, or those of a stand-in at `api_url`."""
    host = yarl.URL(api_url).host if api_url else None
    return frozenset({host}) if host else CDN_HOSTS


class Downloads:
    """Fetch attachments. Who fetches one that may be large has `room` until it is no longer in memory.

    Parameters:
        session: open for as long as this is used.
        api_url: a stand-in for the platform, the only place then; empty: the platform's CDN over https.
    """

    def __init__(self, session: aiohttp.ClientSession, api_url: str = "") -> None:
        self._session = session
        self._hosts = cdn_hosts(api_url)
        self.room = asyncio.Semaphore(AT_ONCE)
        self._schemes = {"http", "https"} if api_url else {"https"}

    async def fetch(self, url: str, limit_bytes: int) -> bytes:
        """Return a file's content. Redirects are not followed.

        Raises:
            NotFetched: the address is not the CDN's, or it does not answer.
            TooLargeToFetch: there is more than `limit_bytes` of it, whatever was announced.
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
                        raise TooLargeToFetch
                    content.write(piece)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NotFetched from error
        return content.getvalue()
