"""Messages: what is in each, and what happens to them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Any

from bot.sandbox.clock import Clock
from bot.sandbox.errors import ApiError
from bot.sandbox.files import Files, StoredFile
from bot.sandbox.mentions import Mentions
from bot.sandbox.snowflakes import Snowflakes
from bot.sandbox.world import Channel

NONCE_LIFE_S = 300
KEPT_PER_CHANNEL = 2000


class Flag(IntFlag):
    """The message flags that this Discord knows.

    https://discord.com/developers/docs/resources/message#message-object-message-flags
    """

    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    VOICE = 1 << 13
    COMPONENTS_V2 = 1 << 15


@dataclass(slots=True, kw_only=True)
class Message:
    """A message as it is kept; `payloads` says how each sees it."""

    id: str
    channel_id: str
    author_id: str
    timestamp: str
    type: int = 0  # 0 ordinary, 19 reply, 20 answer to a command, 23 answer to a menu command
    content: str = ""
    files: list[StoredFile] = field(default_factory=list)
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    flags: int = 0
    edited_timestamp: str | None = None
    only: str | None = None  # the one person who sees an ephemeral message
    nonce: str | None = None
    mentions: Mentions = field(default_factory=Mentions)
    reply_to: str | None = None
    interaction: dict[str, Any] | None = None  # Discord's interaction_metadata
    by_webhook: bool = False  # sent with an interaction's token
    reactions: dict[str, list[str]] = field(default_factory=dict)  # emoji → who

    @property
    def loading(self) -> bool:
        """Whether this is a deferred answer without content yet."""
        return bool(self.flags & Flag.LOADING)


class Messages:
    """All messages, by channel, oldest first."""

    def __init__(self, clock: Clock, snowflakes: Snowflakes, files: Files) -> None:
        self._clock = clock
        self._snowflakes = snowflakes
        self._files = files
        self._channels: dict[str, dict[str, Message]] = {}
        self._nonces: dict[tuple[str, str, str], tuple[float, str]] = {}

    def new(self, channel: Channel, author_id: str, **fields: Any) -> Message:
        """Make a message and keep it."""
        message = Message(
            id=self._snowflakes.next(),
            channel_id=channel.id,
            author_id=author_id,
            timestamp=self._clock.stamp(),
            **fields,
        )
        if message.nonce:
            self._nonces[channel.id, author_id, message.nonce] = (self._clock.now(), message.id)
        if not message.only:
            channel.last_message_id = message.id
        self.keep(message)
        return message

    def keep(self, message: Message) -> None:
        """Keep a message that has its id already; a channel forgets its oldest when it is full."""
        channel = self._channels.setdefault(message.channel_id, {})
        channel[message.id] = message
        if len(channel) > KEPT_PER_CHANNEL:
            self.remove(next(iter(channel.values())))

    def get(self, channel_id: str, message_id: str) -> Message:
        """Return a message; raise ApiError if there is none."""
        try:
            return self._channels[channel_id][message_id]
        except KeyError:
            raise ApiError("unknown_message") from None

    def find(self, message_id: str) -> Message | None:
        """Return a message from whichever channel it is in."""
        return next((found for channel in self._channels.values() if (found := channel.get(message_id))), None)

    def in_channel(self, channel_id: str) -> list[Message]:
        """Return a channel's messages, oldest first, ephemeral ones included."""
        return list(self._channels.get(channel_id, {}).values())

    def everywhere(self) -> Iterable[Message]:
        """Iterate over all messages."""
        return (message for channel in self._channels.values() for message in channel.values())

    def with_nonce(self, channel_id: str, author_id: str, nonce: str) -> Message | None:
        """Return the message that was sent with this nonce in the last minutes."""
        sent_s, message_id = self._nonces.get((channel_id, author_id, nonce), (0.0, ""))
        if self._clock.now() - sent_s > NONCE_LIFE_S:
            return None
        return self._channels.get(channel_id, {}).get(message_id)

    def replace_files(self, message: Message, kept_ids: set[str] | None, added: list[StoredFile]) -> None:
        """Give a message new files, and keep those of its old ones that are named (None: all)."""
        for stored in message.files:
            if kept_ids is not None and stored.id not in kept_ids:
                self._files.retire(stored.id)
        message.files = [f for f in message.files if kept_ids is None or f.id in kept_ids] + added

    def touch(self, message: Message) -> None:
        """Note that a message was edited now."""
        message.edited_timestamp = self._clock.stamp()

    def remove(self, message: Message) -> None:
        """Forget a message and its files."""
        self._channels[message.channel_id].pop(message.id, None)
        for stored in message.files:
            self._files.drop(stored.id)

    def remove_channel(self, channel_id: str) -> None:
        """Forget a channel's messages."""
        for message in self.in_channel(channel_id):
            self.remove(message)
        self._channels.pop(channel_id, None)
