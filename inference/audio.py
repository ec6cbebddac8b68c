"""Sound files into samples, safely: 16 kHz, mono, float32.

Whatever people attach is decoded in a locked-down process (`decoders`), which is kept warm from clip to clip: starting
one costs more than decoding a voice message.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.decoders.process import DecoderLimits, DecoderProcess, NotDecoded
from inference.errors import BadRequest

SAMPLE_RATE = 16_000  # Whisper's and Silero's
Waveform = npt.NDArray[np.float32]  # shape (samples,), in [-1, 1]
_PROGRAM_BYTES = 320 << 20  # of address space: Python, numpy and ffmpeg map 200 MiB and touch 45 of them
_KNOWN = "Ogg, WAV, MP3, M4A, MP4, WebM or FLAC"


class AudioRejected(BadRequest):
    """A sound file cannot be decoded, or is over a limit."""

    message = "That audio can't be used."


@dataclass(frozen=True, slots=True)
class AudioLimits:
    """How much sound one clip may be."""

    seconds: float = 1800.0
    file_bytes: int = 64 << 20
    decoding_s: float = 60.0  # wall clock for one file; an operator who allows more than half an hour allows more

    @property
    def timeout_s(self) -> float:
        """How long decoding one file may take."""
        return self.decoding_s * max(1.0, self.seconds / 1800)

    def decoder_limits(self, *, samples_wanted: bool) -> DecoderLimits:
        """Return what a decoding process may take: itself, a file, and its samples while the room for them grows."""
        samples_bytes = int(self.seconds * SAMPLE_RATE * 4)
        room_bytes = 2 * samples_bytes if samples_wanted else 0
        return DecoderLimits(_PROGRAM_BYTES + self.file_bytes + room_bytes, self.timeout_s, samples_bytes + 4)


def rejection_sentence(code: str, limits: AudioLimits) -> str:
    """Return the sentence for a reason not to decode."""
    sentences = {
        "empty": "That file is empty. Please send another one.",
        "unknown": f"I can't read that kind of file. Please send {_KNOWN}.",
        "no-sound": "That file has no sound. Please send another one.",
        "too-long": f"That is longer than {limits.seconds / 60:g} min, the limit. Please send a shorter clip.",
        "not-as-stated": "That clip is longer than it says it is. Please save it again.",
        "too-big": f"That file is larger than {limits.file_bytes >> 20} MiB, the limit. Please send a smaller one.",
        "damaged": "That file is damaged, and I couldn't decode any sound. Please save it again.",
        "memory": "Decoding that file needs too much memory. Please send a shorter or simpler one.",
        "start": "I can't open files right now. Please ask an operator to run `atelier doctor`.",
        "slow": "Decoding that file took too long. Please send a shorter or simpler one.",
    }
    return sentences.get(code, sentences["damaged"])


class AudioDecoder:
    """Decodes one file at a time in a process of its own. Use one decoder per thread, and close it."""

    def __init__(self, limits: AudioLimits, *, samples_wanted: bool = True) -> None:
        self.limits = limits
        self._samples_wanted = samples_wanted
        self.process = DecoderProcess("sounds", limits.decoder_limits(samples_wanted=samples_wanted))

    @property
    def pid(self) -> int | None:
        """The process that decodes, while there is one."""
        return self.process.pid

    def decode(self, content: bytes, *, promised_s: float = math.inf) -> Waveform:
        """Decode a whole file.

        Args:
            content: the file's bytes, as somebody sent them.
            promised_s: how long it should be at most; decoding ends there, so that a lie costs no more than the truth.

        Returns:
            Its first sound stream.

        Raises:
            AudioRejected: it cannot be decoded, or is over a limit; the message is for the member.
        """
        assert self._samples_wanted
        _, parts = self._ask(content, promised_s)
        return np.frombuffer(parts[0], dtype=np.float32)

    def measure(self, content: bytes) -> float:
        """Return how many seconds of sound are in a file, found by decoding it; none of its samples come here.

        Raises:
            AudioRejected: as for `decode`.
        """
        reply, _ = self._ask(content, math.inf, samples_wanted=False)
        return int(reply["samples"]) / SAMPLE_RATE

    def _ask(
        self, content: bytes, promised_s: float, *, samples_wanted: bool = True
    ) -> tuple[dict[str, Any], list[bytes]]:
        if len(content) > self.limits.file_bytes:
            raise AudioRejected(rejection_sentence("too-big", self.limits))
        seconds_max = min(self.limits.seconds, promised_s)
        try:
            return self.process.ask(content, {"seconds_max": seconds_max, "samples_wanted": samples_wanted})
        except NotDecoded as error:
            code = str(error)
            if code == "too-long" and promised_s < self.limits.seconds:
                code = "not-as-stated"
            raise AudioRejected(rejection_sentence(code, self.limits)) from error

    def close(self) -> None:
        """End the process."""
        self.process.close()
