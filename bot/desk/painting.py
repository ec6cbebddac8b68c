"""The page on which a member paints what of a picture is drawn anew.

Nothing is answered without an address that was signed for one picture (`bot.shared.paint_links`), but the page's own
script and style. What is sent is measured here, and decoded where no token is.
"""

import base64
import binascii
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import discord
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.shared.discord.explain import sentence
from bot.shared.errors import BadParameter
from bot.shared.paint_links import LinkGone, Painting, PaintLinks

log = logging.getLogger(__name__)

PAGE = Path(__file__).parent / "paint_page"
MASK_BYTES_MAX = 1 << 20  # a painted mask takes some thousands
BODY_BYTES_MAX = MASK_BYTES_MAX * 4 // 3 + (16 << 10)  # in base64, beside the words
PNG = b"\x89PNG\r\n\x1a\n"
UNREADABLE = "What you painted did not arrive whole. Please send it again."
TOO_LARGE = "That mask is too large. Please paint it on this page."
TRY_AGAIN = "Something went wrong on my side. Please try again; nothing was charged."
CHAT_GONE = "I can't reach your message in the chat any more. Press Vary (Region) there again; nothing was charged."
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the address would be in it
    "X-Content-Type-Options": "nosniff",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaintSettings:
    """Where the page is served."""

    host: str = "127.0.0.1"
    port: int | None = None  # None: there is no page; 0: any free one
    url: str = ""  # by which members reach it, through a proxy with TLS; empty: where it is served


@asynccontextmanager
async def serve_painting(settings: PaintSettings, links: PaintLinks) -> AsyncIterator[None]:
    """Serve the page until the context ends, and let `links` have its address."""
    if settings.port is None:
        yield
        return
    runner = web.AppRunner(
        _application(links), access_log=None, shutdown_timeout=1.0
    )  # a log would have addresses in it
    try:
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.port).start()
        links.url = settings.url or f"http://{settings.host}:{runner.addresses[0][1]}"
        yield
    finally:
        links.url = ""
        await runner.cleanup()


def _application(links: PaintLinks) -> web.Application:
    pages = _PaintPages(links)
    app = web.Application(middlewares=[_guard], client_max_size=BODY_BYTES_MAX)
    app.add_routes(
        [
            web.get("/paint/{token}", pages.page),
            web.get("/paint/{token}/picture", pages.picture),
            web.post("/paint/{token}", pages.send),
            web.static("/page", PAGE),
        ]
    )
    return app


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Add the headers, and turn what goes wrong into a sentence."""
    try:
        response = await handler(request)
    except web.HTTPRequestEntityTooLarge:
        response = _refusal(TOO_LARGE, 413)
    except web.HTTPException as error:
        response = web.Response(status=error.status, text=f"{error.status}: {error.reason}\n")
    except LinkGone as error:
        response = _refusal(str(error), 410) if request.method == "POST" else _said(str(error), 410)
    except (discord.NotFound, discord.Forbidden) as error:
        log.info("a painted mask could not be shown in the chat: %s", error)
        response = _refusal(CHAT_GONE, 410)
    except Exception as error:
        text = sentence(error)
        if text is None:
            log.exception("the page for painting failed")
        response = _refusal(text or TRY_AGAIN, 400 if text else 500)
    response.headers.update(HEADERS)
    return response


class _PaintPages:
    """What the page asks for."""

    def __init__(self, links: PaintLinks) -> None:
        self._links = links
        environment = Environment(loader=FileSystemLoader(PAGE), autoescape=True, undefined=StrictUndefined)
        self._template = environment.get_template("index.html")

    async def page(self, request: web.Request) -> web.Response:
        painting = self._painting(request)
        width, height = painting.size_px
        shown = self._template.render(
            number=painting.number, words=painting.words, width=width, height=height, token=request.match_info["token"]
        )
        return web.Response(text=shown, content_type="text/html")

    async def picture(self, request: web.Request) -> web.Response:
        return web.Response(body=await self._painting(request).read(), content_type="image/webp")

    async def send(self, request: web.Request) -> web.Response:
        painting = self._painting(request)
        mask, words = await _read(request)
        async with painting.lock:
            self._painting(request)  # the same may have been sent meanwhile
            await painting.send(mask, words)
            painting.used = True
        return web.json_response({})

    def _painting(self, request: web.Request) -> Painting:
        return self._links.find(request.match_info["token"])


async def _read(request: web.Request) -> tuple[bytes, str]:
    """Return the mask and the words that were sent.

    Raises:
        BadParameter: that is not what they are, or too much.
    """
    if request.content_type != "application/json":  # a form of another site's page could send no such thing
        raise BadParameter(UNREADABLE)
    try:
        body = json.loads(await request.read())
        mask, words = base64.b64decode(body["mask"], validate=True), body["words"]
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error):
        raise BadParameter(UNREADABLE) from None
    if not isinstance(words, str) or not mask.startswith(PNG):
        raise BadParameter(UNREADABLE)
    if len(mask) > MASK_BYTES_MAX:
        raise BadParameter(TOO_LARGE)
    return mask, words


def _said(text: str, status: int) -> web.Response:
    return web.Response(text=f"{text}\n", status=status)


def _refusal(text: str, status: int) -> web.Response:
    return web.json_response({"error": text}, status=status)
