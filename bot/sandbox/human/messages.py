"""Writing, editing and deleting messages, reacting to them, typing, and direct messages."""

import base64
from typing import Any

from bot.sandbox.container import Container
from bot.sandbox.errors import ApiError, HumanError
from bot.sandbox.events import Event
from bot.sandbox.gateway.intents import Intent
from bot.sandbox.human.request import HumanRequest
from bot.sandbox.limits.message import MAX_FILES
from bot.sandbox.state.attachments import Upload
from bot.sandbox.state.enums import MessageType
from bot.sandbox.state.messages import MessageFlag
from bot.sandbox.state.permissions import Permission, channel_permissions
from bot.sandbox.state.world import Channel, User

Json = dict[str, Any]

MAX_WAVEFORM_BYTES = 256


async def say(container: Container, me: User, request: HumanRequest) -> Json:
    """Send a message, with or without files."""
    channel = _writable_channel(container, me, request)
    body: Json = {"content": request.text("content", "")}
    if request.has("reply_to"):
        body["message_reference"] = {"message_id": request.message(container, me, "reply_to").id}
    return _post(container, me, channel, body, request.uploads())


async def attach(container: Container, me: User, request: HumanRequest) -> Json:
    """Send files."""
    if not request.items("files"):
        raise HumanError("invalid", "files is empty.")
    return await say(container, me, request)


async def voice(container: Container, me: User, request: HumanRequest) -> Json:
    """Send a voice message."""
    channel = _writable_channel(container, me, request)
    recording = request.upload(request.value("file"))
    is_ogg = not recording.filename or recording.filename.endswith(".ogg")
    upload = Upload(
        filename="voice-message.ogg" if is_ogg else recording.filename,
        content=recording.content,
        content_type=recording.content_type or "audio/ogg",
        duration_secs=request.seconds("duration_secs"),
        waveform=_waveform(request),
    )
    return _post(container, me, channel, {"flags": int(MessageFlag.IS_VOICE_MESSAGE)}, {0: upload})


async def edit(container: Container, me: User, request: HumanRequest) -> Json:
    """Edit one's own message."""
    message = request.message(container, me)
    if message.author_id != me.id or message.flags & MessageFlag.IS_VOICE_MESSAGE:
        raise HumanError("forbidden", "Only one's own messages can be edited, and no voice messages.", 403)
    try:
        container.message_writer.edit(message, {"content": request.text("content")}, {})
    except ApiError as error:
        raise _as_human_error(error) from error
    return {"message": container.payloads.message(message, me.id)}


async def react(container: Container, me: User, request: HumanRequest) -> Json:
    """Add a reaction, or take it back."""
    message, emoji = request.message(container, me), request.text("emoji")
    if not 0 < len(emoji) <= 32 or message.visible_to:
        raise HumanError("invalid", "This cannot be reacted to.")
    container.message_writer.react(message, me.id, emoji, remove=request.flag("remove"))
    return {"message": container.payloads.message(message, me.id)}


async def delete(container: Container, me: User, request: HumanRequest) -> Json:
    """Delete a message: one's own, or anybody's for those who may manage messages."""
    message = request.message(container, me)
    channel = container.world.channel(message.channel_id)
    may = channel_permissions(channel, container.world.guild_of(channel), me.id) & Permission.MANAGE_MESSAGES
    if message.author_id != me.id and not may:
        raise HumanError("forbidden", "This message is somebody else's.", 403)
    container.message_writer.delete(message)
    return {}


async def dismiss(container: Container, me: User, request: HumanRequest) -> Json:
    """Dismiss an ephemeral message."""
    message = request.message(container, me)
    if message.visible_to != me.id:
        raise HumanError("forbidden", "Only messages that nobody else sees can be dismissed.", 403)
    container.message_writer.delete(message)
    return {}


async def open_dm(container: Container, me: User, request: HumanRequest) -> Json:
    """Open the direct messages with a user."""
    other = request.user(container, "user_id")
    if other.id == me.id:
        raise HumanError("invalid", "This is oneself.")
    channel, is_new = container.world.dm_channel(me, other, container.snowflakes.next())
    if is_new:
        container.events.publish(Event(kind="dm_open", channel_id=channel.id))
    return {"channel": container.payloads.channel(channel, me.id)}


async def typing(container: Container, me: User, request: HumanRequest) -> Json:
    """Show that one is typing."""
    channel = _writable_channel(container, me, request)
    container.events.publish(Event(kind="typing", channel_id=channel.id, data={"user_id": me.id}))
    guild = container.world.guild_of(channel)
    body: Json = {"channel_id": channel.id, "user_id": me.id, "timestamp": int(container.clock.now())}
    if guild:
        body |= {"guild_id": guild.id, "member": container.payloads.member(guild, me.id)}
    if _bot_sees(container, channel):
        container.gateway.dispatch(
            "TYPING_START", body, Intent.GUILD_MESSAGE_TYPING if guild else Intent.DIRECT_MESSAGE_TYPING
        )
    return {}


def _waveform(request: HumanRequest) -> str:
    """Return the base64 of the bars to draw: at most 256, one byte each."""
    waveform = request.text("waveform", "AAAA")
    try:
        if len(base64.b64decode(waveform, validate=True)) <= MAX_WAVEFORM_BYTES:
            return waveform
    except ValueError:
        pass
    raise HumanError("invalid", f"waveform must be the base64 of at most {MAX_WAVEFORM_BYTES} bytes.")


def _writable_channel(container: Container, me: User, request: HumanRequest) -> Channel:
    channel = request.channel(container, me)
    if not channel_permissions(channel, container.world.guild_of(channel), me.id) & Permission.SEND_MESSAGES:
        raise HumanError("forbidden", "This member cannot write here.", 403)
    return channel


def _bot_sees(container: Container, channel: Channel) -> bool:
    return container.world.can_see(container.world.bot_id, channel)


def _post(container: Container, me: User, channel: Channel, body: Json, uploads: dict[int, Upload]) -> Json:
    if len(uploads) > MAX_FILES:
        raise HumanError("invalid", f"At most {MAX_FILES} files go into a message.")
    try:
        message_type = MessageType.REPLY if "message_reference" in body else MessageType.DEFAULT
        message = container.message_writer.create(channel, me.id, body, uploads, type=message_type)
    except ApiError as error:
        raise _as_human_error(error) from error
    return {"message": container.payloads.message(message, me.id)}


def _as_human_error(error: ApiError) -> HumanError:
    if error.status == 413:
        return HumanError("too_large", "A file is larger than files may be here.", 413)
    return HumanError("invalid", f"{error.message} {error.errors or ''}".strip(), error.status)
