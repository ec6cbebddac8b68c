"""Photos and clips that are made to take memory: small files that decode to much, and files that lie about it."""

import io
import struct
from collections.abc import Callable

import numpy as np
from PIL import Image

from tests.support.files.photos import bomb, encoded
from tests.support.files.sounds import encoded as sound
from tests.support.files.sounds import looped, tone, wav
from tests.support.files.speech_clips import synthetic

File = Callable[[], bytes]


def _cells(width: int, height: int, mode: str = "RGB") -> Image.Image:
    dice = np.random.default_rng(1)
    return Image.fromarray(dice.integers(0, 255, (24, 32, len(mode)), dtype=np.uint8)).resize((width, height), 0)


def _frames(number: int) -> bytes:
    """The largest WebP that is decoded, many times over."""
    stream = io.BytesIO()
    images = [Image.new("RGBA", (4_000, 3_200), (number, 0, 0, 9)) for number in range(number)]
    images[0].save(stream, "WEBP", save_all=True, append_images=images[1:], lossless=True, quality=0, method=0)
    return stream.getvalue()


PHOTOS: dict[str, File] = {
    "50 megapixels of one bit": lambda: encoded(Image.new("1", (7_070, 7_070))),
    "a PNG as large as is decoded": lambda: encoded(Image.new("RGBA", (5_000, 5_000)), compress_level=9),
    "a WebP as large as is decoded": lambda: _frames(3),
    "a JPEG as large as is decoded": lambda: encoded(_cells(8_160, 6_120), "JPEG", quality=60),
    "a progressive JPEG": lambda: encoded(_cells(5_600, 4_400), "JPEG", quality=60, progressive=True, subsampling=0),
    "50 megapixels, progressive": lambda: encoded(_cells(8_160, 6_120), "JPEG", progressive=True, subsampling=0),
    "200,000 pixels square": lambda: bomb(200_000, 200_000),
    "a strip": lambda: encoded(Image.new("1", (60_000, 2))),
    "nearly 20 MB of text": lambda: bytes(19 << 20),
    "a PNG with nearly 20 MB behind it": lambda: encoded(Image.new("RGBA", (5_000, 5_000))) + bytes(19 << 20),
}


def film_of_many_samples() -> bytes:
    """A film of 8 KB whose index counts 20 million samples: ffmpeg took 300 MB for that."""
    content = bytearray(sound(tone(1.0), "mp4", "aac", 16_000))
    at = content.index(b"stsz") + 8
    content[at : at + 8] = struct.pack(">II", 1, 20_000_000)
    return bytes(content)


def wav_without_end() -> bytes:
    """57 MB of 8-bit sound, as programs write it that do not know yet how long it gets."""
    content = bytearray(wav(tone(0.0), rate=8_000))
    content[28:36] = struct.pack("<IHH", 8_000, 1, 8)
    content[4:8] = content[40:44] = b"\xff" * 4
    return bytes(content) + bytes(range(256)) * (57_600_000 // 256)


CLIPS: dict[str, File] = {
    "a day of silence": lambda: looped(np.zeros(4_096, np.int16), 24 * 3_600.0, "flac", "flac"),
    "two hours of which none are told": lambda: looped(synthetic()[0].samples, 7_200.0, "webm", "libopus", live="1"),
    "a film of many samples": film_of_many_samples,
    "57 MB without an end": wav_without_end,
    "half an hour of silence": lambda: looped(np.zeros(4_096, np.int16), 1_790.0, "flac", "flac"),
}
