"""REST routes of channels, their messages and reactions, and direct messages."""

from typing import Any
from urllib.parse import unquote

from aiohttp import web

from bot.sandbox.errors import ApiError
from bot.sandbox.events import Event, EventBus
from bot.sandbox.limits.body_errors import BodyErrors
from bot.sandbox.messages.writer import MessageWriter
from bot.sandbox.rest.api import RestApi
from bot.sandbox.rest.body import read_body
from bot.sandbox.state.enums import ChannelType, MessageType
from bot.sandbox.state.messages import Message, MessageFlag, MessageStore
from bot.sandbox.state.payloads import Payloads
from bot.sandbox.state.permissions import Permission, channel_permissions
from bot.sandbox.state.snowflakes import SnowflakeGenerator
from bot.sandbox.state.world import Channel, World

Json = dict[str, Any]


class ChannelRoutes:
    """Routes under `/channels`, and `/users/@me/channels`."""

    def __init__(
        self,
        *,
        world: World,
        messages: MessageStore,
        payloads: Payloads,
        message_writer: MessageWriter,
        events: EventBus,
        snowflakes: SnowflakeGenerator,
    ) -> None:
        self._world = world
        self._messages = messages
        self._payloads = payloads
        self._message_writer = message_writer
        self._events = events
        self._snowflakes = snowflakes

    def routes(self, rest: RestApi) -> list[web.RouteDef]:
        """Return the routes to add to the server."""
        channel = "/channels/{channel_id}"
        message = channel + "/messages/{message_id}"
        reaction = message + "/reactions/{emoji}"
        return [
            rest.route("GET", channel, self.get_channel),
            rest.route("POST", channel + "/typing", self.typing),
            rest.route("GET", channel + "/messages", self.history),
            rest.route("POST", channel + "/messages", self.create),
            rest.route("GET", message, self.get),
            rest.route("PATCH", message, self.edit),
            rest.route("DELETE", message, self.delete),
            rest.route("GET", reaction, self.reactors),
            rest.route("PUT", reaction + "/@me", self.react),
            rest.route("DELETE", reaction + "/@me", self.remove_reaction),
            rest.route("POST", "/users/@me/channels", self.open_dm),
        ]

    async def get_channel(self, request: web.Request) -> Json:
        """Return a channel."""
        return self._payloads.channel(self._channel(request, Permission.VIEW_CHANNEL), self._world.bot_id)

    async def typing(self, request: web.Request) -> None:
        """Show that the bot is typing."""
        channel = self._channel(request, Permission.SEND_MESSAGES)
        self._events.publish(Event(kind="typing", channel_id=channel.id, data={"user_id": self._world.bot_id}))

    async def history(self, request: web.Request) -> list[Json]:
        """Return messages, newest first."""
        channel = self._channel(request, Permission.READ_MESSAGE_HISTORY)
        errors = BodyErrors()
        limit = int(request.query.get("limit", "50"))
        errors.check_number(("limit",), limit, 1, 100)
        errors.raise_if_any()
        found = [m for m in self._messages.in_channel(channel.id) if not m.visible_to]
        if after := request.query.get("after"):
            found = [m for m in found if int(m.id) > int(after)][:limit]
        elif around := request.query.get("around"):
            nearest = sorted(found, key=lambda m: abs(int(m.id) - int(around)))[:limit]
            found = sorted(nearest, key=lambda m: int(m.id))
        elif before := request.query.get("before"):
            found = [m for m in found if int(m.id) < int(before)]
        return [self._payloads.message(m, self._world.bot_id) for m in reversed(found[-limit:])]

    async def create(self, request: web.Request) -> Json:
        """Create a message as the bot; with `enforce_nonce`, only once."""
        body, uploads = await read_body(request)
        channel = self._channel(request, Permission.SEND_MESSAGES | (Permission.ATTACH_FILES if uploads else 0))
        if channel.type == ChannelType.DM:
            self._check_dm(channel)
        if body.get("nonce") and body.get("enforce_nonce"):
            earlier = self._messages.with_nonce(channel.id, self._world.bot_id, str(body["nonce"]))
            if earlier:
                return self._payloads.message(earlier, self._world.bot_id)
        body["flags"] = int(body.get("flags") or 0) & ~MessageFlag.EPHEMERAL
        message_type = MessageType.REPLY if body.get("message_reference") else MessageType.DEFAULT
        message = self._message_writer.create(channel, self._world.bot_id, body, uploads, type=message_type)
        return self._payloads.message(message, self._world.bot_id)

    async def get(self, request: web.Request) -> Json:
        """Return a message."""
        return self._payloads.message(self._message(request, Permission.READ_MESSAGE_HISTORY), self._world.bot_id)

    async def edit(self, request: web.Request) -> Json:
        """Edit one of the bot's messages."""
        message = self._message(request, Permission.VIEW_CHANNEL)
        body, uploads = await read_body(request)
        if message.author_id != self._world.bot_id:
            raise ApiError("not_author")
        self._message_writer.edit(message, body, uploads)
        return self._payloads.message(message, self._world.bot_id)

    async def delete(self, request: web.Request) -> None:
        """Delete a message: the bot's own, or anybody's with the permission to manage messages."""
        message = self._message(request, Permission.VIEW_CHANNEL)
        if message.author_id != self._world.bot_id:
            self._channel(request, Permission.MANAGE_MESSAGES)
        self._message_writer.delete(message)

    async def reactors(self, request: web.Request) -> list[Json]:
        """Return the users who reacted with an emoji."""
        message = self._message(request, Permission.READ_MESSAGE_HISTORY)
        who = message.reactions.get(unquote(request.match_info["emoji"]), [])
        return [self._payloads.user(self._world.user(user_id)) for user_id in who]

    async def react(self, request: web.Request) -> None:
        """React as the bot."""
        message = self._message(request, Permission.ADD_REACTIONS | Permission.READ_MESSAGE_HISTORY)
        self._message_writer.react(message, self._world.bot_id, unquote(request.match_info["emoji"]))

    async def remove_reaction(self, request: web.Request) -> None:
        """Take back a reaction of the bot."""
        message = self._message(request, Permission.VIEW_CHANNEL)
        self._message_writer.react(message, self._world.bot_id, unquote(request.match_info["emoji"]), remove=True)

    async def open_dm(self, request: web.Request) -> Json:
        """Return the direct-message channel with a user, and create it if there is none."""
        body, _ = await read_body(request)
        user = self._world.user(str(body.get("recipient_id")))
        bot = self._world.user(self._world.bot_id)
        channel, is_new = self._world.dm_channel(bot, user, self._snowflakes.next())
        if is_new:
            self._events.publish(Event(kind="dm_open", channel_id=channel.id))
        return self._payloads.channel(channel, bot.id)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _channel(self, request: web.Request, needed: int) -> Channel:
        channel = self._world.channel(request.match_info["channel_id"])
        if not self._world.can_see(self._world.bot_id, channel):
            raise ApiError("missing_access")
        bits = channel_permissions(channel, self._world.guild_of(channel), self._world.bot_id)
        if not bits & Permission.VIEW_CHANNEL:
            raise ApiError("missing_access")
        if bits & needed != needed:
            raise ApiError("missing_permissions")
        return channel

    def _message(self, request: web.Request, needed: int) -> Message:
        channel = self._channel(request, needed)
        message = self._messages.get(channel.id, request.match_info["message_id"])
        if message.visible_to:
            raise ApiError("unknown_message")  # ephemeral messages can only be reached with their token
        return message

    def _check_dm(self, channel: Channel) -> None:
        others = [self._world.user(u) for u in channel.recipients if u != self._world.bot_id]
        if any(user.dms_closed for user in others):
            raise ApiError("cannot_dm")
