"""Picture files into pixels, safely.

Whatever a job is given as a picture is decoded in a locked-down process (`decoders`) that is kept warm from file to
file, also where the file is one of our own: a worker sees no difference.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.decoders.pictures import MODES, PARAMETERS_BYTES_MAX
from inference.decoders.process import DecoderLimits, DecoderProcess, NotDecoded
from inference.errors import BadRequest

FILE_BYTES_MAX = 64 << 20
_PROGRAM_BYTES = 256 << 20  # of address space: Python, numpy and Pillow map 120 MiB
_PIXEL_BYTES = 24  # a WebP takes 16 while it is decoded; then its copy, upright, and what is sent


class PictureRejected(BadRequest):
    """A picture file cannot be decoded, or is over a limit."""

    message = "That picture can't be used."


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """A picture's pixels, upright."""

    pixels: NDArray[np.uint8]  # (height, width, 3), RGB; grey ones have three equal samples
    alpha: NDArray[np.uint8] | None = None  # (height, width); None: it is opaque
    grey: bool = False
    parameters: str = ""  # what it was generated from, as our PNGs say it


class PictureDecoder:
    """Decodes one file at a time in a process of its own. Use one decoder per thread, and close it."""

    def __init__(self, *, pixels_max: int) -> None:
        self.pixels_max = pixels_max
        memory_bytes = _PROGRAM_BYTES + FILE_BYTES_MAX + _PIXEL_BYTES * pixels_max
        reply_bytes = 4 * pixels_max + PARAMETERS_BYTES_MAX
        self.process = DecoderProcess("pictures", DecoderLimits(memory_bytes, timeout_s=30.0, reply_bytes=reply_bytes))

    def decode(self, content: bytes) -> DecodedPicture:
        """Decode the first frame of a file.

        Raises:
            PictureRejected: it is no picture, damaged, or over a limit; the message is for the member.
        """
        if len(content) > FILE_BYTES_MAX:
            raise PictureRejected(self._sentence("too-large"))
        try:
            reply, parts = self.process.ask(content, {"pixels_max": self.pixels_max, "parameters_wanted": True})
            return _picture(reply, parts)
        except NotDecoded as error:
            raise PictureRejected(self._sentence(str(error))) from error
        except (ValueError, TypeError, LookupError) as error:  # a process that was taken over may answer anything
            self.process.close()
            raise PictureRejected(self._sentence("damaged")) from error

    def close(self) -> None:
        """End the process."""
        self.process.close()

    def _sentence(self, code: str) -> str:
        """Return the sentence for a reason not to decode."""
        large = f"That picture is larger than {self.pixels_max / 2**20:g} megapixels, the limit. Use a smaller one."
        sentences = {
            "empty": "That file is empty. Please send another one.",
            "unknown": "That file is no picture that I can read. Please send a PNG, JPEG or WebP.",
            "too-large": large,
            "memory": large,
            "slow": "Decoding that picture took too long. Please save it again, or send a smaller one.",
            "start": "I can't open files right now. Please ask an operator to run `atelier doctor`.",
        }
        return sentences.get(code, "That picture is damaged, and I couldn't decode it. Please save it again.")


def _picture(reply: dict[str, Any], parts: list[bytes]) -> DecodedPicture:
    """Make a picture of a reply. Raises ValueError, TypeError or LookupError if it makes no sense."""
    (width, height), mode = reply["size"], str(reply["mode"])
    raw, parameters = parts
    if mode not in MODES:
        raise ValueError(f"pictures have no mode {mode!r}")
    pixels = np.frombuffer(raw, dtype=np.uint8).reshape(int(height), int(width), len(mode))
    grey, clear = mode[0] == "L", mode[-1] == "A"
    colours = pixels[..., : len(mode) - clear]
    return DecodedPicture(
        pixels=np.repeat(colours, 3, axis=2) if grey else np.ascontiguousarray(colours),
        alpha=np.ascontiguousarray(pixels[..., -1]) if clear else None,
        grey=grey,
        parameters=parameters.decode("utf-8", "replace"),
    )
