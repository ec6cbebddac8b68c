"""Sound files into samples, safely: 16 kHz, mono, float32.

Whatever people attach is decoded in a small process of its own (`audio_child.py`) that holds nothing worth having,
can open nothing, and is killed when it takes too long. A process and not a thread, because a hostile container that
hangs or crashes ffmpeg would take a thread's whole worker, with everybody's pictures, along. It is kept warm from
clip to clip, as starting one costs more than decoding a voice message, and replaced after every clip that it refused.
"""

import json
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
_KNOWN = "Ogg, WAV, MP3, M4A, MP4, WebM and FLAC"


class AudioRejected(BadRequest):
    """That sound cannot be used."""


@dataclass(frozen=True, slots=True)
class AudioLimits:
    """How much sound one clip may be."""

    seconds: float = 1800.0
    file_bytes: int = 64 << 20
    decoding_s: float = 60.0  # wall clock for one file


def refusal(code: str, limits: AudioLimits) -> str:
    """Return the sentence for a reason of `audio_child` not to decode."""
    return {
        "empty": "The file is empty.",
        "unknown": f"That is not a sound file that can be read here; {_KNOWN} can.",
        "no-sound": "There is no sound in it.",
        "too-long": f"It is longer than {limits.seconds / 60:g} min, the limit here.",
        "too-big": f"It is larger than {limits.file_bytes >> 20} MiB, the limit here.",
        "damaged": "The file is damaged: no sound in it could be decoded.",
        "too-slow": "Decoding it took too long, so it was given up.",
    }[code]


class AudioDecoder:
    """Decodes one file at a time in a process of its own. Use one decoder per thread, and close it."""

    def __init__(self, limits: AudioLimits) -> None:
        self.limits = limits
        self._child: subprocess.Popen[bytes] | None = None

    def decode(self, content: bytes) -> Sound:
        """Decode a whole file.

        Returns:
            Its first sound stream.

        Raises:
            AudioRejected: it cannot be decoded, or is over a limit; the message is for the member.
        """
        if len(content) > self.limits.file_bytes:
            raise AudioRejected(refusal("too-big", self.limits))
        child = self._child = self._child or _start()
        overdue = threading.Event()

        def give_up() -> None:
            overdue.set()
            child.kill()

        timer = threading.Timer(self.limits.decoding_s, give_up)
        timer.start()
        try:
            return _ask(child, content, self.limits.seconds)
        except (OSError, ValueError, _Refused) as error:
            self.close()
            code = error.code if isinstance(error, _Refused) else "too-slow" if overdue.is_set() else "damaged"
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


def _start() -> subprocess.Popen[bytes]:
    """Start a child that inherits no environment and no working folder of ours."""
    command = [sys.executable, "-I", str(_CHILD)]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"OMP_NUM_THREADS": "1"},
        cwd="/",
    )


def _ask(child: subprocess.Popen[bytes], content: bytes, seconds_max: float) -> Sound:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(struct.pack(">Qd", len(content), seconds_max))
    child.stdin.write(content)
    child.stdin.flush()
    reply = json.loads(child.stdout.readline(200) or "null")
    if not isinstance(reply, dict):
        raise ValueError("the decoder ended without an answer")
    if code := reply.get("refused"):
        raise _Refused(code)
    payload = child.stdout.read(4 * int(reply["samples"]))
    if len(payload) != 4 * int(reply["samples"]):
        raise ValueError("the decoder ended in the middle of its answer")
    return np.frombuffer(payload, dtype=np.float32)
