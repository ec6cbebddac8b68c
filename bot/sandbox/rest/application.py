"""REST routes of the application and its commands."""

from typing import Any

from aiohttp import web

from bot.sandbox.errors import ApiError
from bot.sandbox.events import Event, EventBus
from bot.sandbox.gateway.gateway import Gateway
from bot.sandbox.interactions.commands import ApplicationCommands
from bot.sandbox.rest.api import RestApi
from bot.sandbox.rest.body import read_body, read_list
from bot.sandbox.state.payloads import Payloads
from bot.sandbox.state.world import World

Json = dict[str, Any]


class ApplicationRoutes:
    """Routes under `/applications`, `/oauth2`, `/gateway`, and the bot's own account."""

    def __init__(
        self, *, world: World, payloads: Payloads, commands: ApplicationCommands, gateway: Gateway, events: EventBus
    ) -> None:
        self._world = world
        self._payloads = payloads
        self._commands = commands
        self._gateway = gateway
        self._events = events

    def routes(self, rest: RestApi) -> list[web.RouteDef]:
        """Return the routes to add to the server."""
        routes = [
            rest.route("GET", "/users/@me", self.me),
            rest.route("GET", "/oauth2/applications/@me", self.application),
            rest.route("GET", "/applications/@me", self.application),
            rest.route("GET", "/gateway", self.gateway),
            rest.route("GET", "/gateway/bot", self.gateway),
            rest.route("GET", "/applications/{application_id}/emojis", self.emojis),
        ]
        for owner in ("/applications/{application_id}", "/applications/{application_id}/guilds/{guild_id}"):
            every, one = owner + "/commands", owner + "/commands/{command_id}"
            routes += [
                rest.route("GET", every, self.list_commands),
                rest.route("PUT", every, self.overwrite_commands),
                rest.route("POST", every, self.add_command),
                rest.route("GET", one, self.get_command),
                rest.route("PATCH", one, self.edit_command),
                rest.route("DELETE", one, self.remove_command),
            ]
        return routes

    async def me(self, request: web.Request) -> Json:
        """Return the bot's user."""
        return self._payloads.user(self._world.user(self._world.bot_id)) | {"verified": True, "mfa_enabled": True}

    async def application(self, request: web.Request) -> Json:
        """Return the application."""
        owner = next(iter(self._world.guilds.values())).owner_id
        return {
            "id": self._world.application_id,
            "name": self._world.user(self._world.bot_id).global_name,
            "icon": None,
            "description": "",
            "bot_public": False,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": 1 << (18 if self._world.message_content else 19),
            "owner": self._payloads.user(self._world.user(owner)),
            "team": None,
        }

    async def gateway(self, request: web.Request) -> Json:
        """Return the address of the Gateway."""
        started = {
            "total": 1000,
            "remaining": 1000 - self._gateway.identifies,
            "reset_after": 86_400_000,
            "max_concurrency": 1,
        }
        return {"url": self._gateway.url, "shards": 1, "session_start_limit": started}

    async def emojis(self, request: web.Request) -> Json:
        """Return the application's own emojis: it has none."""
        return {"items": []}

    async def list_commands(self, request: web.Request) -> list[Json]:
        """Return all commands of a guild, or all global ones."""
        return self._commands.registered(self._guild_id(request))

    async def overwrite_commands(self, request: web.Request) -> list[Json]:
        """Replace all commands of a guild, or all global ones."""
        changed = self._commands.overwrite(self._guild_id(request), await read_list(request))
        self._announce()
        return changed

    async def add_command(self, request: web.Request) -> Json:
        """Add one command, or replace the one of its name."""
        body, _ = await read_body(request)
        added = self._commands.add(self._guild_id(request), body)
        self._announce()
        return added

    async def get_command(self, request: web.Request) -> Json:
        """Return one command."""
        return self._commands.get(self._guild_id(request), request.match_info["command_id"])

    async def edit_command(self, request: web.Request) -> Json:
        """Change one command."""
        body, _ = await read_body(request)
        changed = self._commands.edit(self._guild_id(request), request.match_info["command_id"], body)
        self._announce()
        return changed

    async def remove_command(self, request: web.Request) -> None:
        """Remove one command."""
        self._commands.remove(self._guild_id(request), request.match_info["command_id"])
        self._announce()

    def _guild_id(self, request: web.Request) -> str | None:
        if request.match_info["application_id"] != self._world.application_id:
            raise ApiError("unknown_application")
        guild_id = request.match_info.get("guild_id")
        if guild_id and guild_id not in [guild.id for guild in self._world.bot_guilds()]:
            raise ApiError("missing_access")
        return guild_id

    def _announce(self) -> None:
        self._events.publish(Event(kind="commands"))
