"""The human API, `/human/…`: what people see, do, and are told (`docs/sandbox.md`)."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.sandbox.container import Container
from bot.sandbox.errors import ApiError, HumanError
from bot.sandbox.events import EventBus
from bot.sandbox.human.actions import perform
from bot.sandbox.human.request import HumanRequest
from bot.sandbox.human.view import MemberView
from bot.sandbox.rest.body import read_parts

_log = logging.getLogger(__name__)

Json = dict[str, Any]

KEEPALIVE_S = 15.0


class HumanApi:
    """Serves `/human/…`."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._streams: set[asyncio.Task[Any]] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the server."""
        return [
            web.get("/human/members", _json_handler(self.members)),
            web.get("/human/state", _json_handler(self.state)),
            web.get("/human/messages", _json_handler(self.messages)),
            web.get("/human/events", self.events),
            web.post("/human/{action}", _json_handler(self.act)),
        ]

    async def members(self, http: web.Request) -> Json:
        """Return everybody whom one can be."""
        people = [user for user in self._container.world.users.values() if not user.bot]
        return {"members": [self._container.payloads.user(user) for user in people]}

    async def state(self, http: web.Request) -> Json:
        """Return everything that a person sees."""
        return self._view(http).state()

    async def messages(self, http: web.Request) -> Json:
        """Return older messages of a channel."""
        request = HumanRequest(dict(http.query))
        channel = request.channel(self._container, request.user(self._container))
        try:
            before, limit = int(request.text("before", "0")), int(request.text("limit", "50"))
        except ValueError:
            raise HumanError("invalid", "before and limit are numbers.") from None
        found = self._view(http).messages(channel)
        return {"messages": [m for m in found if not before or int(m["id"]) < before][-max(1, min(limit, 100)) :]}

    async def act(self, http: web.Request) -> Json:
        """Do something."""
        return await perform(self._container, http.match_info["action"], await _read(http))

    async def events(self, http: web.Request) -> web.StreamResponse:
        """Stream what changes, as server-sent events."""
        try:
            view = self._view(http)
        except HumanError as error:
            return web.json_response(error.payload(), status=error.status)
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(http)
        task = asyncio.current_task()
        if task:
            self._streams.add(task)
        try:
            await _stream(self._container.events, view, response)
        except (ConnectionError, asyncio.CancelledError):
            _log.debug("a stream of events ended")
        finally:
            self._streams.discard(task)
        return response

    async def close(self) -> None:
        """End every stream."""
        for task in list(self._streams):
            task.cancel()

    def _view(self, http: web.Request) -> MemberView:
        return MemberView(self._container, HumanRequest(dict(http.query)).user(self._container))


def _json_handler(
    handler: Callable[[web.Request], Awaitable[Json]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return a handler that sends what another returns or raises as JSON."""

    async def serve(http: web.Request) -> web.Response:
        try:
            return web.json_response(await handler(http))
        except HumanError as error:
            return web.json_response(error.payload(), status=error.status)
        except ApiError as error:
            refused = HumanError("too_large" if error.status == 413 else "invalid", error.message, error.status)
            return web.json_response(refused.payload(), status=refused.status)

    return serve


async def _read(http: web.Request) -> HumanRequest:
    files = {}
    if http.content_type.startswith("multipart/"):
        try:
            files = await read_parts(http)
        except ValueError:
            raise HumanError("invalid", "The multipart body cannot be read.") from None
        raw = files["payload_json"].content if "payload_json" in files else b"{}"
    elif http.content_type == "application/json":
        raw = await http.read()
    else:
        raise HumanError("invalid", "The body must be application/json or multipart/form-data.", 415)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise HumanError("invalid", "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise HumanError("invalid", "The body must be a JSON object.")
    return HumanRequest(body, files)


async def _stream(events: EventBus, view: MemberView, response: web.StreamResponse) -> None:
    queue = events.subscribe()
    try:
        await _write(response, {"type": "state", "state": view.state()})
        while events.is_subscribed(queue):
            try:
                event = await asyncio.wait_for(queue.get(), KEEPALIVE_S)
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            if (shown := view.event_json(event)) is not None:
                await _write(response, shown)
    finally:
        events.unsubscribe(queue)


async def _write(response: web.StreamResponse, event: Json) -> None:
    await response.write(f"data: {json.dumps(event)}\n\n".encode())
