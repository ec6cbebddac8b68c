"""What twenty hostile photos and clips at once take of memory.

    python -m tests.bench.memory [--quick] [--json FILE]

The bot runs as it is, in a process of its own, with the engines that are shipped and the speech model that is fetched,
against the local Discord in this one. It is idle when it has transcribed one good clip, so that the speech model is
there. Then twenty members, in the same moment, send one form of photos each (7), a file to be transcribed whose length
nobody told (7), or a voice message that says it takes five seconds (6): `hostile_files`. Quick: two photos in a
form and three kinds of clips; else ten and five.

Counted is the sum of PSS (`smaps_rollup`: memory that several processes share is counted once) over the bot and all
processes below it, every 20 ms. Peaks between two looks are not seen, so `decoder_peak_mb` says what the largest
decoding process held at most by its own count (VmHWM).
"""

import asyncio
import os
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped,unused-ignore]

from bot.sandbox.human.client import HumanClient, InteractionResult
from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from bot.sandbox.state.seed import STUDIO
from bot.sandbox.state.world import GuildMember, User
from inference.engines.speech.fetch import DEFAULT_HOME, fetch
from tests.bench import report
from tests.bench.hostile_files import CLIPS, PHOTOS
from tests.support.files.speech_clips import synthetic

FORMS, FILES, VOICES = 7, 7, 6
LOOK_EVERY_S = 0.02
PATIENCE_S = 400.0
ENDS = ("No transcript", "took", "longer than", "damaged", "memory")  # what a card of a clip says at last
QUICK_PHOTOS = ("a WebP as large as is decoded", "a PNG with nearly 20 MB behind it")
QUICK_CLIPS = ("a film of many samples", "57 MB without an end", "half an hour of silence")
ROOT = Path(__file__).parents[2]


class Scale:
    """Weighs a process with all below it, again and again, in a thread."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.peak_bytes = self.decoder_peak_bytes = self.looks = self.decoders_most = 0

    def __enter__(self) -> "Scale":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def weigh(self) -> int:
        """Return the sum of PSS."""
        total, decoders = 0, 0
        for process in (self._process, *self._process.children(recursive=True)):
            with suppress(OSError, psutil.Error, ProcessLookupError, StopIteration):
                total += _field(f"/proc/{process.pid}/smaps_rollup", "Pss:")
                if "inference.decoders" in " ".join(process.cmdline()):
                    decoders += 1
                    held = _field(f"/proc/{process.pid}/status", "VmHWM:")
                    self.decoder_peak_bytes = max(self.decoder_peak_bytes, held)
        self.decoders_most = max(self.decoders_most, decoders)
        return total

    def _run(self) -> None:
        while not self._end.wait(LOOK_EVERY_S):
            self.peak_bytes = max(self.peak_bytes, self.weigh())
            self.looks += 1


def _field(path: str, name: str) -> int:
    """Return a size of a file in /proc, in bytes."""
    lines = Path(path).read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(name))


@asynccontextmanager
async def _bot(box: Sandbox) -> AsyncIterator[int]:
    """Run `atelier` against the local Discord; yield its process's id."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "DISCORD_TOKEN": box.token,
            "DISCORD_API_URL": box.url,
            "DATA_DIR": folder,
            "DEVICES": "cpu",
            "CREDITS_CAP": "1000",
            "DAILY_CREDITS": "1000",
            "ASKS_ABOVE": "1000",
            "LOG_LEVEL": "ERROR",
        }
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", env=environment, cwd=ROOT)
        try:
            await box.until(lambda: box.bot_online or process.returncode is not None, timeout_s=120.0)
            if process.returncode is not None:
                raise RuntimeError("The bot did not start; see above.")
            yield process.pid
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


def _members(box: Sandbox) -> list[HumanClient]:
    """Let twenty people join."""
    for number in range(FORMS + FILES + VOICES):
        user_id = str(770000000000000000 + number)
        box.world.users[user_id] = User(user_id, f"stranger-{number}", f"Stranger {number}", "#9b59b6")
        box.world.guild(STUDIO).members[user_id] = GuildMember(user_id)
    return [box.member(f"stranger-{number}") for number in range(FORMS + FILES + VOICES)]


async def _sends(box: Sandbox, photos: list[Upload], clips: list[bytes]) -> list[asyncio.Task[None]]:
    """Let everybody send theirs in the same moment; return what waits for the answers."""
    members = _members(box)
    asked = [await one.slash("train", name="Blob", kind="mascot") for one in members[:FORMS]]
    said = [
        await one.say(
            "listen", files=[Upload(filename="a.wav", content=clips[number % len(clips)], content_type="audio/wav")]
        )
        for number, one in enumerate(members[FORMS : FORMS + FILES])
    ]

    heard = [await one.voice(clips[number % len(clips)], 5.0) for number, one in enumerate(members[FORMS + FILES :])]

    async def form(one: HumanClient, interaction: InteractionResult) -> None:
        shown = await interaction.submit(**{"3_to_10_photos": photos})
        await _told(box, one, shown, "1. ")

    async def clip(one: HumanClient, message: Mapping[str, Any]) -> None:
        await _told(box, one, await one.context_menu("Transcribe", message_id=message["id"]), *ENDS)

    forms = [form(one, interaction) for one, interaction in zip(members, asked, strict=False)]
    clips_sent = [clip(one, message) for one, message in zip(members[FORMS:], [*said, *heard], strict=True)]
    return [asyncio.create_task(road) for road in (*forms, *clips_sent)]


async def _told(box: Sandbox, member: HumanClient, shown: InteractionResult, *ends: str) -> None:
    """Wait until a member was told what became of it."""
    card = str((await shown.message(PATIENCE_S))["id"])

    def over() -> bool:
        texts = [member.text(one["id"]) for one in member.messages() if one["id"] == card]
        return not texts or any(end in texts[0] for end in ends)  # a refusal takes the card away

    await box.until(over, timeout_s=PATIENCE_S)


async def _weighed(quick: bool) -> dict[str, float]:
    photos = [
        Upload(filename=f"{number}.png", content=make(), content_type="image/png")
        for number, make in enumerate(PHOTOS[name] for name in (QUICK_PHOTOS if quick else PHOTOS))
    ]
    clips = [CLIPS[name]() for name in (QUICK_CLIPS if quick else CLIPS)]
    async with Sandbox() as box, _bot(box) as pid:
        box.world_editor.set_upload_limit(STUDIO, 100 << 20)
        ben = box.member("ben")
        message = await ben.voice(synthetic()[0].content, 5.0)
        await _told(box, ben, await ben.context_menu("Transcribe", message_id=message["id"]), *ENDS)
        await asyncio.sleep(3.0)
        with Scale(pid) as scale:
            idle_bytes, started_s = scale.weigh(), time.monotonic()
            for sent in await _sends(box, photos, clips):
                await sent
            took_s = time.monotonic() - started_s
    mebi = 1 << 20
    return {
        "idle_mb": idle_bytes / mebi,
        "peak_mb": scale.peak_bytes / mebi,
        "peak_over_idle_mb": (scale.peak_bytes - idle_bytes) / mebi,
        "decoder_peak_mb": scale.decoder_peak_bytes / mebi,
        "decoders_at_once": scale.decoders_most,
        "looks": scale.looks,
        "took_s": took_s,
    }


def measure(quick: bool) -> dict[str, float]:
    """Return all figures."""
    fetch("base", ROOT / DEFAULT_HOME / "base")
    return asyncio.run(_weighed(quick))


if __name__ == "__main__":
    report.main("memory", __doc__, measure)
