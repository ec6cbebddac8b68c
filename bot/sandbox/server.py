"""The sandbox as a whole: the server and everything behind it, in one `async with`."""

import asyncio
import ipaddress
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from bot.sandbox.cdn import Cdn
from bot.sandbox.clock import Clock
from bot.sandbox.human import People
from bot.sandbox.machinery import Machinery
from bot.sandbox.member import Human
from bot.sandbox.messages import Message
from bot.sandbox.parts import build_parts
from bot.sandbox.rest.api import Logged, Rest
from bot.sandbox.rest.application import Application
from bot.sandbox.rest.channels import Channels
from bot.sandbox.rest.guilds import Guilds
from bot.sandbox.rest.webhooks import Webhooks
from bot.sandbox.saving import Saving
from bot.sandbox.staging import Staging
from common.supervisor import supervise

_log = logging.getLogger(__name__)

TOKEN = "sandbox-token"  # noqa: S105 # it opens nothing but this sandbox
PAGE = Path(__file__).parent / "page"
_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob: data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_PLACEHOLDER = "<!doctype html><title>Sandbox</title><p>The chat page is not here; see docs/sandbox.md for the API.</p>"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Sandbox:
    """A small Discord on loopback: `async with Sandbox() as box`.

    Parameters: port: 0 picks a free one. state: a folder in which messages and files outlive this process.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = TOKEN,
        clock: Clock | None = None,
        heartbeat_s: float = 41.25,
        state: Path | None = None,
    ) -> None:
        self.host, self.port, self.token = host, port, token
        self.parts = build_parts(token=token, heartbeat_s=heartbeat_s, clock=clock)
        self.clock, self.faults, self.world = self.parts.clock, self.parts.faults, self.parts.world
        self.gateway = self.parts.gateway
        self.stage = Staging(self.parts)
        self.rest = Rest(self.clock, self.faults, self.parts.bus, token)
        self._saving = Saving(self.parts, state) if state else None
        self._people = People(self.parts)
        self._saver: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None

    # -- running ---------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        if self._saving:
            self._saving.load()
            self._saver = supervise("sandbox-saving", self._saving.keep_saving)
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.gateway.url = self.gateway_url
        self.parts.files.base_url = self.url
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.faults.clear()
        await self.parts.interactions.close()
        await self.gateway.drop(1001)
        await self._people.close()
        if self._runner:
            await self._runner.cleanup()
        self.clock.stop()
        if self._saver and self._saving:
            self._saver.cancel()
            await asyncio.wait([self._saver])
            self._saving.save()

    @property
    def url(self) -> str:
        """The address of the page, and of everything else."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def gateway_url(self) -> str:
        """The Gateway's address."""
        return f"ws{self.url.removeprefix('http')}/gateway"

    # -- for tests -------------------------------------------------------------------------------------------------

    def member(self, name: str) -> Human:
        """Return a person, by user name."""
        return Human(self.parts, name)

    async def until(self, true: Callable[[], Any], timeout_s: float = 10.0) -> Any:
        """Wait until `true()` is true and return what it returned; raise TimeoutError after real seconds."""
        return await self.parts.bus.until(true, timeout_s)

    @property
    def bot_online(self) -> bool:
        """Whether a bot is connected."""
        return self.gateway.online

    @property
    def requests(self) -> list[Logged]:
        """What the bot asked for."""
        return list(self.rest.requests)

    @property
    def unimplemented(self) -> list[str]:
        """What the bot asked for that does not exist here."""
        return self.rest.unimplemented

    @property
    def notified(self) -> list[dict[str, Any]]:
        """Whom the bot's messages would have notified."""
        return self.parts.posting.notified

    @property
    def messages(self) -> list[Message]:
        """All messages, ephemeral ones included."""
        return list(self.parts.messages.everywhere())

    # -- inside ----------------------------------------------------------------------------------------------------

    def _application(self) -> web.Application:
        parts = self.parts
        app = web.Application(middlewares=[self._guard], client_max_size=160 * 1024 * 1024)
        app.add_routes(
            Channels(
                world=parts.world,
                messages=parts.messages,
                payloads=parts.payloads,
                posting=parts.posting,
                bus=parts.bus,
                snowflakes=parts.snowflakes,
            ).routes(self.rest)
        )
        app.add_routes(Webhooks(parts.world, parts.payloads, parts.answers).routes(self.rest))
        app.add_routes(
            Application(
                world=parts.world,
                payloads=parts.payloads,
                commands=parts.commands,
                gateway=parts.gateway,
                bus=parts.bus,
            ).routes(self.rest)
        )
        app.add_routes(Guilds(parts.world, parts.payloads).routes(self.rest))
        app.add_routes(
            [
                self.rest.fallback(),
                web.get("/gateway", parts.gateway.connect),
                web.get("/gateway/", parts.gateway.connect),
            ]
        )
        app.add_routes(Cdn(parts.files).routes())
        app.add_routes(self._people.routes())
        app.add_routes(Machinery(parts, self.rest, self.stage).routes())
        app.add_routes([web.get("/", _page)])
        if PAGE.is_dir():
            app.add_routes([web.static("/", PAGE)])
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse other sites: names that only pretend to be this machine, and requests sent from their pages."""
        if not _own_host(request.url.host or "", self.host):
            return web.Response(status=403, text="This name is not this machine's.")
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != request.headers.get("Host"):
            return web.Response(status=403, text="Another site's page may not do this.")
        response = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = _POLICY
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers.setdefault("X-Content-Type-Options", "nosniff")
            response.headers.setdefault("Cache-Control", "no-cache")
        return response


async def _page(request: web.Request) -> web.StreamResponse:
    index = PAGE / "index.html"
    if index.is_file():
        return web.FileResponse(index)
    return web.Response(text=_PLACEHOLDER, content_type="text/html")


def _own_host(name: str, configured: str) -> bool:
    """Say whether a Host is ours: an address or `localhost`, never a name that somebody's DNS could point here."""
    if name in ("localhost", configured):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
