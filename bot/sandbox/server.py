"""The sandbox as a whole: the HTTP server and everything behind it, in one `async with`."""

import asyncio
import ipaddress
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from bot.sandbox.cdn import Cdn
from bot.sandbox.clock import SandboxClock
from bot.sandbox.container import build_container
from bot.sandbox.control import ControlApi
from bot.sandbox.human.api import HumanApi
from bot.sandbox.human.client import HumanClient
from bot.sandbox.persistence import Persistence
from bot.sandbox.rest.api import LoggedRequest, RestApi
from bot.sandbox.rest.application import ApplicationRoutes
from bot.sandbox.rest.channels import ChannelRoutes
from bot.sandbox.rest.guilds import GuildRoutes
from bot.sandbox.rest.webhooks import WebhookRoutes
from bot.sandbox.state.messages import Message
from bot.sandbox.world_editor import WorldEditor
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

    Args:
        host: the address to bind to.
        port: the port; 0 picks a free one.
        token: the bot's token.
        clock: the clock to follow; None for a new one.
        heartbeat_s: the interval at which the bot is asked for heartbeats.
        state: a folder in which messages and files outlive this process; None forgets them.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = TOKEN,
        clock: SandboxClock | None = None,
        heartbeat_s: float = 41.25,
        state: Path | None = None,
    ) -> None:
        self.host, self.port, self.token = host, port, token
        self.container = build_container(token=token, heartbeat_s=heartbeat_s, clock=clock)
        self.clock, self.faults, self.world = self.container.clock, self.container.faults, self.container.world
        self.gateway = self.container.gateway
        self.world_editor = WorldEditor(self.container)
        self.rest = RestApi(self.clock, self.faults, self.container.events, token)
        self._persistence = Persistence(self.container, state) if state else None
        self._human_api = HumanApi(self.container)
        self._saver: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None

    # -- running ---------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        if self._persistence:
            self._persistence.load()
            self._saver = supervise("sandbox-saving", self._persistence.save_periodically)
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.gateway.url = self.gateway_url
        self.container.attachments.base_url = self.url
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.faults.clear()
        await self.container.interactions.close()
        await self.gateway.disconnect(1001)
        await self._human_api.close()
        if self._runner:
            await self._runner.cleanup()
        self.clock.stop()
        if self._saver and self._persistence:
            self._saver.cancel()
            await asyncio.wait([self._saver])
            self._persistence.save()

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

    def member(self, name: str) -> HumanClient:
        """Return a person, by user name, to act as."""
        return HumanClient(self.container, name)

    async def until(self, condition: Callable[[], Any], timeout_s: float = 60.0) -> Any:
        """Wait until `condition()` is true.

        Returns:
            What `condition()` returned.

        Raises:
            TimeoutError: if that took more than `timeout_s` of real time.
        """
        return await self.container.events.until(condition, timeout_s)

    @property
    def bot_online(self) -> bool:
        """Whether a bot is connected."""
        return self.gateway.online

    @property
    def requests(self) -> list[LoggedRequest]:
        """What the bot asked for."""
        return list(self.rest.requests)

    @property
    def unimplemented(self) -> list[str]:
        """What the bot asked for that does not exist here."""
        return self.rest.unimplemented

    @property
    def notified(self) -> list[dict[str, Any]]:
        """Whom the bot's messages would have notified."""
        return self.container.message_writer.notified

    @property
    def messages(self) -> list[Message]:
        """All messages, ephemeral ones included."""
        return list(self.container.messages.all())

    # -- inside ----------------------------------------------------------------------------------------------------

    def _application(self) -> web.Application:
        container = self.container
        app = web.Application(middlewares=[self._guard], client_max_size=160 * 1024 * 1024)
        app.add_routes(
            ChannelRoutes(
                world=container.world,
                messages=container.messages,
                payloads=container.payloads,
                message_writer=container.message_writer,
                events=container.events,
                snowflakes=container.snowflakes,
            ).routes(self.rest)
        )
        app.add_routes(WebhookRoutes(container.world, container.payloads, container.responses).routes(self.rest))
        app.add_routes(
            ApplicationRoutes(
                world=container.world,
                payloads=container.payloads,
                commands=container.commands,
                gateway=container.gateway,
                events=container.events,
            ).routes(self.rest)
        )
        app.add_routes(GuildRoutes(container.world, container.payloads).routes(self.rest))
        app.add_routes(
            [
                self.rest.fallback(),
                web.get("/gateway", container.gateway.connect),
                web.get("/gateway/", container.gateway.connect),
            ]
        )
        app.add_routes(Cdn(container.attachments).routes())
        app.add_routes(self._human_api.routes())
        app.add_routes(ControlApi(container, self.rest, self.world_editor).routes())
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
    """Tell whether a Host is ours: an address or `localhost`, never a name that somebody's DNS could point here."""
    if name in ("localhost", configured):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
