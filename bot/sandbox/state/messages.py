"""Messages: what is in each, and all of them by channel."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Any

from bot.sandbox.clock import SandboxClock
from bot.sandbox.errors import ApiError
from bot.sandbox.state.attachments import Attachment, AttachmentStore
from bot.sandbox.state.mentions import Mentions
from bot.sandbox.state.snowflakes import SnowflakeGenerator
from bot.sandbox.state.world import Channel

NONCE_LIFE_S = 300
MAX_KEPT_PER_CHANNEL = 2000


class MessageFlag(IntFlag):
    """The message flags that the sandbox knows.

    https://discord.com/developers/docs/resources/message#message-object-message-flags
    """

    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    IS_VOICE_MESSAGE = 1 << 13
    IS_COMPONENTS_V2 = 1 << 15


@dataclass(slots=True, kw_only=True)
class Message:
    """A message as it is kept; `bot.sandbox.state.payloads` turns it into what each user sees."""

    id: str
    channel_id: str
    author_id: str
    timestamp: str
    type: int = 0  # 0 default, 19 reply, 20 response to a slash command, 23 response to a context menu command
    content: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    flags: int = 0
    edited_timestamp: str | None = None
    visible_to: str | None = None  # the one user who sees an ephemeral message; None: everybody in the channel
    nonce: str | None = None
    mentions: Mentions = field(default_factory=Mentions)
    reply_to: str | None = None  # the id of a message
    interaction_metadata: dict[str, Any] | None = None
    by_webhook: bool = False  # sent with an interaction's token
    reactions: dict[str, list[str]] = field(default_factory=dict)  # emoji → user ids

    @property
    def loading(self) -> bool:
        """Whether this is a deferred response without content yet."""
        return bool(self.flags & MessageFlag.LOADING)


class MessageStore:
    """All messages by channel, oldest first."""

    def __init__(self, clock: SandboxClock, snowflakes: SnowflakeGenerator, attachments: AttachmentStore) -> None:
        self._clock = clock
        self._snowflakes = snowflakes
        self._attachments = attachments
        self._channels: dict[str, dict[str, Message]] = {}
        self._nonces: dict[tuple[str, str, str], tuple[float, str]] = {}

    def add(self, channel: Channel, author_id: str, **fields: Any) -> Message:
        """Keep a message under a new id, with these fields of `Message`."""
        message = Message(
            id=self._snowflakes.next(),
            channel_id=channel.id,
            author_id=author_id,
            timestamp=self._clock.iso_now(),
            **fields,
        )
        if message.nonce:
            self._nonces[channel.id, author_id, message.nonce] = (self._clock.now(), message.id)
        if not message.visible_to:
            channel.last_message_id = message.id
        self.keep(message)
        return message

    def keep(self, message: Message) -> None:
        """Keep a message that has its id already; a channel forgets its oldest when it is full."""
        channel = self._channels.setdefault(message.channel_id, {})
        channel[message.id] = message
        if len(channel) > MAX_KEPT_PER_CHANNEL:
            self.remove(next(iter(channel.values())))

    def get(self, channel_id: str, message_id: str) -> Message:
        """Return a message.

        Raises:
            ApiError: if there is none (10008).
        """
        try:
            return self._channels[channel_id][message_id]
        except KeyError:
            raise ApiError("unknown_message") from None

    def find(self, message_id: str) -> Message | None:
        """Return a message of whichever channel; None if there is none."""
        return next((found for channel in self._channels.values() if (found := channel.get(message_id))), None)

    def in_channel(self, channel_id: str) -> list[Message]:
        """Return the messages of a channel, oldest first, ephemeral ones included."""
        return list(self._channels.get(channel_id, {}).values())

    def all(self) -> Iterable[Message]:
        """Iterate over all messages."""
        return (message for channel in self._channels.values() for message in channel.values())

    def with_nonce(self, channel_id: str, author_id: str, nonce: str) -> Message | None:
        """Return the message that was sent with a nonce in the last minutes; None if there is none."""
        sent_s, message_id = self._nonces.get((channel_id, author_id, nonce), (0.0, ""))
        if self._clock.now() - sent_s > NONCE_LIFE_S:
            return None
        return self._channels.get(channel_id, {}).get(message_id)

    def replace_attachments(self, message: Message, kept_ids: set[str] | None, added: list[Attachment]) -> None:
        """Give a message new attachments beside those of its old ones that are named.

        Args:
            message: the message.
            kept_ids: ids of old attachments; None keeps all.
            added: the new ones.
        """
        kept = []
        for attachment in message.attachments:
            if kept_ids is None or attachment.id in kept_ids:
                kept.append(attachment)
            else:
                self._attachments.remove_later(attachment.id)
        message.attachments = kept + added

    def mark_edited(self, message: Message) -> None:
        """Note that a message was edited now."""
        message.edited_timestamp = self._clock.iso_now()

    def remove(self, message: Message) -> None:
        """Forget a message and its files."""
        self._channels[message.channel_id].pop(message.id, None)
        for attachment in message.attachments:
            self._attachments.remove(attachment.id)

    def remove_channel(self, channel_id: str) -> None:
        """Forget the messages of a channel."""
        for message in self.in_channel(channel_id):
            self.remove(message)
        self._channels.pop(channel_id, None)
