"""Photos taken in: verdicts, upright and without metadata, and nothing that a stranger sends does harm."""

import io
import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from bot.services.photos import KEPT_SIDE_PX, ORIENTATION, PHOTO_BYTES_MAX, Verdict, inspect, without_duplicates

GPS_IFD = 0x8825
PLACE = "CANARY-GPS"


def picture(seed: int = 1, width: int = 200, height: int = 120) -> Image.Image:
    """A picture with edges, different for each seed."""
    cells = np.random.default_rng(seed).integers(0, 255, (6, 10, 3), dtype=np.uint8)
    return Image.fromarray(cells).resize((width, height), Image.Resampling.NEAREST)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_photo_of_a_known_kind_is_good(kind: str) -> None:
    photo = inspect(encoded(picture(), kind))
    assert photo.verdict is Verdict.GOOD
    with Image.open(io.BytesIO(photo.content)) as kept:
        assert (kept.format, kept.size) == ("PNG", (200, 120))


def test_photo_on_its_side_is_turned_and_loses_its_place() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif.get_ifd(GPS_IFD)[29] = PLACE  # GPSDateStamp: text that a byte scan finds
    file = encoded(picture(), "JPEG", exif=exif)
    assert PLACE.encode() in file
    photo = inspect(file)
    assert photo.verdict is Verdict.TURNED
    with Image.open(io.BytesIO(photo.content)) as kept:
        assert kept.size == (120, 200)
        assert dict(kept.getexif()) == {}
    assert PLACE.encode() not in photo.content + photo.thumbnail


def test_photo_with_text_and_a_tail_keeps_only_its_pixels() -> None:
    file = encoded(picture()) + b"<script>CANARY-TAIL</script>"
    photo = inspect(file)
    assert photo.usable
    assert b"CANARY" not in photo.content


def test_photo_that_is_blurred_is_usable_and_says_so() -> None:
    smooth = Image.linear_gradient("L").convert("RGB")
    assert inspect(encoded(smooth)).verdict is Verdict.BLURRED


def test_photo_that_is_small_is_not_usable() -> None:
    photo = inspect(encoded(picture(width=60, height=200)))
    assert (photo.verdict, photo.usable, photo.content) == (Verdict.SMALL, False, b"")


def test_photo_that_is_large_is_made_smaller() -> None:
    with Image.open(io.BytesIO(inspect(encoded(picture(width=3000, height=1000))).content)) as kept:
        assert max(kept.size) == KEPT_SIDE_PX


def test_photo_with_transparency_stands_on_white() -> None:
    clear = Image.new("RGBA", (100, 100), (255, 0, 0, 0))
    with Image.open(io.BytesIO(inspect(encoded(clear)).content)) as kept:
        assert kept.getpixel((50, 50)) == (255, 255, 255)


def test_photos_that_are_the_same_count_once() -> None:
    one = picture()
    files = [encoded(one), encoded(one, "JPEG", quality=90), encoded(one.resize((100, 60))), encoded(picture(2))]
    verdicts = [photo.verdict for photo in without_duplicates([inspect(file) for file in files])]
    assert verdicts == [Verdict.GOOD, Verdict.DUPLICATE, Verdict.SMALL, Verdict.GOOD]


def bomb(width: int, height: int) -> bytes:
    """A small PNG that claims to be, and decodes to, a very large one."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1 << 20), 9) * 4
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def animation(frames: int) -> bytes:
    """A GIF's worth of frames in a WebP."""
    images = [picture(index, 64, 64) for index in range(frames)]
    return encoded(images[0], "WEBP", save_all=True, append_images=images[1:], duration=10)


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
def test_hostile_photo_gets_a_verdict_in_bounded_memory_and_time(name: str) -> None:
    tracemalloc.start()
    started_s = time.process_time()
    try:
        photo = inspect(HOSTILE[name])
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert not photo.usable
    assert photo.content == b""
    assert peak_bytes < 100 * 2**20
    assert time.process_time() - started_s < 5


def test_photo_with_many_frames_is_its_first() -> None:
    photo = inspect(animation(300))
    assert photo.usable
    with Image.open(io.BytesIO(photo.content)) as kept:
        assert getattr(kept, "n_frames", 1) == 1
