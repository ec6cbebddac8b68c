"""`atelier doctor`: look at everything Atelier needs, and say what to do about each problem."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum

import aiohttp
import discord
from sqlalchemy.exc import SQLAlchemyError

from bot.platform import point_at
from bot.settings import Settings
from db.engine import Database
from db.errors import StoreError
from db.file_keys import job_file
from db.files import FileStore
from inference.audio import AudioDecoder, AudioLimits
from inference.catalogue import DEFAULT_FILE, read_catalogue
from inference.decoders.process import NotDecoded
from inference.errors import ModelUnusable
from inference.pool.environment import worker_environment

NEEDED = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    attach_files=True,
    read_message_history=True,
)  # docs/setup.md says why
PROBE_KEY = job_file("doctor", "probe")
CHECK_TIMEOUT_S = 180.0  # importing torch from a cold disk takes its time


class Mark(StrEnum):
    """How a check ended."""

    GOOD = "ok"
    NOTE = "note"  # works, but worth knowing
    BAD = "PROBLEM"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do about it."""

    mark: Mark
    what: str
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        line = f"{self.mark:>7}  {self.what}: {self.text}"
        return f"{line}\n         → {self.remedy}" if self.remedy else line


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Yield a finding for each thing that was looked at: store, decoding, models, devices, Discord."""
    yield await check_database(settings)
    yield await check_files(settings)
    yield await asyncio.to_thread(check_decoding)
    async for finding in check_computing(settings):
        yield finding
    async for finding in check_discord(settings):
        yield finding


async def check_database(settings: Settings) -> Finding:
    """Connect, and bring the tables up to date as a start would."""
    kind = settings.database.split(":", 1)[0]
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        async with Database.from_url(settings.database) as database:
            await database.migrate()
    except (SQLAlchemyError, StoreError, OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        return Finding(Mark.BAD, "database", f"{kind} can't be used ({reason})", "Check DATABASE_URL and DATA_DIR.")
    return Finding(Mark.GOOD, "database", f"{kind} works, and its tables are up to date")


async def check_files(settings: Settings) -> Finding:
    """Write, read and delete one small file."""
    try:
        store = FileStore(settings.files)
        await store.put(PROBE_KEY, b"probe")
        same = await store.get(PROBE_KEY) == b"probe"
        await store.delete(PROBE_KEY)
    except Exception as error:  # an fsspec file system may raise anything at all
        return Finding(Mark.BAD, "files", f"can't be written ({error})", "Check FILES_URL, and who owns the folder.")
    if not same:
        return Finding(Mark.BAD, "files", "come back different from what was written", "Choose another FILES_URL.")
    return Finding(Mark.GOOD, "files", "can be written and read")


def check_decoding() -> Finding:
    """Start a process that decodes, and see what it could not give up."""
    decoder = AudioDecoder(AudioLimits())
    try:
        missing = decoder.process.start()
    except NotDecoded:
        return Finding(
            Mark.BAD, "decoding", "the process that opens members' files does not start", "Run `make setup` again."
        )
    finally:
        decoder.close()
    if missing:
        remedy = "Install libseccomp2 (Debian's name), and use a kernel with seccomp. Its other limits hold without it."
        return Finding(
            Mark.NOTE, "decoding", f"members' files are opened in a locked-down process, but with {missing}", remedy
        )
    return Finding(Mark.GOOD, "decoding", "members' files are opened in a locked-down process")


async def check_computing(settings: Settings) -> AsyncIterator[Finding]:
    """Check the catalogue here, and devices and models in a child, since torch is never loaded by the bot."""
    catalogue = settings.catalogue or DEFAULT_FILE
    try:
        read_catalogue(catalogue)
    except ModelUnusable as error:
        yield Finding(Mark.BAD, "catalogue", str(error), "Correct that line; docs/setup.md has an example.")
        return
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "inference.engines.check", str(catalogue)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=worker_environment(os.environ),
    )
    try:
        said, complaint = await asyncio.wait_for(child.communicate(), CHECK_TIMEOUT_S)
    except TimeoutError:
        child.kill()
        await child.wait()
        yield Finding(
            Mark.BAD,
            "devices",
            "torch did not start in time",
            "Check whether the disk is very slow, or the GPU's driver hangs.",
        )
        return
    if child.returncode:
        reason = (complaint.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        yield Finding(Mark.BAD, "devices", f"torch does not start ({reason})", "Run `make setup` again.")
        return
    for line in said.splitlines():
        report = json.loads(line)
        mark = Mark.GOOD if report["good"] else Mark.BAD
        remedy = "" if report["good"] else "Correct this model's lines in the catalogue, or remove them."
        yield Finding(mark, f"{report['what']} {report['name']}", report["text"], remedy)


async def check_discord(settings: Settings) -> AsyncIterator[Finding]:
    """Log in, and look at intents and permissions."""
    if settings.discord_token is None:
        yield Finding(
            Mark.NOTE, "token", "none is set, so the local Discord is used", "Set DISCORD_TOKEN to use the real one."
        )
        return
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
    for guild in guilds:
        yield check_permissions(guild["name"], int(guild["permissions"]))


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


async def report(settings: Settings) -> int:
    """Print the findings as they come.

    Returns:
        The number of problems, 0 if all is well: the command's exit status.
    """
    problems = 0
    async for finding in examine(settings):
        print(finding, flush=True)
        problems += finding.mark is Mark.BAD
    print(f"\n{problems} problem{'s' * (problems != 1)} found." if problems else "\nNo problems found.")
    return min(problems, 1)
