"""Picture files of strangers into pixels: one clear sentence for what cannot be used, in bounded memory."""

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from inference.picture_files import FILE_BYTES_MAX, PictureDecoder, PictureRejected

PIXELS_MAX = 1 << 20


@pytest.fixture(scope="module")
def decoder() -> Iterator[PictureDecoder]:
    decoder = PictureDecoder(pixels_max=PIXELS_MAX)
    yield decoder
    decoder.close()


def file(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def bomb(side: int) -> bytes:
    """Return a PNG of a few bytes that says it has side × side pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1 << 20)))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"a text that somebody called picture.png", "no picture that I can read"),
        (b"GIF89a" + bytes(100), "no picture that I can read"),
        (bomb(30_000), "larger than 1 megapixels"),
        (file(Image.new("RGB", (1025, 1024))), "larger than 1 megapixels"),
        (file(Image.new("RGB", (64, 64), "red"))[:80], "damaged"),
        (b"\xff\xd8\xff" + bytes(50), "damaged"),
        (bytes(FILE_BYTES_MAX + 1), "larger than"),
    ],
    ids=["empty", "text", "gif", "bomb", "too large", "cut", "no jpeg", "huge file"],
)
def test_file_that_is_no_usable_picture_gets_one_sentence(
    decoder: PictureDecoder, content: bytes, sentence: str
) -> None:
    with pytest.raises(PictureRejected, match=sentence):
        decoder.decode(content)
    assert decoder.decode(file(Image.new("RGB", (2, 1)))).pixels.shape == (1, 2, 3)  # the next one is decoded


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_has_its_pixels(decoder: PictureDecoder, mode: str) -> None:
    image = Image.new("RGBA", (5, 3), (255, 255, 255, 128)).convert(mode) if mode != "I;16" else Image.new(mode, (5, 3))
    picture = decoder.decode(file(image))
    assert picture.pixels.shape == (3, 5, 3)
    assert picture.grey == (mode in ("1", "L", "LA", "I;16"))
    assert (picture.alpha is not None) == (mode in ("LA", "P", "RGBA"))  # its palette has clear colours
    if picture.alpha is not None:
        assert picture.alpha.shape == (3, 5)
        assert set(np.unique(picture.alpha)) == {128}


def test_picture_is_turned_upright_and_loses_everything_but_its_pixels(decoder: PictureDecoder) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    picture = decoder.decode(file(Image.new("RGB", (7, 3)), "JPEG", exif=exif))
    assert picture.pixels.shape == (7, 3, 3)
    assert picture.parameters == ""


def test_of_an_animation_the_first_frame_is_decoded(decoder: PictureDecoder) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    animated = file(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=40, lossless=True)
    assert tuple(decoder.decode(animated).pixels[0, 0]) == (255, 0, 0)


def test_decoding_process_is_locked_down(decoder: PictureDecoder) -> None:
    decoder.decode(file(Image.new("RGB", (1, 1))))
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{decoder.process.pid}/status").read_text().splitlines())
    assert (status["NoNewPrivs"], status["Threads"], int(status["CapEff"], 16)) == ("1", "1", 0)
    assert status["Seccomp"] == ("0" if decoder.process.start() else "2")


def test_largest_pictures_of_every_kind_fit_into_the_processs_memory(decoder: PictureDecoder) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (1024, 1024, 4), np.uint8)
    for kind in ("PNG", "WEBP", "JPEG"):
        image = Image.fromarray(pixels) if kind != "JPEG" else Image.fromarray(pixels[..., :3])
        options = {"progressive": True} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
        assert decoder.decode(file(image, kind, **options)).pixels.shape == (1024, 1024, 3)


def test_parameters_of_our_own_pictures_are_kept(decoder: PictureDecoder) -> None:
    info = PngInfo()
    info.add_text("parameters", "ein Herz ♥\nSteps: 4", zip=True)
    info.add_text("workflow", "secret")
    picture = decoder.decode(file(Image.new("RGB", (1, 1)), pnginfo=info))
    assert picture.parameters == "ein Herz ♥\nSteps: 4"
