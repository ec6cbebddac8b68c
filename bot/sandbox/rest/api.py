"""What every REST request meets: the log, faults, the bot's token, rate-limit headers, and errors as Discord's."""

import asyncio
import hashlib
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.sandbox.clock import SandboxClock
from bot.sandbox.errors import ApiError
from bot.sandbox.events import EventBus
from bot.sandbox.faults import Fault, Faults

_log = logging.getLogger(__name__)

PREFIX = "/api/v10"
MAX_LOGGED = 10_000
BUCKET_SIZE = 1000  # requests that a route allows per second: limits are only met as faults
_NO_TOKEN = ("/interactions/", "/webhooks/", "/gateway")  # these carry a token in the path, or need none

Handler = Callable[[web.Request], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A request that the bot made."""

    method: str
    route: str  # "/channels/{channel_id}/messages"
    path: str
    status: int  # 0: the connection was cut
    at_s: float


class RestApi:
    """Serves `/api/v10`; the modules beside this one add the routes."""

    def __init__(self, clock: SandboxClock, faults: Faults, events: EventBus, token: str) -> None:
        self._clock = clock
        self._faults = faults
        self._events = events
        self._token = token
        self.requests: deque[LoggedRequest] = deque(maxlen=MAX_LOGGED)
        self.unimplemented: list[str] = []

    def route(self, method: str, path: str, handler: Handler) -> web.RouteDef:
        """Return a route.

        Args:
            method: the HTTP method.
            path: the path below `/api/v10`.
            handler: returns JSON, or None for 204.
        """

        async def serve(request: web.Request) -> web.StreamResponse:
            return await self._serve(request, path, handler)

        return web.route(method, PREFIX + path, serve)

    def fallback(self) -> web.RouteDef:
        """Return the route that answers 501 to everything that has no route."""
        return web.route("*", "/api/{tail:.*}", self._unknown)

    async def _serve(self, request: web.Request, path: str, handler: Handler) -> web.StreamResponse:
        route = f"{request.method} {path}"
        fault = self._faults.take(route, f"{request.method} {request.path.removeprefix(PREFIX)}")
        if fault and fault.kind == "hold":
            await self._faults.next_release().wait()
        if fault and fault.kind == "rate_limit":
            response = _rate_limited(fault)
        elif fault and fault.kind == "error" and fault.when == "before":
            response = _reply({"message": f"{fault.status}: fault on request", "code": 0}, fault.status)
        else:
            response = await self._answer(request, path, handler)
            if fault and fault.kind == "error":
                response = _reply({"message": f"{fault.status}: fault on request", "code": 0}, fault.status)
        cut = fault is not None and fault.kind == "lose_reply"
        self.requests.append(
            LoggedRequest(request.method, path, request.path, 0 if cut else response.status, self._clock.now())
        )
        self._events.wake()
        if cut and request.transport is not None:
            request.transport.abort()
        self._add_rate_limit_headers(response, route)
        return response

    async def _answer(self, request: web.Request, path: str, handler: Handler) -> web.Response:
        try:
            if not path.startswith(_NO_TOKEN) and request.headers.get("Authorization") != f"Bot {self._token}":
                raise ApiError("unauthorized")
            return _reply(await handler(request))
        except ApiError as error:
            return _reply(error.payload(), error.status)
        except asyncio.CancelledError:
            raise
        except Exception:  # a bug of the sandbox: say so loudly, and keep serving
            _log.exception("the sandbox failed at %s %s", request.method, request.path)
            return _reply({"message": "500: Internal Server Error (see the sandbox's log)", "code": 0}, 500)

    async def _unknown(self, request: web.Request) -> web.Response:
        what = f"{request.method} {request.path.removeprefix(PREFIX)}"
        _log.error("the bot asked for %s, which the sandbox does not implement", what)
        self.unimplemented.append(what)
        return _reply({"message": f"501: the sandbox does not implement {what}", "code": 0}, 501)

    def _add_rate_limit_headers(self, response: web.Response, route: str) -> None:
        if "X-RateLimit-Remaining" not in response.headers:
            response.headers["X-RateLimit-Limit"] = str(BUCKET_SIZE)
            response.headers["X-RateLimit-Remaining"] = str(BUCKET_SIZE - 1)
            response.headers["X-RateLimit-Reset"] = f"{self._clock.now() + 1:.3f}"
            response.headers["X-RateLimit-Reset-After"] = "1.000"
        response.headers["X-RateLimit-Bucket"] = hashlib.sha256(route.encode()).hexdigest()[:16]


def _reply(body: Any, status: int = 200) -> web.Response:
    if body is None:
        return web.Response(status=204)
    # discord.py takes a body for JSON only if the type is exactly this, without a charset
    return web.Response(body=json.dumps(body).encode(), status=status, headers={"Content-Type": "application/json"})


def _rate_limited(fault: Fault) -> web.Response:
    body = {"message": "You are being rate limited.", "retry_after": fault.retry_after_s, "global": fault.everywhere}
    response = _reply(body, 429)
    response.headers["Via"] = "1.1 sandbox"  # without it clients take a 429 for a ban by the proxy in front
    response.headers["Retry-After"] = str(max(1, round(fault.retry_after_s)))
    response.headers["X-RateLimit-Scope"] = "global" if fault.everywhere else "user"
    if fault.everywhere:
        response.headers["X-RateLimit-Global"] = "true"
    response.headers["X-RateLimit-Limit"] = str(BUCKET_SIZE)
    response.headers["X-RateLimit-Remaining"] = "0"
    response.headers["X-RateLimit-Reset-After"] = f"{fault.retry_after_s:.3f}"
    return response
