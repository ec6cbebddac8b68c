"""The bot's account at Discord: its token, its intents, its permissions in each server."""

import base64
import binascii
import re
from collections.abc import AsyncIterator

import aiohttp
import discord

from bot.doctor.finding import Finding, Mark
from bot.platform import point_at
from bot.settings import Settings

NEEDED = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    attach_files=True,
    read_message_history=True,
)  # docs/setup.md says why
_TOKEN = re.compile(r"([\w-]{18,40})\.[\w-]{4,10}\.[\w-]{20,60}")  # an id in base64, a time, a signature


async def check_discord(settings: Settings) -> AsyncIterator[Finding]:
    """Log in, and look at intents and permissions."""
    if wrong := check_token(settings):
        yield wrong
        return
    assert settings.discord_token
    if settings.discord_api_url:
        point_at(settings.discord_api_url)
    async with discord.Client(intents=discord.Intents.none()) as client:
        try:
            await client.login(settings.discord_token.get_secret_value())
            application = await client.application_info()
            guilds = await client.http.get_guilds(200)
        except discord.LoginFailure:
            yield Finding(
                Mark.BAD,
                "token",
                "Discord rejects it",
                "Reset it in the developer portal, and set DISCORD_TOKEN to the new one.",
            )
            return
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            yield Finding(
                Mark.BAD, "Discord", f"can't be reached ({error})", "Check this machine's connection to the internet."
            )
            return
    yield Finding(Mark.GOOD, "token", f"logged in as {application.name}")
    yield check_message_content(application.flags, wanted=settings.auto_transcription)
    if not guilds:
        yield Finding(
            Mark.BAD, "servers", "the bot is in no server yet", "Open the install link: docs/setup.md, step 2."
        )
    if len(guilds) > 1 and not settings.home_guilds:
        text = f"the bot is in {len(guilds)} without a home server: nobody can grant credits, or ban in direct messages"
        yield Finding(Mark.NOTE, "servers", text, "Set HOME_GUILDS: docs/operating.md, 'Several servers'.")
    for stranger in settings.home_guilds - {int(guild["id"]) for guild in guilds}:
        text = f"HOME_GUILDS names {stranger}, and the bot is in no server with that ID"
        yield Finding(Mark.NOTE, "servers", text, "Correct the ID, or add the bot to that server.")
    for guild in guilds:
        yield check_permissions(guild["name"], int(guild["permissions"]))


def check_token(settings: Settings) -> Finding | None:
    """Report a token that is missing, or is none; None: it can be tried."""
    if settings.discord_token is None and settings.discord_api_url:
        text = "DISCORD_API_URL is set, but DISCORD_TOKEN is missing"
        return Finding(Mark.BAD, "token", text, "Set both, or neither.")
    if settings.discord_token is None:
        text = "none is set, so the local Discord is used"
        return Finding(Mark.NOTE, "token", text, "Set DISCORD_TOKEN to use the real one.")
    if not settings.discord_api_url and not looks_like_token(settings.discord_token.get_secret_value()):
        text = "DISCORD_TOKEN is no bot's token: that has three parts with dots between, and nothing else"
        remedy = (
            "Copy it from the developer portal, Bot, Reset Token; it is neither the public key nor a client secret."
        )
        return Finding(Mark.BAD, "token", text, remedy)
    return None


def looks_like_token(text: str) -> bool:
    """Tell whether a text has the shape of a bot's token: the first of its three parts is the bot's ID in base64."""
    parts = _TOKEN.fullmatch(text.strip())
    if not parts:
        return False
    try:
        return base64.b64decode(parts[1] + "=" * (-len(parts[1]) % 4), altchars=b"-_", validate=True).isdigit()
    except binascii.Error:
        return False


def check_permissions(guild: str, value: int) -> Finding:
    """Compare what the bot may do in a server with what it needs."""
    granted = discord.Permissions(value)
    missing = [name for name, needed in NEEDED if needed and not getattr(granted, name) and not granted.administrator]
    if missing:
        words = ", ".join(name.replace("_", " ") for name in missing)
        return Finding(
            Mark.BAD, f"server {guild}", f"the bot lacks permissions: {words}", "Grant them to the bot's role there."
        )
    if granted.administrator:
        return Finding(
            Mark.NOTE,
            f"server {guild}",
            "the bot is an administrator",
            "It needs far fewer permissions: docs/setup.md, step 2.",
        )
    return Finding(Mark.GOOD, f"server {guild}", "the bot has all permissions it needs")


def check_message_content(flags: discord.ApplicationFlags, *, wanted: bool) -> Finding:
    """Compare the Message Content intent with the setting that needs it."""
    granted = flags.gateway_message_content or flags.gateway_message_content_limited
    if wanted and not granted:
        remedy = (
            "Turn on Message Content in the developer portal (docs/setup.md, step 2), or turn off AUTO_TRANSCRIPTION."
        )
        return Finding(Mark.BAD, "intents", "AUTO_TRANSCRIPTION is on, but Message Content is off", remedy)
    if granted and not wanted:
        remedy = "Turn on AUTO_TRANSCRIPTION if operators may use /transcribe-channel; otherwise turn off the intent."
        return Finding(Mark.NOTE, "intents", "Message Content is on, but nothing here needs it", remedy)
    if granted:
        return Finding(
            Mark.GOOD, "intents", "Message Content is on: voice messages in channels can be transcribed automatically"
        )
    text = "Message Content is off. That is fine: members can transcribe by a message's menu and in direct messages"
    return Finding(Mark.NOTE, "intents", text)
