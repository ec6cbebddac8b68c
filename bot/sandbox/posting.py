"""Putting messages into channels, changing and removing them, and telling everybody who should know."""

import copy
from typing import Any

from bot.sandbox.bus import Bus, News
from bot.sandbox.errors import ApiError
from bot.sandbox.files import Files, StoredFile, Upload, clean_filename
from bot.sandbox.gateway import Gateway
from bot.sandbox.limits.components import TEXT, walk
from bot.sandbox.limits.form import Form
from bot.sandbox.limits.message import MOST_FILES, check_message
from bot.sandbox.media import check_references, described, resolve
from bot.sandbox.mentions import Mentions, find_mentions
from bot.sandbox.messages import Flag, Message, Messages
from bot.sandbox.payloads import Payloads
from bot.sandbox.permissions import Permission, in_channel
from bot.sandbox.session import Intent
from bot.sandbox.world import Channel, World

Json = dict[str, Any]

_SETTABLE = Flag.SUPPRESS_EMBEDS | Flag.SUPPRESS_NOTIFICATIONS | Flag.COMPONENTS_V2 | Flag.EPHEMERAL | Flag.VOICE


class Posting:
    """Writes messages for the bot and for people."""

    def __init__(
        self, world: World, messages: Messages, files: Files, payloads: Payloads, gateway: Gateway, bus: Bus
    ) -> None:
        self._world = world
        self._messages = messages
        self._files = files
        self._payloads = payloads
        self._gateway = gateway
        self._bus = bus
        self.notified: list[Json] = []  # whom the bot's messages would have notified

    def create(
        self, channel: Channel, author_id: str, body: Json, uploads: dict[int, Upload], **fields: Any
    ) -> Message:
        """Post a message.

        Parameters: body: Discord's create-message body. uploads: new files by index. fields: more fields of `Message`.
        Raises: ApiError if Discord would refuse it.
        """
        flags = int(body.get("flags") or 0) & _SETTABLE | fields.pop("flags", 0)
        self._check(channel, body, flags, uploads, set())
        if not (body.get("content") or body.get("embeds") or body.get("components") or uploads or flags & Flag.LOADING):
            raise ApiError("empty_message")
        message = self._messages.new(
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
        message.files = self._keep(message, body, uploads)
        self._settle(message, body)
        self._announce("create", message)
        return message

    def edit(self, message: Message, body: Json, uploads: dict[int, Upload]) -> None:
        """Change a message; a deferred answer that is filled counts as new, not as edited."""
        channel = self._world.channel(message.channel_id)
        flags = message.flags & ~Flag.LOADING | int(body.get("flags") or 0) & (
            Flag.COMPONENTS_V2 | Flag.SUPPRESS_EMBEDS
        )
        after: Json = {"content": message.content, "embeds": message.embeds} | body
        kept = self._kept_ids(message, body, uploads)
        self._check(channel, after, flags, uploads, {f.filename for f in message.files if kept is None or f.id in kept})
        added = self._keep(message, body, uploads)
        was_loading = message.loading
        message.flags = flags
        self._messages.replace_files(message, kept, added)
        message.content = after["content"] or ""
        message.embeds = copy.deepcopy(after["embeds"] or [])
        if "components" in body:
            message.components = copy.deepcopy(body["components"] or [])
        if was_loading:
            self._settle(message, body)
        else:
            resolve(message, self._files)
            self._messages.touch(message)
        self._announce("update", message)

    def delete(self, message: Message) -> None:
        """Remove a message."""
        channel = self._world.channel(message.channel_id)
        self._messages.remove(message)
        self._bus.tell(
            News(kind="message_delete", channel_id=message.channel_id, message_id=message.id, only=message.only)
        )
        gone = {"id": message.id, "channel_id": message.channel_id}
        self._tell_bot(message, "MESSAGE_DELETE", gone | _guild_id(channel), _intent(channel))

    def react(self, message: Message, user_id: str, emoji: str, *, remove: bool = False) -> None:
        """Add or take back a reaction."""
        who = message.reactions.setdefault(emoji, [])
        changed = remove == (user_id in who)
        if changed and remove:
            who.remove(user_id)
        elif changed:
            who.append(user_id)
        if not who:
            del message.reactions[emoji]
        if changed:
            self._tell_reaction(message, user_id, emoji, "REMOVE" if remove else "ADD")
            self._bus.tell(
                News(kind="message_update", channel_id=message.channel_id, message_id=message.id, only=message.only)
            )

    # -- inside ----------------------------------------------------------------------------------------------------

    def _check(
        self, channel: Channel, body: Json, flags: int, uploads: dict[int, Upload], kept_names: set[str]
    ) -> None:
        sizes = [len(upload.content) for upload in uploads.values()]
        limit_bytes = self._world.upload_limit_bytes(channel)
        check_message(body, flags=flags, file_sizes=sizes, upload_limit_bytes=limit_bytes)
        new_names = {clean_filename(upload.filename) for upload in described(body, uploads).values()}
        check_references(body.get("components") or [], kept_names | new_names)

    def _reply_to(self, channel: Channel, body: Json) -> str | None:
        reference = body.get("message_reference") or {}
        if "message_id" not in reference:
            return None
        message_id = str(reference["message_id"])
        if not any(m.id == message_id for m in self._messages.in_channel(channel.id)):
            if reference.get("fail_if_not_exists", True):
                form = Form()
                form.fail(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
                form.check()
            return None
        return message_id

    def _keep(self, message: Message, body: Json, uploads: dict[int, Upload]) -> list[StoredFile]:
        return [
            self._files.add(upload, message.channel_id, ephemeral=bool(message.only))
            for _, upload in sorted(described(body, uploads).items())
        ]

    def _kept_ids(self, message: Message, body: Json, uploads: dict[int, Upload]) -> set[str] | None:
        if "attachments" not in body:
            return None
        form, have = Form(), {stored.id for stored in message.files}
        kept = set()
        for index, item in enumerate(body["attachments"] or []):
            item_id = str(item.get("id"))
            if item_id in have:
                kept.add(item_id)
            elif not (item_id.isdigit() and int(item_id) in uploads):
                form.fail(("attachments", index), "ATTACHMENT_NOT_FOUND", "Attachment data not found")
        form.count(("attachments",), [None] * (len(kept) + len(uploads)), 0, MOST_FILES)
        form.check()
        return kept

    def _settle(self, message: Message, body: Json) -> None:
        """Resolve the files and mentions of a message that is shown for the first time."""
        resolve(message, self._files)
        message.mentions = self._mentions(message, body)
        if message.mentions and message.author_id == self._world.bot_id:
            found = message.mentions
            self.notified.append(
                {"message_id": message.id, "users": found.users, "roles": found.roles, "everyone": found.everyone}
            )

    def _mentions(self, message: Message, body: Json) -> Mentions:
        channel = self._world.channel(message.channel_id)
        texts = [message.content] + [c["content"] for c, _ in walk(message.components) if c.get("type") == TEXT]
        bits = in_channel(channel, self._world.guild_of(channel), message.author_id)
        allowed = body.get("allowed_mentions")
        everyone = bool(bits & Permission.MENTION_EVERYONE)
        found = find_mentions("\n".join(texts), channel, self._world, allowed=allowed, may_everyone=everyone)
        replied = self._messages.find(message.reply_to or "")
        if replied and (allowed is None or allowed.get("replied_user")) and replied.author_id not in found.users:
            found.users.append(replied.author_id)
        return found

    def _announce(self, what: str, message: Message) -> None:
        self._bus.tell(
            News(kind=f"message_{what}", channel_id=message.channel_id, message_id=message.id, only=message.only)
        )
        channel = self._world.channel(message.channel_id)
        body = self._payloads.message(message, self._world.bot_id)
        self._tell_bot(message, f"MESSAGE_{what.upper()}", body, _intent(channel), self._without_content(message, body))

    def _tell_bot(self, message: Message, event: str, body: Json, intent: Intent, without: Json | None = None) -> None:
        """Send an event, unless it is about what the bot does not see: ephemeral, private, or denied."""
        channel, bot_id = self._world.channel(message.channel_id), self._world.bot_id
        bits = in_channel(channel, self._world.guild_of(channel), bot_id)
        if not message.only and self._world.can_see(bot_id, channel) and bits & Permission.VIEW_CHANNEL:
            self._gateway.tell(event, body, intent, without=without)

    def _without_content(self, message: Message, body: Json) -> Json:
        bot_id = self._world.bot_id
        readable = not body.get("guild_id") or message.author_id == bot_id or bot_id in message.mentions.users
        return body if readable else body | {"content": "", "attachments": [], "embeds": [], "components": []}

    def _tell_reaction(self, message: Message, user_id: str, emoji: str, what: str) -> None:
        channel = self._world.channel(message.channel_id)
        guild = self._world.guild_of(channel)
        body: Json = {"user_id": user_id, "channel_id": channel.id, "message_id": message.id} | _guild_id(channel)
        body |= {
            "emoji": {"id": None, "name": emoji},
            "message_author_id": message.author_id,
            "type": 0,
            "burst": False,
        }
        if guild and what == "ADD":
            body["member"] = self._payloads.member(guild, user_id)
        intent = Intent.GUILD_MESSAGE_REACTIONS if guild else Intent.DIRECT_MESSAGE_REACTIONS
        self._tell_bot(message, f"MESSAGE_REACTION_{what}", body, intent)


def _intent(channel: Channel) -> Intent:
    return Intent.GUILD_MESSAGES if channel.guild_id else Intent.DIRECT_MESSAGES


def _guild_id(channel: Channel) -> Json:
    return {"guild_id": channel.guild_id} if channel.guild_id else {}
