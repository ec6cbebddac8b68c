"""Verbs between people: saying, attaching, speaking, reacting, deleting. The bot may be listening."""

import base64
from typing import Any

from bot.sandbox.bus import News
from bot.sandbox.errors import ApiError, HumanError
from bot.sandbox.files import Upload
from bot.sandbox.limits.message import MOST_FILES
from bot.sandbox.messages import Flag, Message
from bot.sandbox.parts import Parts
from bot.sandbox.permissions import Permission, in_channel
from bot.sandbox.session import Intent
from bot.sandbox.verbs.ask import Ask
from bot.sandbox.world import Channel, User

Json = dict[str, Any]

MOST_BARS = 256


async def say(parts: Parts, me: User, ask: Ask) -> Json:
    """Say something, with or without files."""
    channel = _writable(parts, me, ask)
    body: Json = {"content": ask.text("content", "")}
    if ask.has("reply_to"):
        body["message_reference"] = {"message_id": ask.message(parts, me, "reply_to").id}
    return _post(parts, me, channel, body, ask.uploads())


async def attach(parts: Parts, me: User, ask: Ask) -> Json:
    """Send files."""
    if not ask.items("files"):
        raise HumanError("invalid", "files is empty.")
    return await say(parts, me, ask)


async def voice(parts: Parts, me: User, ask: Ask) -> Json:
    """Send a voice message."""
    channel = _writable(parts, me, ask)
    spoken = ask.upload(ask.value("file"))
    upload = Upload(
        filename="voice-message.ogg" if not spoken.filename or spoken.filename.endswith(".ogg") else spoken.filename,
        content=spoken.content,
        content_type=spoken.content_type or "audio/ogg",
        duration_secs=ask.seconds("duration_secs"),
        waveform=_waveform(ask),
    )
    return _post(parts, me, channel, {"flags": int(Flag.VOICE)}, {0: upload})


async def edit(parts: Parts, me: User, ask: Ask) -> Json:
    """Change what one has said."""
    message = ask.message(parts, me)
    if message.author_id != me.id or message.flags & Flag.VOICE:
        raise HumanError("forbidden", "Only one's own messages can be edited, and no voice messages.", 403)
    return _guarded(lambda: parts.posting.edit(message, {"content": ask.text("content")}, {}), parts, me, message)


async def react(parts: Parts, me: User, ask: Ask) -> Json:
    """Add or take back a reaction."""
    message, emoji = ask.message(parts, me), ask.text("emoji")
    if not 0 < len(emoji) <= 32 or message.only:
        raise HumanError("invalid", "This cannot be reacted to.")
    parts.posting.react(message, me.id, emoji, remove=ask.flag("remove"))
    return {"message": parts.payloads.message(message, me.id)}


async def delete(parts: Parts, me: User, ask: Ask) -> Json:
    """Delete a message: one's own, or anybody's for those who may manage messages."""
    message = ask.message(parts, me)
    channel = parts.world.channel(message.channel_id)
    may = in_channel(channel, parts.world.guild_of(channel), me.id) & Permission.MANAGE_MESSAGES
    if message.author_id != me.id and not may:
        raise HumanError("forbidden", "This message is somebody else's.", 403)
    parts.posting.delete(message)
    return {}


async def dismiss(parts: Parts, me: User, ask: Ask) -> Json:
    """Make an ephemeral message go away."""
    message = ask.message(parts, me)
    if message.only != me.id:
        raise HumanError("forbidden", "Only messages that nobody else sees can be dismissed.", 403)
    parts.posting.delete(message)
    return {}


async def open_dm(parts: Parts, me: User, ask: Ask) -> Json:
    """Open the conversation with somebody."""
    other = ask.user(parts, "user_id")
    if other.id == me.id:
        raise HumanError("invalid", "This is oneself.")
    channel, is_new = parts.world.dm_between(me, other, parts.snowflakes.next())
    if is_new:
        parts.bus.tell(News(kind="dm_open", channel_id=channel.id))
    return {"channel": parts.payloads.channel(channel, me.id)}


async def typing(parts: Parts, me: User, ask: Ask) -> Json:
    """Show that one is typing."""
    channel = _writable(parts, me, ask)
    parts.bus.tell(News(kind="typing", channel_id=channel.id, extra={"user_id": me.id}))
    guild = parts.world.guild_of(channel)
    body: Json = {"channel_id": channel.id, "user_id": me.id, "timestamp": int(parts.clock.now())}
    if guild:
        body |= {"guild_id": guild.id, "member": parts.payloads.member(guild, me.id)}
    if _bot_hears(parts, channel):
        parts.gateway.tell("TYPING_START", body, Intent.GUILD_MESSAGE_TYPING if guild else Intent.DIRECT_MESSAGE_TYPING)
    return {}


def _waveform(ask: Ask) -> str:
    """Return the base64 of the bars to draw: at most 256, one byte each."""
    waveform = ask.text("waveform", "AAAA")
    try:
        if len(base64.b64decode(waveform, validate=True)) <= MOST_BARS:
            return waveform
    except ValueError:
        pass
    raise HumanError("invalid", f"waveform must be the base64 of at most {MOST_BARS} bytes.")


def _writable(parts: Parts, me: User, ask: Ask) -> Channel:
    channel = ask.channel(parts, me)
    if not in_channel(channel, parts.world.guild_of(channel), me.id) & Permission.SEND_MESSAGES:
        raise HumanError("forbidden", "This member cannot write here.", 403)
    return channel


def _bot_hears(parts: Parts, channel: Channel) -> bool:
    return parts.world.can_see(parts.world.bot_id, channel)


def _post(parts: Parts, me: User, channel: Channel, body: Json, uploads: dict[int, Upload]) -> Json:
    if len(uploads) > MOST_FILES:
        raise HumanError("invalid", f"At most {MOST_FILES} files go into a message.")
    try:
        kind = 19 if "message_reference" in body else 0
        message = parts.posting.create(channel, me.id, body, uploads, type=kind)
    except ApiError as error:
        raise _as_human(error) from error
    return {"message": parts.payloads.message(message, me.id)}


def _guarded(act: Any, parts: Parts, me: User, message: Message) -> Json:
    try:
        act()
    except ApiError as error:
        raise _as_human(error) from error
    return {"message": parts.payloads.message(message, me.id)}


def _as_human(error: ApiError) -> HumanError:
    if error.status == 413:
        return HumanError("too_large", "A file is larger than files may be here.", 413)
    return HumanError("invalid", f"{error.message} {error.errors or ''}".strip(), error.status)
