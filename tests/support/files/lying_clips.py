"""Clips that are longer than they say, or do not say it."""

import struct
from collections.abc import Callable

import numpy as np

from tests.support.files.sounds import Samples, looped, tone, wav
from tests.support.files.speech_clips import synthetic

HOURS_S = 7_200.0


def speech() -> Samples:
    """Return a spoken sentence."""
    return synthetic()[0].samples


def ogg_that_lies() -> bytes:
    """Return two hours whose last page says that it is at five seconds."""
    content = looped(speech(), HOURS_S, "ogg", "libopus")
    at = content.rfind(b"OggS")
    page = bytearray(content[at:])
    page[6:14], page[22:26] = struct.pack("<q", 5 * 48_000), bytes(4)
    page[22:26] = struct.pack("<I", _ogg_checksum(page))
    return content[:at] + bytes(page)


def _ogg_checksum(page: bytearray) -> int:
    rest = 0
    for byte in page:
        rest ^= byte << 24
        for _ in range(8):
            rest = (rest << 1 ^ (0x04C11DB7 if rest >> 31 else 0)) & 0xFFFFFFFF
    return rest


def mp3_that_lies() -> bytes:
    """Return two hours whose header counts a hundred frames."""
    content = looped(speech(), HOURS_S, "mp3", "libmp3lame")
    at = content.index(b"Info") + 8
    return content[:at] + struct.pack(">I", 100) + content[at + 4 :]


def wav_without_end() -> bytes:
    """Return two hours of 8-bit sound (57 MB), as programs write it that do not know yet how long it gets."""
    content = bytearray(wav(tone(0.0), rate=8_000))
    content[28:36] = struct.pack("<IHH", 8_000, 1, 8)  # bytes a second, a sample; bits a sample
    content[4:8] = content[40:44] = b"\xff" * 4
    return bytes(content) + bytes(range(256)) * int(HOURS_S * 8_000 / 256)


STATED: dict[str, Callable[[], bytes]] = {
    "ogg": lambda: looped(speech(), HOURS_S, "ogg", "libopus"),
    "m4a": lambda: looped(speech(), HOURS_S, "mp4", "aac"),
    "mp3": lambda: looped(speech(), HOURS_S, "mp3", "libmp3lame"),
}


def day_of_silence() -> bytes:
    """Return FLAC, whose frames follow each other with nothing between them: what `looped` makes, in no time."""
    frame_s = 0.256
    silence = np.zeros(int(frame_s * 16_000), np.int16)
    one, two = (looped(silence, frames * frame_s, "flac", "flac") for frames in (0.5, 1.5))  # rounded up
    return one + two[len(one) :] * (round(24 * 3_600 / frame_s) - 1)


NOT_STATED: dict[str, Callable[[], bytes]] = {
    "webm": lambda: looped(speech(), HOURS_S, "webm", "libopus", live="1"),  # as a browser records
    "ogg": ogg_that_lies,
    "mp3": mp3_that_lies,
    "flac": lambda: looped(tone(0.256), HOURS_S, "flac", "flac"),  # its header counts the first quarter of a second
    "wav": wav_without_end,
    "a day of silence": day_of_silence,
}
