"""Voice messages in the local Discord: said, and what came of them."""

import wave
from io import BytesIO

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from bot.sandbox.state.messages import MessageFlag
from db.queue.finding import jobs_of_member
from db.queue.job import Job
from tests.support.acceptance.bots import RunningBot

HEARD_WITHIN_S = 240  # a busy machine loads torch and the weights first


def clip(words: str) -> bytes:
    """Return what stands for a voice message; the fake engine hears what follows 'say:'."""
    return b"OggS say:" + words.encode()


def sound(seconds: float, words: str = "hello") -> Upload:
    """Return a WAV file that can be decoded, with words for the fake engine after its end."""
    buffer = BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(int(seconds * 32_000)))
    content = buffer.getvalue() + b"say:" + words.encode()
    return Upload(filename="talk.wav", content=content, content_type="audio/wav")


async def jobs_of(bot: RunningBot, who: HumanClient) -> list[Job]:
    """Return the jobs of a member, newest first."""
    return await bot.services.db.read(jobs_of_member, int(who.id))


async def available(bot: RunningBot, who: HumanClient) -> int:
    """Return how many credits a member has."""
    return (await bot.statement(who)).available


async def said(
    sandbox: Sandbox, who: HumanClient, words: str, seconds: float = 12.0, channel: str | None = None
) -> str:
    """Send a voice message.

    Args:
        sandbox: the local Discord.
        who: who speaks.
        words: what the fake engine hears.
        seconds: how long it is.
        channel: where; None: the first one.

    Returns:
        The id of the message.
    """
    return str((await who.voice(clip(words), seconds, channel=channel))["id"])


async def transcript(sandbox: Sandbox, who: HumanClient, words: str, seconds: float = 12.0) -> str:
    """Send a voice message, ask for its transcript, and wait for it.

    Args:
        sandbox: the local Discord.
        who: who speaks, and asks.
        words: what the fake engine hears.
        seconds: how long it is.

    Returns:
        The id of the card.
    """
    message = await said(sandbox, who, words, seconds)
    card = await (await who.context_menu("Transcribe", message_id=message)).message()
    await sandbox.until(lambda: "credit" in who.text(card["id"]) and "reserved" not in who.text(card["id"]))
    return str(card["id"])


async def refusal(sandbox: Sandbox, who: HumanClient, *, timeout_s: float = 30) -> str:
    """Wait for what the bot says to a member alone, and return it."""

    def newest() -> str:
        messages = who.messages()
        return who.text(messages[-1]["id"]) if messages and messages[-1]["flags"] & MessageFlag.EPHEMERAL else ""

    await sandbox.until(newest, timeout_s=timeout_s)
    return newest()
