"""Serving the page. The token comes once in the address, then as a cookie; programs send it as a bearer token."""

import hmac
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bot.desk.metrics import metrics_text
from bot.desk.summary import summary
from common.supervisor import loop_metrics
from db.engine import Database
from db.figures import read_figures
from inference.messages import WorkerLoad

log = logging.getLogger(__name__)

PAGE = Path(__file__).parent / "page"
COOKIE = "atelier_desk"
OPEN = "/healthz"
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Where it answers, and to whom; a port of None is closed."""

    host: str = "127.0.0.1"
    page_port: int | None = None
    metrics_port: int | None = None
    token: str = ""  # empty: a new one


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDesk:
    """What is served, and where."""

    page_url: str  # with the token; empty: no page
    metrics_url: str  # empty: none
    token: str
    token_is_new: bool  # nobody knows it yet


@asynccontextmanager
async def open_desk(
    doors: Doors, database: Database, loads: Callable[[], Mapping[str, WorkerLoad]]
) -> AsyncIterator[OpenDesk]:
    """Serve until the context ends."""
    token = doors.token or secrets.token_urlsafe(24)
    desk = _Desk(database, loads, token)
    runners: list[web.AppRunner] = []
    try:
        page = await _serve(runners, desk.page(), doors.host, doors.page_port)
        metrics = await _serve(runners, desk.metrics(), doors.host, doors.metrics_port)
        yield OpenDesk(
            page_url=f"{page}/?token={token}" if page else "",
            metrics_url=f"{metrics}/metrics" if metrics else "",
            token=token,
            token_is_new=not doors.token,
        )
    finally:
        for runner in runners:
            await runner.cleanup()


class _Desk:
    """The two small applications."""

    def __init__(self, database: Database, loads: Callable[[], Mapping[str, WorkerLoad]], token: str) -> None:
        self._database = database
        self._loads = loads
        self._token = token

    def page(self) -> web.Application:
        """Return the operator's page."""
        app = web.Application(middlewares=[self._guard])
        app.add_routes([web.get("/", self._index), web.get("/figures", self._figures), web.get(OPEN, _healthy)])
        app.add_routes([web.static("/page", PAGE)])
        return app

    def metrics(self) -> web.Application:
        """Return what Prometheus reads."""
        app = web.Application(middlewares=[self._guard])
        app.add_routes([web.get("/metrics", self._metrics), web.get(OPEN, _healthy)])
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer only those who have the token, whatever they ask for."""
        if request.path != OPEN and not self._knows(request):
            return web.Response(
                status=401,
                text="The token is missing or wrong. Open the address that the bot printed.\n",
                headers=HEADERS,
            )
        response = await handler(request)
        response.headers.update(HEADERS)
        return response

    def _knows(self, request: web.Request) -> bool:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        said = [bearer, request.cookies.get(COOKIE, "")]
        if request.path == "/":
            said.append(request.query.get("token", ""))
        return any(hmac.compare_digest(one.encode(errors="replace"), self._token.encode()) for one in said)

    async def _index(self, request: web.Request) -> web.StreamResponse:
        if "token" not in request.query:
            return web.FileResponse(PAGE / "index.html")
        answer = web.Response(status=303, headers={"Location": "/"})  # the token leaves the address bar
        answer.set_cookie(COOKIE, self._token, httponly=True, samesite="Strict")
        return answer

    async def _figures(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(summary(await self._database.read(read_figures), self._loads()))

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        try:
            text = metrics_text(await self._database.read(read_figures), self._loads())
        except Exception as error:  # a database that is away is when the loops' own figures are wanted most
            log.warning("the figures cannot be read: %s", type(error).__name__)
            text = b""
        return web.Response(
            body=text + loop_metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )


async def _healthy(request: web.Request) -> web.StreamResponse:
    return web.Response(text="ok\n")


async def _serve(runners: list[web.AppRunner], app: web.Application, host: str, port: int | None) -> str:
    """Serve an application; return its address, empty where the port is closed."""
    if port is None:
        return ""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)  # a log would have the token in it
    runners.append(runner)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return f"http://{host}:{runner.addresses[0][1]}"
