"""Photos taken in: verdicts, upright and without metadata, and nothing that a stranger sends does harm."""

import io
import random
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot.shared.files.photos import BOUNDS, PHOTO_BYTES_MAX, Photo, PhotoDecoder, without_duplicates
from inference.decoders import photos
from inference.decoders.photos import KEPT_SIDE_PX, Verdict
from inference.decoders.process import DecoderLimits
from tests.support.files.photos import bomb, encoded, picture

ORIENTATION = 0x0112  # EXIF 2.3, 4.6.4
GPS_IFD = 0x8825
PLACE = "CANARY-GPS"


@pytest.fixture(scope="module")
def decoder() -> Iterator[PhotoDecoder]:
    decoder = PhotoDecoder()
    yield decoder
    decoder.close()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_photo_of_a_known_kind_is_good(decoder: PhotoDecoder, kind: str) -> None:
    photo = decoder.inspect(encoded(picture(), kind))
    assert photo.verdict is Verdict.GOOD
    with Image.open(io.BytesIO(photo.content)) as kept:
        assert (kept.format, kept.size) == ("PNG", (200, 120))


def test_photo_on_its_side_is_turned_and_loses_its_place(decoder: PhotoDecoder) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif.get_ifd(GPS_IFD)[29] = PLACE  # GPSDateStamp: text that a byte scan finds
    file = encoded(picture(), "JPEG", exif=exif)
    assert PLACE.encode() in file
    photo = decoder.inspect(file)
    assert photo.verdict is Verdict.TURNED
    with Image.open(io.BytesIO(photo.content)) as kept:
        assert kept.size == (120, 200)
        assert dict(kept.getexif()) == {}
    assert PLACE.encode() not in photo.content + photo.thumbnail


def test_photo_with_text_and_a_tail_keeps_only_its_pixels(decoder: PhotoDecoder) -> None:
    file = encoded(picture()) + b"<script>CANARY-TAIL</script>"
    photo = decoder.inspect(file)
    assert photo.usable
    assert b"CANARY" not in photo.content


def test_photo_that_is_blurred_is_usable_and_says_so(decoder: PhotoDecoder) -> None:
    smooth = Image.linear_gradient("L").convert("RGB")
    assert decoder.inspect(encoded(smooth)).verdict is Verdict.BLURRED


def test_photo_that_is_small_is_not_usable(decoder: PhotoDecoder) -> None:
    photo = decoder.inspect(encoded(picture(width=60, height=200)))
    assert (photo.verdict, photo.usable, photo.content) == (Verdict.SMALL, False, b"")


def test_photo_that_is_large_is_made_smaller(decoder: PhotoDecoder) -> None:
    with Image.open(io.BytesIO(decoder.inspect(encoded(picture(width=3000, height=1000))).content)) as kept:
        assert max(kept.size) == KEPT_SIDE_PX


