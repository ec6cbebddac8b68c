"""Sound files into samples, safely: 16 kHz, mono, float32.

Whatever people attach is decoded in a small process of its own (`audio_child.py`) that holds nothing worth having,
can open nothing, and is killed when it takes too long. A process and not a thread, because a hostile container that
hangs or crashes ffmpeg would take a thread's whole worker, with everybody's pictures, along. It is kept warm from
clip to clip, as starting one costs more than decoding a voice message, and replaced after every clip that it refused.
"""

import json
import math
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from inference.errors import BadRequest

SAMPLE_RATE = 16_000  # Whisper's and Silero's
Sound = npt.NDArray[np.float32]  # shape (samples,), in [-1, 1]
_CHILD = Path(__file__).with_name("audio_child.py")
_CHILD_BYTES = 1 << 30  # of address space, for the program itself; Python, numpy and ffmpeg map a quarter of it
_KNOWN = "Ogg, WAV, MP3, M4A, MP4, WebM and FLAC"


class AudioRejected(BadRequest):
    """That sound cannot be used."""


@dataclass(frozen=True, slots=True)
class AudioLimits:
    """How much sound one clip may be."""

    seconds: float = 1800.0
    file_bytes: int = 64 << 20
    decoding_s: float = 60.0  # wall clock for one file; an operator who allows more than half an hour allows more

    @property
    def patience_s(self) -> float:
        """How long a file may take."""
        return self.decoding_s * max(1.0, self.seconds / 1800)

    @property
    def memory_bytes(self) -> int:
        """What the decoding process may take: itself, a file, and its samples while the room for them grows."""
        return _CHILD_BYTES + self.file_bytes + int(2 * self.seconds * SAMPLE_RATE * 4)


def refusal(code: str, limits: AudioLimits) -> str:
    """Return the sentence for a reason of `audio_child` not to decode."""
    return {
        "empty": "The file is empty.",
        "unknown": f"That is not a sound file that can be read here; {_KNOWN} can.",
        "no-sound": "There is no sound in it.",
        "too-long": f"It is longer than {limits.seconds / 60:g} min, the limit here.",
        "not-as-stated": "It is longer than it says it is.",
        "too-big": f"It is larger than {limits.file_bytes >> 20} MiB, the limit here.",
        "damaged": "The file is damaged: no sound in it could be decoded.",
        "too-slow": "Decoding it took too long, so it was given up.",
    }[code]


class AudioDecoder:
    """Decodes one file at a time in a process of its own. Use one decoder per thread, and close it."""

    def __init__(self, limits: AudioLimits) -> None:
        self.limits = limits
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process that decodes, while there is one."""
        return self._child.pid if self._child else None

    def decode(self, content: bytes, *, promised_s: float = math.inf) -> Sound:
        """Decode a whole file.

        Parameters:
            promised_s: how long it should be at most; decoding ends there, so that a lie costs no more than the truth.

        Returns:
            Its first sound stream.

        Raises:
            AudioRejected: it cannot be decoded, or is over a limit; the message is for the member.
        """
        _, payload = self._ask(content, promised_s, samples_wanted=True)
        return np.frombuffer(payload, dtype=np.float32)

    def measure(self, content: bytes) -> float:
        """Return how many seconds of sound are in a file, found by decoding it; none of its samples come here.

        Raises:
            AudioRejected: as for `decode`.
        """
        samples, _ = self._ask(content, math.inf, samples_wanted=False)
        return samples / SAMPLE_RATE

    def _ask(self, content: bytes, promised_s: float, *, samples_wanted: bool) -> tuple[int, bytes]:
        if len(content) > self.limits.file_bytes:
            raise AudioRejected(refusal("too-big", self.limits))
        child = self._child = self._child or _start(self.limits)
        overdue = threading.Event()

        def give_up() -> None:
            overdue.set()
            child.kill()

        timer = threading.Timer(self.limits.patience_s, give_up)
        timer.start()
        try:
            return _ask(child, content, min(self.limits.seconds, promised_s), samples_wanted)
        except (OSError, ValueError, _Refused) as error:
            self.close()
            code = error.code if isinstance(error, _Refused) else "too-slow" if overdue.is_set() else "damaged"
            if code == "too-long" and promised_s < self.limits.seconds:
                code = "not-as-stated"
            raise AudioRejected(refusal(code, self.limits)) from error
        finally:
            timer.cancel()

    def close(self) -> None:
        """End the process."""
        if child := self._child:
            self._child = None
            child.kill()
            child.communicate()


class _Refused(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _start(limits: AudioLimits) -> subprocess.Popen[bytes]:
    """Start a child that inherits no environment and no working folder of ours."""
    command = [sys.executable, "-I", str(_CHILD), str(limits.memory_bytes)]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"OMP_NUM_THREADS": "1"},
        cwd="/",
    )


def _ask(child: subprocess.Popen[bytes], content: bytes, seconds_max: float, samples_wanted: bool) -> tuple[int, bytes]:
    """Return how many samples there are, and the samples if they are wanted."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(struct.pack(">Qd?", len(content), seconds_max, samples_wanted))
    child.stdin.write(content)
    child.stdin.flush()
    reply = json.loads(child.stdout.readline(200) or "null")
    if not isinstance(reply, dict):
        raise ValueError("the decoder ended without an answer")
    if code := reply.get("refused"):
        raise _Refused(code)
    samples = int(reply["samples"])
    payload = child.stdout.read(4 * samples) if samples_wanted else b""
    if samples_wanted and len(payload) != 4 * samples:
        raise ValueError("the decoder ended in the middle of its answer")
    return samples, payload
