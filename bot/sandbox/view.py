"""What one person sees: the whole picture, and what each piece of news changes in it."""

from typing import Any

from bot.sandbox.bus import News
from bot.sandbox.errors import ApiError
from bot.sandbox.interaction import shown_modal
from bot.sandbox.interactions import ANSWER_S
from bot.sandbox.limits.message import MOST_CONTENT, MOST_FILES
from bot.sandbox.messages import Message
from bot.sandbox.parts import Parts
from bot.sandbox.payloads import initials
from bot.sandbox.permissions import Permission, in_channel
from bot.sandbox.world import Channel, Guild, User

Json = dict[str, Any]

SHOWN_MESSAGES = 100


class View:
    """The world through somebody's eyes (`docs/sandbox.md`)."""

    def __init__(self, parts: Parts, me: User) -> None:
        self._parts = parts
        self._me = me

    def state(self) -> Json:
        """Return everything that this person sees."""
        parts, me = self._parts, self._me
        world, payloads = parts.world, parts.payloads
        channels = [c for c in world.channels.values() if world.can_see(me.id, c)]
        return {
            "me": payloads.user(me),
            "bot": {"user": payloads.user(world.user(world.bot_id)), "online": parts.gateway.online},
            "users": {user.id: payloads.user(user) for user in world.users.values()},
            "guilds": [self._guild(g) for g in world.guilds.values() if me.id in g.members],
            "dms": [payloads.channel(c, me.id) for c in channels if not c.guild_id],
            "commands": self.commands(),
            "messages": {c.id: self.messages(c)[-SHOWN_MESSAGES:] for c in channels},
            "interactions": [i.shown() for i in parts.interactions.waiting_for(me.id) if i.kind != "autocomplete"],
            "modals": [shown_modal(i) for i in parts.interactions.modals_of(me.id)],
            "limits": {
                "content": MOST_CONTENT,
                "files": MOST_FILES,
                "upload_bytes": max(g.upload_limit_bytes for g in world.guilds.values()),
                "interaction_s": ANSWER_S,
            },
            "now_ms": int(parts.clock.now() * 1000),
        }

    def messages(self, channel: Channel) -> list[Json]:
        """Return a channel's messages that this person sees, oldest first."""
        return [self.message(m) for m in self._parts.messages.in_channel(channel.id) if m.only in (None, self._me.id)]

    def message(self, message: Message) -> Json:
        """Return one message."""
        return self._parts.payloads.message(message, self._me.id)

    def commands(self) -> Json:
        """Return the commands that this person may run, by guild and in direct messages."""
        visible, me = self._parts.commands.visible, self._me
        guilds = {g.id: visible(me.id, g) for g in self._parts.world.guilds.values() if me.id in g.members}
        return {"guilds": guilds, "dm": visible(me.id, None)}

    def change(self, news: News) -> Json | None:
        """Return the event that a piece of news is for this person; None if it is none of theirs."""
        if news.only not in (None, self._me.id):
            return None
        if news.channel_id and not self._sees(news.channel_id):
            return None
        match news.kind:
            case "message_create" | "message_update":
                try:
                    message = self._parts.messages.get(news.channel_id or "", news.message_id or "")
                except ApiError:
                    return None  # gone meanwhile; the news of that follows
                return {"type": news.kind, "message": self.message(message)}
            case "message_delete":
                return {"type": news.kind, "channel_id": news.channel_id, "message_id": news.message_id}
            case "dm_open":
                channel = self._parts.world.channel(news.channel_id or "")
                return {"type": news.kind, "channel": self._parts.payloads.channel(channel, self._me.id)}
            case "typing":
                return {"type": news.kind, "channel_id": news.channel_id} | news.extra
            case "commands":
                return {"type": news.kind, "commands": self.commands()}
            case "structure":
                return {"type": "state", "state": self.state()}
        return {"type": news.kind} | news.extra

    def _sees(self, channel_id: str) -> bool:
        channel = self._parts.world.channels.get(channel_id)
        return channel is not None and self._parts.world.can_see(self._me.id, channel)

    def _guild(self, guild: Guild) -> Json:
        payloads = self._parts.payloads
        return {
            "id": guild.id,
            "name": guild.name,
            "initials": initials(guild.name),
            "colour": guild.colour,
            "owner_id": guild.owner_id,
            "upload_limit_bytes": guild.upload_limit_bytes,
            "channels": [self._channel(channel, guild) for channel in self._parts.world.channels_of(guild)],
            "roles": [payloads.role(role) for role in guild.roles.values()],
            "members": [payloads.member(guild, user_id) for user_id in guild.members],
        }

    def _channel(self, channel: Channel, guild: Guild) -> Json:
        can_send = bool(in_channel(channel, guild, self._me.id) & Permission.SEND_MESSAGES)
        return self._parts.payloads.channel(channel, self._me.id) | {"sandbox": {"can_send": can_send}}
