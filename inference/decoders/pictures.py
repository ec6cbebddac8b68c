"""A picture out of a file, in the decoding process: whole, upright, and nothing but its pixels.

PNG, JPEG and WebP are opened, by their content and not by their name, and only the first frame. What is too large is
refused by the header, before a pixel is decoded. Of metadata nothing is passed on but what our own PNGs say of how they
were generated, where it is asked for.
"""

import io
import warnings
from typing import Any

from PIL import ExifTags, Image, UnidentifiedImageError

from inference.decoders.photos import SIGNATURES, TURNS, orientation
from inference.decoders.refused import FileRefused

PARAMETERS = "parameters"  # the chunk in which AUTOMATIC1111, and we, write what a picture was generated from
PARAMETERS_BYTES_MAX = 64 << 10
MODES = ("L", "LA", "RGB", "RGBA")  # that pictures leave here in; their letters are the samples of a pixel


def answer(content: bytes, options: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Decode one picture.

    Args:
        content: the file.
        options: `pixels_max`, and `parameters_wanted`.

    Returns:
        Its size and mode; with its pixels, and its parameters in UTF-8.

    Raises:
        FileRefused: 'empty', 'unknown', 'too-large', 'damaged'.
    """
    try:
        image, parameters = _decoded(content, int(options["pixels_max"]), wanted=bool(options["parameters_wanted"]))
    except (FileRefused, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise FileRefused("too-large") from error
    except UnidentifiedImageError as error:
        raise FileRefused("damaged") from error
    except Exception as error:  # Pillow raises anything at all for a file that is damaged on purpose
        raise FileRefused("damaged") from error
    return {"size": list(image.size), "mode": image.mode}, [image.tobytes(), parameters]


def _decoded(content: bytes, pixels_max: int, *, wanted: bool) -> tuple[Image.Image, bytes]:
    if not content:
        raise FileRefused("empty")
    kind = next((kind for kind, (at, mark) in SIGNATURES.items() if content[at : at + len(mark)] == mark), None)
    if kind is None:
        raise FileRefused("unknown")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata, which is dropped
        Image.MAX_IMAGE_PIXELS = max(1, pixels_max // 2)  # above twice that Pillow raises, before it takes any memory
        with Image.open(io.BytesIO(content), formats=(kind,)) as opened:
            if opened.width * opened.height > pixels_max:
                raise FileRefused("too-large")
            opened.load()
            turn = TURNS.get(orientation(opened))
            image = _plain(opened)
            text = opened.info.get(PARAMETERS) if wanted else None
    parameters = text.encode("utf-8", "replace")[:PARAMETERS_BYTES_MAX] if isinstance(text, str) else b""
    return (image.transpose(turn) if turn is not None else image), parameters


def _plain(opened: Image.Image) -> Image.Image:
    """Return a picture in one of the modes that are passed on."""
    if opened.mode in MODES:
        return opened.copy()
    if opened.has_transparency_data:
        return opened.convert("RGBA")
    return opened.convert("L" if opened.mode in ("1", "I;16", "I", "F") else "RGB")


def warm_up() -> None:
    """Open one picture of each kind and mode, so that all that Pillow loads at first use is there."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    for kind in SIGNATURES:
        for mode in ("RGB",) if kind == "JPEG" else ("RGB", "RGBA"):
            stream = io.BytesIO()
            Image.new(mode, (2, 3)).save(stream, kind, exif=exif)
            reply, _ = answer(stream.getvalue(), {"pixels_max": 64, "parameters_wanted": True})
            assert reply["size"] == [3, 2]
