"""REST routes that read guilds, members, roles and users."""

from typing import Any

from aiohttp import web

from bot.sandbox.errors import ApiError
from bot.sandbox.rest.api import RestApi
from bot.sandbox.state.payloads import Payloads
from bot.sandbox.state.world import Guild, World

Json = dict[str, Any]


class GuildRoutes:
    """Routes under `/guilds` and `/users`."""

    def __init__(self, world: World, payloads: Payloads) -> None:
        self._world = world
        self._payloads = payloads

    def routes(self, rest: RestApi) -> list[web.RouteDef]:
        """Return the routes to add to the server."""
        guild = "/guilds/{guild_id}"
        return [
            rest.route("GET", "/users/@me/guilds", self.mine),
            rest.route("GET", "/users/{user_id}", self.user),
            rest.route("GET", guild, self.guild),
            rest.route("GET", guild + "/channels", self.channels),
            rest.route("GET", guild + "/members", self.members),
            rest.route("GET", guild + "/members/{user_id}", self.member),
            rest.route("GET", guild + "/roles", self.roles),
            rest.route("GET", guild + "/roles/{role_id}", self.role),
        ]

    async def mine(self, request: web.Request) -> list[Json]:
        """Return the guilds that the bot is in."""
        return [self._payloads.guild(guild) for guild in self._world.bot_guilds()]

    async def user(self, request: web.Request) -> Json:
        """Return a user."""
        return self._payloads.user(self._world.user(request.match_info["user_id"]))

    async def guild(self, request: web.Request) -> Json:
        """Return a guild."""
        return self._payloads.guild(self._guild(request))

    async def channels(self, request: web.Request) -> list[Json]:
        """Return the channels of a guild."""
        found = self._world.channels_of(self._guild(request))
        return [self._payloads.channel(channel, self._world.bot_id) for channel in found]

    async def members(self, request: web.Request) -> list[Json]:
        """Return the members of a guild, by id."""
        guild = self._guild(request)
        after, limit = int(request.query.get("after", "0")), int(request.query.get("limit", "1"))
        found = sorted((u for u in guild.members if int(u) > after), key=int)[:limit]
        return [self._payloads.member(guild, user_id) for user_id in found]

    async def member(self, request: web.Request) -> Json:
        """Return a member."""
        guild, user_id = self._guild(request), self._world.user(request.match_info["user_id"]).id
        if user_id not in guild.members:
            raise ApiError("unknown_member")
        return self._payloads.member(guild, user_id)

    async def roles(self, request: web.Request) -> list[Json]:
        """Return the roles of a guild."""
        return [self._payloads.role(role) for role in self._guild(request).roles.values()]

    async def role(self, request: web.Request) -> Json:
        """Return a role."""
        role = self._guild(request).roles.get(request.match_info["role_id"])
        if role is None:
            raise ApiError("unknown_role")
        return self._payloads.role(role)

    def _guild(self, request: web.Request) -> Guild:
        guild = self._world.guild(request.match_info["guild_id"])
        if self._world.bot_id not in guild.members:
            raise ApiError("missing_access")
        return guild
