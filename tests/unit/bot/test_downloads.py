"""Files are fetched from the platform's CDN and from nowhere else, up to a size."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web

from bot.shared.files.downloads import Downloads, NotFetched, TooLarge

LIMIT_BYTES = 100_000


class Untouched:
    """A session that must not be used."""

    def get(self, address: object, **_: object) -> None:
        raise AssertionError(f"{address} was asked")


@dataclass
class Stand:
    """A stand-in for the platform, and what was asked of it."""

    downloads: Downloads
    url: str = ""
    asked: list[str] = field(default_factory=list)


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        match request.path:
            case "/clip.ogg":
                return web.Response(body=b"sound")
            case "/moved.ogg":
                return web.Response(status=302, headers={"Location": "/clip.ogg"})
            case "/endless.ogg":
                response = web.StreamResponse()
                await response.prepare(request)
                while True:  # until the other side hangs up
                    await response.write(bytes(1 << 16))
            case _:
                return web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession() as session:
        yield Stand(Downloads(session, url), url, asked)
    await runner.cleanup()


async def test_clip_is_fetched_from_the_platform(stand: Stand) -> None:
    assert await stand.downloads.fetch(f"{stand.url}/clip.ogg", LIMIT_BYTES) == b"sound"


async def test_redirect_is_not_followed(stand: Stand) -> None:
    with pytest.raises(NotFetched):
        await stand.downloads.fetch(f"{stand.url}/moved.ogg", LIMIT_BYTES)
    assert stand.asked == ["/moved.ogg"]


async def test_file_that_is_gone_is_not_fetched(stand: Stand) -> None:
    with pytest.raises(NotFetched):
        await stand.downloads.fetch(f"{stand.url}/gone.ogg", LIMIT_BYTES)


async def test_more_than_the_limit_is_not_read_to_its_end(stand: Stand) -> None:
    with pytest.raises(TooLarge):
        await stand.downloads.fetch(f"{stand.url}/endless.ogg", LIMIT_BYTES)


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.discordapp.com/attachments/1/2/clip.ogg",  # not encrypted
        "https://cdn.discordapp.com.evil.example/clip.ogg",
        "https://evil.example/cdn.discordapp.com/clip.ogg",
        "https://cdn.discordapp.com@evil.example/clip.ogg",
        "https://evil.example#@cdn.discordapp.com/clip.ogg",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/clip.ogg",
        "https://[::1]/clip.ogg",
        "file:///etc/passwd",
        "ftp://cdn.discordapp.com/clip.ogg",
        "//cdn.discordapp.com/clip.ogg",
        "clip.ogg",
        "https://[",
        "",
    ],
)
async def test_address_that_is_not_the_cdns_is_never_asked(url: str) -> None:
    with pytest.raises(NotFetched):
        await Downloads(cast(Any, Untouched())).fetch(url, LIMIT_BYTES)


@pytest.mark.parametrize("host", ["cdn.discordapp.com", "media.discordapp.net"])
async def test_address_of_the_cdn_is_asked(host: str) -> None:
    with pytest.raises(AssertionError, match=f"{host}.* was asked"):
        await Downloads(cast(Any, Untouched())).fetch(f"https://{host}/attachments/1/2/clip.ogg?ex=1", LIMIT_BYTES)
