"""Photos that are meant to harm, or too large: a verdict in bounded memory and time, whoever answers."""

import random
import struct
import time
from pathlib import Path

import pytest
from PIL import Image

from bot.shared.files.photos import BOUNDS, PHOTO_BYTES_MAX, Photo, PhotoDecoder
from inference.decoders import photos
from inference.decoders.photos import Verdict
from inference.decoders.process import DecoderLimits
from tests.support.files.photos import bomb, encoded, picture

ORIENTATION = 0x0112  # EXIF 2.3, 4.6.4
GPS_IFD = 0x8825


HOSTILE = {
    "empty": b"",
    "text": b"hello",
    "bomb": bomb(30_000, 30_000),
    "huge": bomb(200_000, 200_000),
    "truncated": encoded(picture())[:100],
    "gif": encoded(picture(), "GIF"),
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(/etc/passwd) (r) file\n",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "zip": b"PK\x03\x04" + bytes(100),
    "html in a png's clothes": b"\x89PNG\r\n\x1a\n<html>",
    "too many bytes": bytes(PHOTO_BYTES_MAX + 1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_photo_gets_a_verdict_in_bounded_memory_and_time(decoder: PhotoDecoder, name: str) -> None:
    decoder.inspect(encoded(picture()))  # the process is there
    process_id, before_bytes = decoder.process.pid, held_bytes(decoder)
    started_s = time.monotonic()
    photo = decoder.inspect(HOSTILE[name])
    assert time.monotonic() - started_s < 10
    assert not photo.usable
    assert photo.content == b""
    if decoder.process.pid == process_id:  # else it was ended
        assert held_bytes(decoder) - before_bytes < 16 * 2**20


def held_bytes(decoder: PhotoDecoder) -> int:
    """The most memory that the decoding process has had."""
    status = Path(f"/proc/{decoder.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


@pytest.mark.parametrize("pixels", [7_070**2, 50_000_000])
def test_photo_of_one_bit_a_pixel_is_refused_before_it_is_decoded(decoder: PhotoDecoder, pixels: int) -> None:
    side = round(pixels**0.5)
    decoder.inspect(encoded(picture()))
    before_bytes = held_bytes(decoder)
    assert decoder.inspect(encoded(Image.new("1", (side, side)))).verdict is Verdict.TOO_LARGE
    assert held_bytes(decoder) - before_bytes < 16 * 2**20


LARGE = {
    "the largest JPEG": (8_160, 6_120, "JPEG", {"quality": 60}, True),
    "a JPEG that is larger": (8_200, 6_200, "JPEG", {"quality": 30}, False),
    "a progressive JPEG": (4_032, 3_024, "JPEG", {"progressive": True, "quality": 60}, True),
    "a progressive JPEG that is larger": (8_160, 6_120, "JPEG", {"progressive": True, "quality": 30}, False),
    "a PNG": (5_712, 4_284, "PNG", {"compress_level": 1}, True),
    "a WebP": (4_080, 3_072, "WEBP", {"method": 0, "quality": 50}, True),
    "a WebP that is larger": (5_000, 3_000, "WEBP", {"method": 0, "quality": 10}, False),
}


@pytest.mark.parametrize("name", LARGE)
def test_photo_as_large_as_phones_make_them_is_good_in_bounded_memory(name: str) -> None:
    width, height, kind, options, usable = LARGE[name]
    file = encoded(picture(1, width, height), kind, **options)
    decoder = PhotoDecoder()  # of its own: the most that a process held is never less again
    try:
        photo = decoder.inspect(file)
        assert photo.verdict is (Verdict.GOOD if usable else Verdict.TOO_LARGE)
        assert held_bytes(decoder) < 256 * 2**20
    finally:
        decoder.close()


@pytest.mark.parametrize("name", ["a PNG", "a WebP"])
def test_photo_that_takes_more_memory_than_there_is_is_refused_and_the_next_is_not(name: str) -> None:
    width, height, kind, options, _ = LARGE[name]
    decoder = PhotoDecoder()
    decoder.process.limits = DecoderLimits(192 << 20, BOUNDS.timeout_s, BOUNDS.reply_bytes)
    try:
        assert not decoder.inspect(encoded(picture(1, width, height), kind, **options)).usable
        assert decoder.process.pid is None or held_bytes(decoder) < 192 << 20
        assert decoder.inspect(encoded(picture())).verdict is Verdict.GOOD
    finally:
        decoder.close()


def test_photo_in_which_the_decoder_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = PhotoDecoder()
    decoder.inspect(encoded(picture()))
    monkeypatch.setattr(decoder.process, "limits", DecoderLimits(BOUNDS.memory_bytes, 0.0, BOUNDS.reply_bytes))
    assert decoder.inspect(encoded(picture())).verdict is Verdict.UNREADABLE
    assert decoder.process.pid is None


QUICKLY = {"PNG": {"compress_level": 1}, "JPEG": {}, "WEBP": {"method": 0}}  # the encoders, which are not tested
SHAPES = ((200, 120), (120, 200), (1, 1), (2, 60_000), (20_000, 64), (3_000, 750))


def fuzzed(seed: int) -> bytes:
    """A photo that was damaged, by a seed: random metadata, random bytes, an end too early."""
    dice = random.Random(seed)
    kind = dice.choice(["PNG", "JPEG", "WEBP"])
    width, height = dice.choice(SHAPES)
    if kind == "WEBP":
        width, height = min(width, 16_383), min(height, 16_383)
    options = {"exif": b"Exif\0\0" + odd_exif(dice)} if dice.random() < 0.6 else {}
    file = bytearray(encoded(picture(seed, width, height), kind, **options, **QUICKLY[kind]))
    for _ in range(dice.choice([0, 0, 1, 3, 20])):
        file[dice.randrange(len(file))] = dice.randrange(256)
    return bytes(file[: dice.randrange(len(file))] if dice.random() < 0.3 else file)


def odd_exif(dice: random.Random) -> bytes:
    """Metadata with entries of any type and length that point anywhere, the orientation among them."""
    order = dice.choice("<>")
    sideways = struct.pack(f"{order}HHIHH", ORIENTATION, 3, 1, 6, 0)  # as a camera writes it
    entries = [sideways] if dice.random() < 0.7 else []
    for _ in range(dice.randrange(1, 12)):
        tag = dice.choice([ORIENTATION, GPS_IFD, 0x8769, 0xA005, 0x0111, 0x927C, dice.randrange(1 << 16)])
        count, value = (dice.choice([0, 1, 2, 6, 8, 1 << 31, dice.randrange(200)]) for _ in range(2))
        entries.append(struct.pack(f"{order}HHII", tag, dice.randrange(14), count, value))
    mark = b"II*\0" if order == "<" else b"MM\0*"
    head = mark + struct.pack(f"{order}IH", 8, dice.choice([len(entries), 60_000]))
    return head + b"".join(entries) + dice.randbytes(dice.randrange(100))


def test_photo_that_was_damaged_on_purpose_gets_a_verdict() -> None:
    found = {photos.answer(fuzzed(seed), {})[0]["verdict"] for seed in range(600)}
    assert found >= {Verdict.GOOD, Verdict.LONG, Verdict.UNREADABLE}
    assert found <= set(map(str, Verdict))


def test_photo_that_was_damaged_on_purpose_gets_the_same_verdict_from_the_locked_process(decoder: PhotoDecoder) -> None:
    for seed in range(100):
        file = fuzzed(seed)
        assert decoder.inspect(file).verdict == photos.answer(file, {})[0]["verdict"], seed


class Lying:
    """A decoding process that was taken over."""

    def __init__(self, reply: object, parts: list[bytes]) -> None:
        self.reply, self.parts, self.closed = reply, parts, False

    def ask(self, content: bytes, options: object) -> tuple[object, list[bytes]]:
        return self.reply, self.parts

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("reply", "parts"),
    [
        ({}, [b"", b"", b""]),
        ({"verdict": "good", "sizes": [[1, 1], [0, 0]]}, [b"", b""]),
        ({"verdict": "excellent", "sizes": [[0, 0], [0, 0]]}, [b"", b"", b""]),
        ({"verdict": "good", "sizes": [[9, 9], [0, 0]]}, [b"abc", b"", b""]),
        ({"verdict": "good", "sizes": [[-1, 9], [0, 0]]}, [b"abc", b"", b""]),
        ({"verdict": "good", "sizes": [None, "x"]}, [b"abc", b"", b""]),
        ({"verdict": "good", "sizes": 4}, [b"abc", b"", b""]),
        ({"verdict": "good", "sizes": [[1, 1], [0, 0]]}, [b"abc", b"", b"short"]),
        ({"verdict": [], "sizes": [[1, 1], [0, 0]]}, [b"abc", b"", bytes(768)]),
    ],
)
def test_process_that_lies_is_ended_and_its_photo_not_used(reply: object, parts: list[bytes]) -> None:
    decoder = PhotoDecoder()
    lying = decoder.process = Lying(reply, parts)  # type: ignore[assignment]
    photo = decoder.inspect(b"anything")
    assert photo == Photo(verdict=Verdict.UNREADABLE, sha256=photo.sha256)
    assert lying.closed
