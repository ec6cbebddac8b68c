"""Clips with known words: human speech where Debian's pocketsphinx-testdata is installed, and synthetic ones.

The recordings' own terms are not stated, so they are used where they are installed and never copied into the
repository. The synthetic clips in `tests/clips` were spoken by espeak-ng and are stored as Ogg Opus; they are hard for
Whisper, so a test of what is heard needs human ones.
"""

import io
import re
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from inference.decoders.sounds import decode
from tests.support.optional import missing

_HUMAN = Path("/usr/share/pocketsphinx/test/data/librivox")
_SYNTHETIC = Path(__file__).parents[2] / "clips"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A clip, and the words in it."""

    name: str
    words: str
    content: bytes  # the file

    @property
    def samples(self) -> npt.NDArray[np.int16]:
        """The samples, 16 kHz mono."""
        return (decode(self.content, 60.0) * 32767).astype(np.int16)


@cache
def human() -> tuple[Spoken, ...]:
    """Return five sentences of 'Sense and Sensibility', read for LibriVox; nothing where they are not installed."""
    if not (transcripts := _HUMAN / "transcription").exists():
        return ()
    found = re.findall(r"<s> (.*?) </s> \((\S+)\)", transcripts.read_text())
    return tuple(Spoken(name, words, (_HUMAN / f"{name}.wav").read_bytes()) for words, name in found)


def human_or_skip() -> tuple[Spoken, ...]:
    """Return what `human` does; skip the test if that is nothing."""
    return human() or missing("pocketsphinx-testdata", "human speech with its words")


@cache
def synthetic() -> tuple[Spoken, ...]:
    """Return sentences spoken by espeak-ng, in the order of `words.txt`."""
    lines = (_SYNTHETIC / "words.txt").read_text().splitlines()
    pairs = (line.split("\t") for line in lines)
    return tuple(Spoken(name, words, (_SYNTHETIC / name).read_bytes()) for name, words in pairs)


def joined(clips: Sequence[Spoken], pause_s: float = 0.5) -> bytes:
    """Return one WAV file with all clips after each other."""
    pause = np.zeros(int(pause_s * 16_000), np.int16)
    samples = np.concatenate([part for clip in clips for part in (clip.samples, pause)])
    return as_wav(samples)


def as_wav(samples: npt.NDArray[np.int16]) -> bytes:
    """Return a mono WAV file at 16 kHz."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.tobytes())
    return out.getvalue()


def errors(expected: str, found: str) -> tuple[int, int]:
    """Return how many words differ (substituted, missing, added), and how many were expected."""
    want, have = _plain(expected), _plain(found)
    row = list(range(len(have) + 1))
    for i, wanted in enumerate(want, start=1):
        diagonal, row[0] = row[0], i
        for j, heard in enumerate(have, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (wanted != heard))
    return row[-1], len(want)


def word_error_rate(pairs: Sequence[tuple[str, str]]) -> float:
    """Return the share of words that differ, over pairs of (expected, found)."""
    counted = [errors(expected, found) for expected, found in pairs]
    return sum(wrong for wrong, _ in counted) / sum(words for _, words in counted)


def _plain(text: str) -> list[str]:
    text = text.lower().replace("-", " ").replace("mister", "mr")
    return re.sub(r"[^\w ]", "", text).split()
