"""Creating, editing and deleting messages, and reacting to them."""

import copy
from typing import Any

from bot.sandbox.errors import ApiError
from bot.sandbox.events import EventBus
from bot.sandbox.gateway.gateway import Gateway
from bot.sandbox.limits.body_errors import BodyErrors
from bot.sandbox.limits.components import walk
from bot.sandbox.limits.message import MAX_FILES, check_message
from bot.sandbox.messages.announcer import MessageAnnouncer
from bot.sandbox.messages.media import Uploads, check_references, resolve_media, with_metadata
from bot.sandbox.state.attachments import Attachment, AttachmentStore, clean_filename
from bot.sandbox.state.enums import ComponentType
from bot.sandbox.state.mentions import Mentions, find_mentions
from bot.sandbox.state.messages import Message, MessageFlag, MessageStore
from bot.sandbox.state.payloads import Payloads
from bot.sandbox.state.permissions import Permission, channel_permissions
from bot.sandbox.state.world import Channel, World

Json = dict[str, Any]

_SET_WHEN_CREATED = (
    MessageFlag.SUPPRESS_EMBEDS
    | MessageFlag.SUPPRESS_NOTIFICATIONS
    | MessageFlag.IS_COMPONENTS_V2
    | MessageFlag.EPHEMERAL
    | MessageFlag.IS_VOICE_MESSAGE
)
_SET_WHEN_EDITED = MessageFlag.IS_COMPONENTS_V2 | MessageFlag.SUPPRESS_EMBEDS


