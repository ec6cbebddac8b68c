"""Serving the operator's page and the metrics.

The token comes once in the address, then as a cookie; programs send it as a bearer token.
"""

import hmac
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bot.desk.figures import catalogue_state, metrics_text, summary
from common.supervisor import loop_metrics
from db.engine import Database
from db.queue.figures import read_figures
from inference.live_catalogue import LiveCatalogue
from inference.messages import FailureKind, WorkerLoad

log = logging.getLogger(__name__)

PAGE = Path(__file__).parent / "page"
COOKIE = "atelier_desk"
NO_FAILURES = (FailureKind.NO_SPEECH.value,)  # nothing is wrong with the bot, and an operator can mend nothing
HEALTH = "/healthz"  # the one path without a token
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminSettings:
    """Where to serve, and to whom."""

    host: str = "127.0.0.1"
    page_port: int | None = None  # None: no page
    metrics_port: int | None = None  # None: no metrics
    token: str = ""  # empty: a new one is made


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminAddresses:
    """Where the page and the metrics are served."""

    page_url: str  # with the token; empty: there is no page
    metrics_url: str  # empty: there are none
    token: str
    token_is_new: bool  # made now, so that nobody knows it yet


@asynccontextmanager
async def serve_admin(
    settings: AdminSettings,
    database: Database,
    loads: Callable[[], Mapping[str, WorkerLoad]],
    catalogue: LiveCatalogue | None = None,
) -> AsyncIterator[AdminAddresses]:
    """Serve the page and the metrics until the context ends.

    Args:
        settings: where to serve, and to whom.
        database: whose figures are shown.
        loads: returns the load of each worker, by its id.
        catalogue: what models there are, as the page says it; None: it says nothing of them.
    """
    token = settings.token or secrets.token_urlsafe(24)
    pages = _AdminPages(database, loads, token, catalogue)
    runners: list[web.AppRunner] = []
    try:
        page = await _serve(runners, pages.page, settings.host, settings.page_port)
        metrics = await _serve(runners, pages.metrics, settings.host, settings.metrics_port)
        yield AdminAddresses(
            page_url=f"{page}/?token={token}" if page else "",
            metrics_url=f"{metrics}/metrics" if metrics else "",
            token=token,
            token_is_new=not settings.token,
        )
    finally:
        for runner in runners:
            await runner.cleanup()


class _AdminPages:
    """The two small web applications: the operator's page, and what Prometheus scrapes."""

    def __init__(
        self,
        database: Database,
        loads: Callable[[], Mapping[str, WorkerLoad]],
        token: str,
        catalogue: LiveCatalogue | None,
    ) -> None:
        self._catalogue = catalogue
        self._database = database
        self._loads = loads
        self._token = token
        self.page = self._application(
            web.get("/", self._index), web.get("/figures", self._figures), web.static("/page", PAGE)
        )
        self.metrics = self._application(web.get("/metrics", self._metrics))

    def _application(self, *routes: web.AbstractRouteDef) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        app.add_routes([*routes, web.get(HEALTH, _healthy)])
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer only requests that have the token, whatever they ask for."""
        if request.path != HEALTH and not self._has_token(request):
            return web.Response(
                status=401,
                text="The token is missing or wrong. Open the address that the bot printed.\n",
                headers=HEADERS,
            )
        response = await handler(request)
        response.headers.update(HEADERS)
        return response

    def _has_token(self, request: web.Request) -> bool:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        given = [bearer, request.cookies.get(COOKIE, "")]
        if request.path == "/":
            given.append(request.query.get("token", ""))
        return any(hmac.compare_digest(one.encode(errors="replace"), self._token.encode()) for one in given)

    async def _index(self, request: web.Request) -> web.StreamResponse:
        if "token" not in request.query:
            return web.FileResponse(PAGE / "index.html")
        response = web.Response(status=303, headers={"Location": "/"})  # the token leaves the address bar
        response.set_cookie(COOKIE, self._token, httponly=True, samesite="Strict")
        return response

    async def _figures(self, request: web.Request) -> web.StreamResponse:
        figures = summary(await self._database.read(read_figures, NO_FAILURES), self._loads())
        return web.json_response(figures | {"catalogue": catalogue_state(self._catalogue)})

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        try:
            text = metrics_text(await self._database.read(read_figures, NO_FAILURES), self._loads())
        except Exception as error:  # a database that is away is when the loops' own figures are wanted most
            log.warning("the figures cannot be read: %s", type(error).__name__)
            text = b""
        return web.Response(
            body=text + loop_metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )


async def _healthy(request: web.Request) -> web.StreamResponse:
    return web.Response(text="ok\n")


async def _serve(runners: list[web.AppRunner], app: web.Application, host: str, port: int | None) -> str:
    """Serve an application, and return its address; without a port, serve nothing and return an empty one."""
    if port is None:
        return ""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)  # a log would have the token in it
    runners.append(runner)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return f"http://{host}:{runner.addresses[0][1]}"
