"""Photos taken in: their verdicts; kept upright and without metadata, whatever their kind."""

import io

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot.shared.files.photos import PhotoDecoder, without_duplicates
from inference.decoders import photos
from inference.decoders.photos import KEPT_SIDE_PX, Verdict
from tests.support.files.photos import encoded, picture

ORIENTATION = 0x0112  # EXIF 2.3, 4.6.4
GPS_IFD = 0x8825
PLACE = "CANARY-GPS"


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
