"""What is no speech, or no sound, or worse, sent to the real worker as voice messages: kind answers, nothing paid."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bot.sandbox.server import Sandbox
from tests.support.acceptance.bots import DAILY, bot_with_models
from tests.support.acceptance.voice import HEARD_WITHIN_S, available, jobs_of
from tests.support.files.canary import Canary
from tests.support.files.sounds import NOT_SPEECH, encoded, film, tone, wav
from tests.support.files.speech_clips import synthetic

NOTHING_SAID = "I couldn't hear anyone speak in that clip."


def not_speech(name: str) -> bytes:
    return wav((NOT_SPEECH[name] * 32_767).astype(np.int16))


def film_of_elsewhere(canary: Path) -> bytes:
    """A movie whose sound lies in another file."""
    name = str(canary).encode() + b"\0"
    here, there = struct.pack(">I4sI", 12, b"url ", 1), struct.pack(">I4sI", 12 + len(name), b"url ", 0) + name
    return encoded(tone(1.0), "mov", "pcm_s16le", 16_000).replace(here, there)


SENT: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "silence": (lambda _: not_speech("silence"), NOTHING_SAID),
    "white noise": (lambda _: not_speech("white noise"), NOTHING_SAID),
    "music": (lambda _: not_speech("chords"), NOTHING_SAID),
    "nothing at all": (lambda _: b"", "That file is empty."),
    "cut short": (lambda _: encoded(tone(1.0), "ogg", "libopus", 48_000)[:90], "That file is damaged"),
    "a picture track": (lambda _: film(), "That file has no sound."),
    "a text": (lambda _: b"I am a voice message, believe me.", "can't read that kind of file"),
    "a playlist": (lambda canary: f"#EXTM3U\n#EXTINF:1,\nfile://{canary}\n".encode(), "can't read that kind of file"),
    "a list": (lambda canary: f"ffconcat version 1.0\nfile {canary}\n".encode(), "can't read that kind of file"),
    "a playlist in disguise": (lambda canary: b"OggS" + f"#EXTM3U\nfile://{canary}\n".encode(), "That file is damaged"),
    "a film of elsewhere": (film_of_elsewhere, "can't read that kind of file"),
}


@pytest.mark.long
async def test_what_is_no_speech_is_answered_kindly_at_no_cost(sandbox: Sandbox, tmp_path: Path) -> None:
    canary = Canary(tmp_path / "canary.wav")
    async with bot_with_models(sandbox, tmp_path / "data", max_queued=len(SENT) + 1) as bot:
        ben = sandbox.member("ben")
        dm = await ben.dm()

        def answer(message_id: str) -> str:
            cards = (one for one in ben.messages(dm) if one.get("message_reference"))
            found = [one["id"] for one in cards if one["message_reference"]["message_id"] == message_id]
            return ben.text(found[0]) if found else ""

        sent = {
            name: str((await ben.voice(make(canary.path), 5.0, channel=dm))["id"]) for name, (make, _) in SENT.items()
        }
        speech = str((await ben.voice(synthetic()[0].content, 5.0, channel=dm))["id"])
        await sandbox.until(lambda: "took" in answer(speech), timeout_s=HEARD_WITHIN_S)
        await sandbox.until(lambda: all("refunded" in answer(message) for message in sent.values()))
        for name, (_, expected) in SENT.items():
            assert "**No transcript.** " in answer(sent[name])
            assert expected in answer(sent[name]), name
        assert not canary.touched()
        jobs = await jobs_of(bot, ben)
        assert {(job.attempt, job.charged) for job in jobs} == {(1, 0), (1, 1)}  # none killed a worker
        assert await available(bot, ben) == DAILY - 1
        assert len(await bot.services.files.list("uploads")) == 1
