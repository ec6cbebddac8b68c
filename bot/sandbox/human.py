"""The people's side of the server: `/human/…` (`docs/sandbox.md`)."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.sandbox.bus import Bus
from bot.sandbox.errors import ApiError, HumanError
from bot.sandbox.parts import Parts
from bot.sandbox.rest.body import read_parts
from bot.sandbox.verbs import act, forms, talk
from bot.sandbox.verbs.ask import Ask
from bot.sandbox.view import View
from bot.sandbox.world import User

_log = logging.getLogger(__name__)

Json = dict[str, Any]
Verb = Callable[[Parts, User, Ask], Awaitable[Json]]

KEEP_OPEN_S = 15.0
VERBS: dict[str, Verb] = {
    "slash": act.slash,
    "autocomplete": act.autocomplete,
    "context": act.context,
    "press": act.press,
    "select": act.select,
    "submit": forms.submit,
    "cancel": forms.cancel,
    "say": talk.say,
    "attach": talk.attach,
    "voice": talk.voice,
    "edit": talk.edit,
    "react": talk.react,
    "delete": talk.delete,
    "dismiss": talk.dismiss,
    "open_dm": talk.open_dm,
    "typing": talk.typing,
}


async def do(parts: Parts, verb: str, ask: Ask) -> Json:
    """Carry out a verb: the one way in for the page, for other programs and for tests.

    Raises: HumanError if the person could not have done this.
    """
    if verb not in VERBS:
        raise HumanError("unknown_verb", f"There is no verb {verb}.", 404)
    me = ask.user(parts)
    if me.bot:
        raise HumanError("unknown_member", "The bot is not a person.", 404)
    try:
        return await VERBS[verb](parts, me, ask)
    except ApiError as error:
        raise HumanError("invalid", error.message, error.status) from error


class People:
    """Serves `/human/…`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._streams: set[asyncio.Task[Any]] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the server."""
        return [
            web.get("/human/members", self._guarded(self.members)),
            web.get("/human/state", self._guarded(self.state)),
            web.get("/human/messages", self._guarded(self.messages)),
            web.get("/human/events", self.events),
            web.post("/human/{verb}", self._guarded(self.act)),
        ]

    async def members(self, request: web.Request) -> Json:
        """Return everybody whom one can be."""
        people = [user for user in self._parts.world.users.values() if not user.bot]
        return {"members": [self._parts.payloads.user(user) for user in people]}

    async def state(self, request: web.Request) -> Json:
        """Return all that somebody sees."""
        return self._view(request).state()

    async def messages(self, request: web.Request) -> Json:
        """Return older messages of a channel."""
        ask = Ask(dict(request.query))
        channel = ask.channel(self._parts, ask.user(self._parts))
        try:
            before, limit = int(ask.text("before", "0")), int(ask.text("limit", "50"))
        except ValueError:
            raise HumanError("invalid", "before and limit are numbers.") from None
        found = self._view(request).messages(channel)
        return {"messages": [m for m in found if not before or int(m["id"]) < before][-max(1, min(limit, 100)) :]}

    async def act(self, request: web.Request) -> Json:
        """Carry out a verb."""
        return await do(self._parts, request.match_info["verb"], await _read(request))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Stream what changes, as server-sent events."""
        try:
            view = self._view(request)
        except HumanError as error:
            return web.json_response(error.payload(), status=error.status)
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        task = asyncio.current_task()
        if task:
            self._streams.add(task)
        try:
            await _stream(self._parts.bus, view, response)
        except (ConnectionError, asyncio.CancelledError):
            _log.debug("a stream of events ended")
        finally:
            self._streams.discard(task)
        return response

    async def close(self) -> None:
        """End every stream."""
        for task in list(self._streams):
            task.cancel()

    def _view(self, request: web.Request) -> View:
        return View(self._parts, Ask(dict(request.query)).user(self._parts))

    def _guarded(
        self, handler: Callable[[web.Request], Awaitable[Json]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            try:
                return web.json_response(await handler(request))
            except HumanError as error:
                return web.json_response(error.payload(), status=error.status)
            except ApiError as error:
                refused = HumanError("too_large" if error.status == 413 else "invalid", error.message, error.status)
                return web.json_response(refused.payload(), status=refused.status)

        return serve


async def _read(request: web.Request) -> Ask:
    parts = {}
    if request.content_type.startswith("multipart/"):
        try:
            parts = await read_parts(request)
        except ValueError:
            raise HumanError("invalid", "The multipart body cannot be read.") from None
        raw = parts["payload_json"].content if "payload_json" in parts else b"{}"
    elif request.content_type == "application/json":
        raw = await request.read()
    else:
        raise HumanError("invalid", "The body must be application/json or multipart/form-data.", 415)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise HumanError("invalid", "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise HumanError("invalid", "The body must be a JSON object.")
    return Ask(body, parts)


async def _stream(bus: Bus, view: View, response: web.StreamResponse) -> None:
    queue = bus.listen()
    try:
        await _write(response, {"type": "state", "state": view.state()})
        while bus.listening(queue):
            try:
                news = await asyncio.wait_for(queue.get(), KEEP_OPEN_S)
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            if (event := view.change(news)) is not None:
                await _write(response, event)
    finally:
        bus.leave(queue)


async def _write(response: web.StreamResponse, event: Json) -> None:
    await response.write(f"data: {json.dumps(event)}\n\n".encode())
