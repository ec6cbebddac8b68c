"""Telling people's pages and the bot what happened to a message."""

from typing import Any

from bot.sandbox.events import Event, EventBus
from bot.sandbox.gateway.gateway import Gateway
from bot.sandbox.gateway.intents import Intent
from bot.sandbox.state.messages import Message
from bot.sandbox.state.payloads import Payloads
from bot.sandbox.state.permissions import Permission, channel_permissions
from bot.sandbox.state.world import Channel, World

Json = dict[str, Any]


class MessageAnnouncer:
    """Publishes events about messages, and dispatches those to the bot that it may see."""

    def __init__(self, world: World, payloads: Payloads, gateway: Gateway, events: EventBus) -> None:
        self._world = world
        self._payloads = payloads
        self._gateway = gateway
        self._events = events

    def created(self, message: Message) -> None:
        """Announce a new message."""
        self._publish("message_create", message)
        self._dispatch_message("MESSAGE_CREATE", message)

    def updated(self, message: Message) -> None:
        """Announce a message that was edited."""
        self._publish("message_update", message)
        self._dispatch_message("MESSAGE_UPDATE", message)

    def deleted(self, message: Message) -> None:
        """Announce that a message is gone."""
        self._publish("message_delete", message)
        channel = self._world.channel(message.channel_id)
        body = {"id": message.id, "channel_id": channel.id} | _guild_id(channel)
        self._dispatch(message, "MESSAGE_DELETE", body, _message_intent(channel))

    def reacted(self, message: Message, user_id: str, emoji: str, *, removed: bool) -> None:
        """Announce a reaction.

        Args:
            message: the message.
            user_id: who reacted.
            emoji: with what.
            removed: the reaction was taken back.
        """
        self._publish("message_update", message)
        channel = self._world.channel(message.channel_id)
        guild = self._world.guild_of(channel)
        body: Json = {"user_id": user_id, "channel_id": channel.id, "message_id": message.id} | _guild_id(channel)
        body |= {
            "emoji": {"id": None, "name": emoji},
            "message_author_id": message.author_id,
            "type": 0,
            "burst": False,
        }
        if guild and not removed:
            body["member"] = self._payloads.member(guild, user_id)
        event = "MESSAGE_REACTION_REMOVE" if removed else "MESSAGE_REACTION_ADD"
        intent = Intent.GUILD_MESSAGE_REACTIONS if guild else Intent.DIRECT_MESSAGE_REACTIONS
        self._dispatch(message, event, body, intent)

    def _publish(self, kind: str, message: Message) -> None:
        event = Event(kind=kind, channel_id=message.channel_id, message_id=message.id, visible_to=message.visible_to)
        self._events.publish(event)

    def _dispatch_message(self, event: str, message: Message) -> None:
        body = self._payloads.message(message, self._world.bot_id)
        intent = _message_intent(self._world.channel(message.channel_id))
        self._dispatch(message, event, body, intent, self._without_content(message, body))

    def _dispatch(
        self, message: Message, event: str, body: Json, intent: Intent, without_content: Json | None = None
    ) -> None:
        """Send an event to the bot, unless it cannot see the message: it is ephemeral, private or denied to it."""
        channel, bot_id = self._world.channel(message.channel_id), self._world.bot_id
        bits = channel_permissions(channel, self._world.guild_of(channel), bot_id)
        if not message.visible_to and self._world.can_see(bot_id, channel) and bits & Permission.VIEW_CHANNEL:
            self._gateway.dispatch(event, body, intent, without_content=without_content)

    def _without_content(self, message: Message, body: Json) -> Json:
        """Return a message object as a bot without the Message Content intent gets it."""
        bot_id = self._world.bot_id
        readable = not body.get("guild_id") or message.author_id == bot_id or bot_id in message.mentions.users
        return body if readable else body | {"content": "", "attachments": [], "embeds": [], "components": []}


def _message_intent(channel: Channel) -> Intent:
    return Intent.GUILD_MESSAGES if channel.guild_id else Intent.DIRECT_MESSAGES


def _guild_id(channel: Channel) -> Json:
    return {"guild_id": channel.guild_id} if channel.guild_id else {}
