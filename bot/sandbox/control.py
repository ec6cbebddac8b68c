"""The control API, `/sandbox/…`: faults, the clock, the world, and what the bot asked for (`docs/sandbox.md`)."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.sandbox.container import Container
from bot.sandbox.errors import ApiError
from bot.sandbox.rest.api import RestApi
from bot.sandbox.rest.body import read_body
from bot.sandbox.world_editor import WorldEditor

Json = dict[str, Any]


class ControlApi:
    """Serves `/sandbox/…`."""

    def __init__(self, container: Container, rest: RestApi, world_editor: WorldEditor) -> None:
        self._container = container
        self._rest = rest
        self._world_editor = world_editor

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the server."""
        return [
            web.get("/sandbox/clock", self._guarded(self.clock)),
            web.post("/sandbox/clock", self._guarded(self.advance)),
            web.get("/sandbox/log", self._guarded(self.log)),
            web.post("/sandbox/world", self._guarded(self.change_world)),
            web.get("/sandbox/faults", self._guarded(self.faults)),
            web.post("/sandbox/faults", self._guarded(self.arm)),
            web.delete("/sandbox/faults", self._guarded(self.disarm)),
        ]

    async def clock(self, body: Json) -> Json:
        """Return the time."""
        return {"now_ms": int(self._container.clock.now() * 1000), "offset_s": self._container.clock.offset_s}

    async def advance(self, body: Json) -> Json:
        """Move time forward."""
        self._container.clock.advance(float(body["advance_s"]))
        return await self.clock(body)

    async def log(self, body: Json) -> Json:
        """Return what the bot asked for, and whom its messages would have notified."""
        requests = [
            {"method": r.method, "route": r.route, "path": r.path, "status": r.status, "at_ms": int(r.at_s * 1000)}
            for r in self._rest.requests
        ]
        mentions = self._container.message_writer.notified
        return {"requests": requests, "unimplemented": self._rest.unimplemented, "mentions": mentions}

    async def faults(self, body: Json) -> Json:
        """Return what is armed."""
        return {"faults": self._container.faults.to_json()}

    async def disarm(self, body: Json) -> Json:
        """Disarm everything."""
        self._container.faults.clear()
        return await self.faults(body)

    async def arm(self, body: Json) -> Json:
        """Arm a fault, or let it happen at once."""
        faults, gateway = self._container.faults, self._container.gateway
        route, times = str(body.get("route", "*")), int(body.get("times", 1))
        match body["kind"]:
            case "rate_limit":
                after_s, everywhere = float(body.get("retry_after_s", 0.05)), bool(body.get("global", False))
                faults.rate_limit(route, times=times, retry_after_s=after_s, everywhere=everywhere)
            case "error":
                when = "after" if body.get("when") == "after" else "before"
                faults.error(route, times=times, status=int(body.get("status", 500)), when=when)  # type: ignore[arg-type]
            case "lose_reply":
                faults.lose_reply(route, times=times)
            case "hold":
                faults.hold(route, times=times)
            case "release":
                faults.release()
            case "lose_interactions":
                faults.lost_interactions = times
            case "hold_interactions":
                faults.held_interactions = times
            case "zombie":
                faults.zombie = bool(body.get("enabled", True))
            case "expire_tokens":
                self._container.interactions.expire_tokens()
            case "expire_urls":
                self._container.attachments.expire_urls()
            case "drop_gateway":
                await gateway.disconnect(int(body.get("code", 4000)))
            case "reconnect":
                gateway.request_reconnect()
            case "invalid_session":
                gateway.invalidate_sessions(resumable=bool(body.get("resumable", False)))
            case "replay":
                gateway.replay(int(body.get("count", 1)))
            case kind:
                raise ValueError(f"there is no fault {kind}")
        return await self.faults(body)

    async def change_world(self, body: Json) -> Json:
        """Change roles, channels, permissions or limits."""
        editor = self._world_editor
        match body["do"]:
            case "roles":
                editor.set_roles(str(body["guild_id"]), str(body["user_id"]), [str(r) for r in body["roles"]])
            case "role":
                permissions, colour = int(body.get("permissions", 0)), int(body.get("color", 0))
                role = editor.add_role(str(body["guild_id"]), str(body["name"]), permissions=permissions, colour=colour)
                return {"role": self._container.payloads.role(role)}
            case "bot":
                change = editor.add_bot if body["member"] else editor.remove_bot
                change(str(body["guild_id"]))
            case "delete_channel":
                editor.delete_channel(str(body["channel_id"]))
            case "deny":
                editor.deny(str(body["channel_id"]), int(body["permissions"]))
            case "close_dms":
                editor.close_dms(str(body["user_id"]), closed=bool(body.get("closed", True)))
            case "upload_limit":
                editor.set_upload_limit(str(body["guild_id"]), int(body["bytes"]))
            case "message_content":
                self._container.world.message_content = bool(body["enabled"])
            case unknown:
                raise ValueError(f"nothing is called {unknown}")
        return {}

    def _guarded(self, handler: Callable[[Json], Awaitable[Json]]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            try:
                body, _ = await read_body(request)
                return web.json_response(await handler(body))
            except (KeyError, ValueError, TypeError) as error:
                return web.json_response({"error": {"code": "invalid", "message": str(error)}}, status=400)
            except ApiError as error:
                return web.json_response({"error": {"code": "invalid", "message": error.message}}, status=error.status)

        return serve