class MessageWriter:
    """Changes messages, for the bot and for people, and announces the changes."""

    def __init__(
        self,
        *,
        world: World,
        messages: MessageStore,
        attachments: AttachmentStore,
        payloads: Payloads,
        gateway: Gateway,
        events: EventBus,
    ) -> None:
        self._world = world
        self._messages = messages
        self._attachments = attachments
        self._announcer = MessageAnnouncer(world, payloads, gateway, events)
        self.notified: list[Json] = []  # whom the bot's messages would have notified

    def create(self, channel: Channel, author_id: str, body: Json, uploads: Uploads, **fields: Any) -> Message:
        """Create a message.

        Args:
            channel: where.
            author_id: the user who sends it.
            body: Discord's body of a request to create a message.
            uploads: its new files, by the index that `attachments` in the body refers to.
            fields: more fields of `Message`.

        Raises:
            ApiError: if Discord would refuse it.
        """
        flags = int(body.get("flags") or 0) & _SET_WHEN_CREATED | fields.pop("flags", 0)
        self._check(channel, body, flags, uploads, set())
        has_content = body.get("content") or body.get("embeds") or body.get("components") or uploads
        if not has_content and not flags & MessageFlag.LOADING:
            raise ApiError("empty_message")
        message = self._messages.add(
            channel,
            author_id,
            content=body.get("content") or "",
            embeds=copy.deepcopy(body.get("embeds") or []),
            components=copy.deepcopy(body.get("components") or []),
            flags=flags,
            reply_to=self._reply_to(channel, body),
            nonce=str(body["nonce"]) if body.get("nonce") else None,
            **fields,
        )
        message.attachments = self._store(message, body, uploads)
        self._complete(message, body)
        self._announcer.created(message)
        return message

    def edit(self, message: Message, body: Json, uploads: Uploads) -> None:
        """Edit a message; a deferred response that gets its content counts as new, not as edited.

        Raises:
            ApiError: if Discord would refuse it.
        """
        channel = self._world.channel(message.channel_id)
        flags = message.flags & ~MessageFlag.LOADING | int(body.get("flags") or 0) & _SET_WHEN_EDITED
        after: Json = {"content": message.content, "embeds": message.embeds} | body
        kept_ids = self._kept_ids(message, body, uploads)
        kept_names = {one.filename for one in message.attachments if kept_ids is None or one.id in kept_ids}
        self._check(channel, after, flags, uploads, kept_names)
        added = self._store(message, body, uploads)
        was_loading = message.loading
        message.flags = flags
        self._messages.replace_attachments(message, kept_ids, added)
        message.content = after["content"] or ""
        message.embeds = copy.deepcopy(after["embeds"] or [])
        if "components" in body:
            message.components = copy.deepcopy(body["components"] or [])
        if was_loading:
            self._complete(message, body)
        else:
            resolve_media(message, self._attachments)
            self._messages.mark_edited(message)
        self._announcer.updated(message)

    def delete(self, message: Message) -> None:
        """Delete a message."""
        self._messages.remove(message)
        self._announcer.deleted(message)

    def react(self, message: Message, user_id: str, emoji: str, *, remove: bool = False) -> None:
        """Add a reaction, or take it back.

        Args:
            message: the message.
            user_id: who reacts.
            emoji: with what.
            remove: take it back.
        """
        user_ids = message.reactions.setdefault(emoji, [])
        changed = remove == (user_id in user_ids)
        if changed and remove:
            user_ids.remove(user_id)
        elif changed:
            user_ids.append(user_id)
        if not user_ids:
            del message.reactions[emoji]
        if changed:
            self._announcer.reacted(message, user_id, emoji, removed=remove)

    def _check(self, channel: Channel, body: Json, flags: int, uploads: Uploads, kept_names: set[str]) -> None:
        sizes = [len(upload.content) for upload in uploads.values()]
        limit_bytes = self._world.upload_limit_bytes(channel)
        check_message(body, flags=flags, file_sizes=sizes, upload_limit_bytes=limit_bytes)
        new_names = {clean_filename(upload.filename) for upload in with_metadata(uploads, body).values()}
        check_references(body.get("components") or [], kept_names | new_names)

    def _reply_to(self, channel: Channel, body: Json) -> str | None:
        reference = body.get("message_reference") or {}
        if "message_id" not in reference:
            return None
        message_id = str(reference["message_id"])
        if any(message.id == message_id for message in self._messages.in_channel(channel.id)):
            return message_id
        if reference.get("fail_if_not_exists", True):
            errors = BodyErrors()
            errors.add(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
            errors.raise_if_any()
        return None

    def _store(self, message: Message, body: Json, uploads: Uploads) -> list[Attachment]:
        return [
            self._attachments.add(upload, message.channel_id, ephemeral=bool(message.visible_to))
            for _, upload in sorted(with_metadata(uploads, body).items())
        ]

    def _kept_ids(self, message: Message, body: Json, uploads: Uploads) -> set[str] | None:
        """Return the ids of the old attachments that an edit keeps; None: all."""
        if "attachments" not in body:
            return None
        errors, old_ids = BodyErrors(), {attachment.id for attachment in message.attachments}
        kept = set()
        for index, item in enumerate(body["attachments"] or []):
            item_id = str(item.get("id"))
            if item_id in old_ids:
                kept.add(item_id)
            elif not (item_id.isdigit() and int(item_id) in uploads):
                errors.add(("attachments", index), "ATTACHMENT_NOT_FOUND", "Attachment data not found")
        errors.check_count(("attachments",), [None] * (len(kept) + len(uploads)), 0, MAX_FILES)
        errors.raise_if_any()
        return kept

    def _complete(self, message: Message, body: Json) -> None:
        """Resolve the files and mentions of a message that is shown for the first time."""
        resolve_media(message, self._attachments)
        message.mentions = self._mentions(message, body)
        if message.mentions and message.author_id == self._world.bot_id:
            found = message.mentions
            self.notified.append(
                {"message_id": message.id, "users": found.users, "roles": found.roles, "everyone": found.everyone}
            )

    def _mentions(self, message: Message, body: Json) -> Mentions:
        channel = self._world.channel(message.channel_id)
        displays = [c for c, _ in walk(message.components) if c.get("type") == ComponentType.TEXT_DISPLAY]
        text = "\n".join([message.content, *(display["content"] for display in displays)])
        bits = channel_permissions(channel, self._world.guild_of(channel), message.author_id)
        allowed = body.get("allowed_mentions")
        everyone = bool(bits & Permission.MENTION_EVERYONE)
        found = find_mentions(text, channel, self._world, allowed=allowed, may_everyone=everyone)
        replied = self._messages.find(message.reply_to or "")
        if replied and (allowed is None or allowed.get("replied_user")) and replied.author_id not in found.users:
            found.users.append(replied.author_id)
        return found