def test_photo_with_transparency_stands_on_white(decoder: PhotoDecoder) -> None:
    clear = Image.new("RGBA", (100, 100), (255, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (0, 0, 40, 40))
    with Image.open(io.BytesIO(decoder.inspect(encoded(clear)).content)) as kept:
        assert kept.getpixel((50, 50)) == (255, 255, 255)


def test_photos_that_are_the_same_count_once(decoder: PhotoDecoder) -> None:
    one = picture()
    files = [encoded(one), encoded(one, "JPEG", quality=90), encoded(one.resize((100, 60))), encoded(picture(2))]
    found = without_duplicates([decoder.inspect(file) for file in [files[3], *files]])
    assert [(photo.verdict, photo.same_as) for photo in found] == [
        (Verdict.GOOD, None),
        (Verdict.GOOD, None),
        (Verdict.DUPLICATE, 2),
        (Verdict.SMALL, None),
        (Verdict.DUPLICATE, 1),
    ]


BLANK = {
    "white paper": Image.new("RGB", (300, 200), "white"),
    "a covered lens": Image.fromarray(
        np.random.default_rng(1).normal(8, 2, (600, 400, 3)).clip(0, 255).astype("uint8")
    ),
}


@pytest.mark.parametrize("name", BLANK)
def test_photo_with_nothing_on_it_is_blank(decoder: PhotoDecoder, name: str) -> None:
    photo = decoder.inspect(encoded(BLANK[name]))
    assert (photo.verdict, photo.usable, photo.content) == (Verdict.BLANK, False, b"")
    assert photo.thumbnail


def test_photo_with_little_on_it_is_not_blank(decoder: PhotoDecoder) -> None:
    paper = Image.new("RGB", (300, 300), "white")
    paper.paste("black", (140, 140, 155, 155))
    assert decoder.inspect(encoded(paper)).usable


def animation(frames: int) -> bytes:
    """A GIF's worth of frames in a WebP."""
    images = [picture(index, 64, 64) for index in range(frames)]
    return encoded(images[0], "WEBP", save_all=True, append_images=images[1:], duration=10)


def text() -> PngInfo:
    """Text in a PNG."""
    info = PngInfo()
    info.add_text("comment", "x" * 1_000, zip=True)
    return info


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


def test_photo_with_many_frames_is_its_first(decoder: PhotoDecoder) -> None:
    photo = decoder.inspect(animation(300))
    assert photo.usable
    with Image.open(io.BytesIO(photo.content)) as kept:
        assert getattr(kept, "n_frames", 1) == 1


@pytest.mark.parametrize(("width", "height"), [(60_000, 2), (2, 60_000), (20_000, 64), (257, 64), (1, 1_000)])
def test_photo_that_is_a_strip_is_told_so(decoder: PhotoDecoder, width: int, height: int) -> None:
    photo = decoder.inspect(encoded(Image.new("1", (width, height))))
    assert (photo.verdict, photo.content) == (Verdict.LONG, b"")


@pytest.mark.parametrize(("width", "height"), [(256, 64), (64, 256)])
def test_photo_that_is_four_times_as_long_as_wide_is_usable(decoder: PhotoDecoder, width: int, height: int) -> None:
    assert decoder.inspect(encoded(picture(1, width, height))).usable


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


ODD = {
    "CMYK": encoded(picture().convert("CMYK"), "JPEG"),
    "grey": encoded(picture().convert("L"), "JPEG"),
    "grey of 16 bits": encoded(Image.fromarray(np.arange(40_000, dtype=np.uint16).reshape(200, 200))),
    "palette": encoded(picture().convert("P")),
    "palette with transparency": encoded(picture().convert("P"), transparency=3),
    "transparent colour": encoded(picture(), transparency=(1, 2, 3)),
    "one bit": encoded(picture().convert("1")),
    "grey with alpha": encoded(picture().convert("LA")),
    "lossless": encoded(picture().convert("RGBA"), "WEBP", lossless=True),
    "several in one JPEG": encoded(picture(), "MPO", save_all=True, append_images=[picture(2)]),
    "frames": animation(3),
    "colour profile": encoded(picture(), icc_profile=bytes(500)),
    "text": encoded(picture(), pnginfo=text()),
}


@pytest.mark.parametrize("name", ODD)
def test_photo_that_is_rare_is_the_same_in_the_locked_process_as_here(decoder: PhotoDecoder, name: str) -> None:
    reply, (kept, _, look) = photos.answer(ODD[name], {})
    photo = decoder.inspect(ODD[name])
    assert photo.usable
    assert (photo.verdict, photo.look) == (reply["verdict"], look)
    with Image.open(io.BytesIO(photo.content)) as image:
        assert image.tobytes() == kept


SHAPES = ((200, 120), (120, 200), (1, 1), (2, 60_000), (20_000, 64), (3_000, 750))


def fuzzed(seed: int) -> bytes:
    """A photo that was damaged, by a seed: random metadata, random bytes, an end too early."""
    dice = random.Random(seed)
    kind = dice.choice(["PNG", "JPEG", "WEBP"])
    width, height = dice.choice(SHAPES)
    if kind == "WEBP":
        width, height = min(width, 16_383), min(height, 16_383)
    options = {"exif": b"Exif\0\0" + odd_exif(dice)} if dice.random() < 0.6 else {}
    file = bytearray(encoded(picture(seed, width, height), kind, **options))
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
        assert decoder.inspect(fuzzed(seed)).verdict == photos.answer(fuzzed(seed), {})[0]["verdict"], seed


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
