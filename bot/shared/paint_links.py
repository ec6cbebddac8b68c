"""Addresses of the page where members paint: each for one member and one picture, for some minutes, and for one mask.

An address is signed, so that nothing in it can be changed, and whom it leads back to is remembered in this process
alone: after a restart it is as if it had expired. Whoever has the address can look at the picture and send a mask; that
is put before its member in the chat, who alone can say yes to it.
"""

import asyncio
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.shared.errors import Refused

LIFE_S = 600  # an interaction can be answered for 15 minutes, and the question needs some of them
MEMBERS_MAX = 5  # addresses of one member; the oldest stop working


class LinkGone(Refused):
    """An address does not work, or not any more."""

    message = "This link has expired. Press Vary (Region) in the chat again for a new one; nothing was charged."


class LinkUsed(LinkGone):
    """A mask was sent by it already."""

    message = "A mask was sent by this link already. Your picture is waiting in the chat."


@dataclass(slots=True, kw_only=True)
class Painting:
    """A picture that somebody may paint on."""

    user_id: int
    job_id: str  # that made the picture
    number: int  # of it in its job, from 1
    size_px: tuple[int, int]  # of the mask that is painted: width, height
    words: str  # what the picture shows, to begin with
    read: Callable[[], Awaitable[bytes]]  # the picture as WebP, if its member may still have it
    send: Callable[[bytes, str], Awaitable[None]]  # takes the mask, and what shall be there
    expires_s: float = 0.0
    used: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # one mask at a time


class PaintLinks:
    """Make addresses, and find what they are about."""

    def __init__(self, *, now_s: Callable[[], float] = time.time) -> None:
        self.url = ""  # of the page; empty: there is none, so nobody is offered it
        self._now_s = now_s
        self._key = secrets.token_bytes(32)
        self._paintings: dict[str, Painting] = {}  # by what cannot be guessed, the oldest first

    def make(self, painting: Painting) -> str:
        """Return an address for a picture, which works from now on."""
        now_s = self._now_s()
        self._paintings = {key: one for key, one in self._paintings.items() if one.expires_s > now_s}
        theirs = [key for key, one in self._paintings.items() if one.user_id == painting.user_id]
        for oldest in theirs[: max(0, len(theirs) + 1 - MEMBERS_MAX)]:
            del self._paintings[oldest]
        painting.expires_s = now_s + LIFE_S
        self._paintings[key := secrets.token_urlsafe(16)] = painting
        said = f"{key}.{painting.user_id}.{painting.job_id}.{painting.number}.{int(painting.expires_s)}"
        return f"{self.url}/paint/{said}.{self._signature(said)}"

    def find(self, token: str) -> Painting:
        """Return what the last part of an address is about.

        Raises:
            LinkGone: it was changed, is too old, was used, or is of before a restart.
        """
        said, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(errors="replace"), self._signature(said).encode()):
            raise LinkGone
        key, *about, expires_s = said.split(".")
        painting = self._paintings.get(key)
        if painting is None or self._now_s() >= int(expires_s):
            raise LinkGone
        if about != [str(painting.user_id), painting.job_id, str(painting.number)]:
            raise LinkGone
        if painting.used:
            raise LinkUsed
        return painting

    def _signature(self, said: str) -> str:
        return hmac.new(self._key, said.encode(errors="replace"), "sha256").hexdigest()
