"""What one person sees, and what each event changes in it."""

from typing import Any

from bot.sandbox.container import Container
from bot.sandbox.errors import ApiError
from bot.sandbox.events import Event
from bot.sandbox.interactions.registry import RESPONSE_DEADLINE_S
from bot.sandbox.limits.message import MAX_CONTENT_LENGTH, MAX_FILES
from bot.sandbox.state.messages import Message
from bot.sandbox.state.payloads import initials
from bot.sandbox.state.permissions import Permission, channel_permissions
from bot.sandbox.state.world import Channel, Guild, User

Json = dict[str, Any]

SHOWN_MESSAGES = 100


class MemberView:
    """The state of the sandbox as one member sees it (`docs/sandbox.md`)."""

    def __init__(self, container: Container, me: User) -> None:
        self._container = container
        self._me = me

    def state(self) -> Json:
        """Return everything that this person sees."""
        container, me = self._container, self._me
        world, payloads = container.world, container.payloads
        channels = [c for c in world.channels.values() if world.can_see(me.id, c)]
        return {
            "me": payloads.user(me),
            "bot": {"user": payloads.user(world.user(world.bot_id)), "online": container.gateway.online},
            "users": {user.id: payloads.user(user) for user in world.users.values()},
            "guilds": [self._guild(g) for g in world.guilds.values() if me.id in g.members],
            "dms": [payloads.channel(c, me.id) for c in channels if not c.guild_id],
            "commands": self.commands(),
            "messages": {c.id: self.messages(c)[-SHOWN_MESSAGES:] for c in channels},
            "interactions": [i.to_json() for i in container.interactions.pending_of(me.id) if i.kind != "autocomplete"],
            "modals": [i.modal_json() for i in container.interactions.with_open_modal(me.id)],
            "limits": {
                "content": MAX_CONTENT_LENGTH,
                "files": MAX_FILES,
                "upload_bytes": max(g.upload_limit_bytes for g in world.guilds.values()),
                "interaction_s": RESPONSE_DEADLINE_S,
            },
            "now_ms": int(container.clock.now() * 1000),
        }

    def messages(self, channel: Channel) -> list[Json]:
        """Return the messages of a channel that this person sees, oldest first."""
        messages = self._container.messages.in_channel(channel.id)
        return [self.message(message) for message in messages if message.visible_to in (None, self._me.id)]

    def message(self, message: Message) -> Json:
        """Return one message."""
        return self._container.payloads.message(message, self._me.id)

    def commands(self) -> Json:
        """Return the commands that this person may run, by guild and in direct messages."""
        visible, me = self._container.commands.visible, self._me
        guilds = {g.id: visible(me.id, g) for g in self._container.world.guilds.values() if me.id in g.members}
        return {"guilds": guilds, "dm": visible(me.id, None)}

    def event_json(self, event: Event) -> Json | None:
        """Return an event as this person's page gets it; None if it is none of theirs."""
        if event.visible_to not in (None, self._me.id):
            return None
        if event.channel_id and not self._sees(event.channel_id):
            return None
        match event.kind:
            case "message_create" | "message_update":
                try:
                    message = self._container.messages.get(event.channel_id or "", event.message_id or "")
                except ApiError:
                    return None  # it is gone meanwhile; that event follows
                return {"type": event.kind, "message": self.message(message)}
            case "message_delete":
                return {"type": event.kind, "channel_id": event.channel_id, "message_id": event.message_id}
            case "dm_open":
                channel = self._container.world.channel(event.channel_id or "")
                return {"type": event.kind, "channel": self._container.payloads.channel(channel, self._me.id)}
            case "typing":
                return {"type": event.kind, "channel_id": event.channel_id} | event.data
            case "commands":
                return {"type": event.kind, "commands": self.commands()}
            case "structure":
                return {"type": "state", "state": self.state()}
        return {"type": event.kind} | event.data

    def _sees(self, channel_id: str) -> bool:
        channel = self._container.world.channels.get(channel_id)
        return channel is not None and self._container.world.can_see(self._me.id, channel)

    def _guild(self, guild: Guild) -> Json:
        payloads = self._container.payloads
        return {
            "id": guild.id,
            "name": guild.name,
            "initials": initials(guild.name),
            "colour": guild.colour,
            "owner_id": guild.owner_id,
            "upload_limit_bytes": guild.upload_limit_bytes,
            "channels": [self._channel(channel, guild) for channel in self._container.world.channels_of(guild)],
            "roles": [payloads.role(role) for role in guild.roles.values()],
            "members": [payloads.member(guild, user_id) for user_id in guild.members],
        }

    def _channel(self, channel: Channel, guild: Guild) -> Json:
        can_send = bool(channel_permissions(channel, guild, self._me.id) & Permission.SEND_MESSAGES)
        return self._container.payloads.channel(channel, self._me.id) | {"sandbox": {"can_send": can_send}}
