"""Picture files: PNGs that carry their parameters as other tools write them, and small previews. Pillow only."""

import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from inference.requests import PictureOrigin

Pixels = NDArray[np.uint8]  # (height, width, 3), RGB

LANCZOS = "Lanczos"  # what enlarges pictures where there is no network for it
PREVIEW_SIDE_PX = 512  # the longest side of a preview with all pictures of a job
PREVIEW_QUALITY = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationParameters:
    """What a picture was generated from."""

    prompt: str
    negative: str
    steps: int
    sampler: str
    guidance: float
    seed: int
    width_px: int  # as generated, before any enlargement
    height_px: int
    model: str
    upscale: int = 1
    upscaler: str = LANCZOS  # by what it is enlarged
    denoising_strength: float | None = None  # of a picture that it began from; None: it began from noise
    mask_blur_px: int = 0
    variation_seed: int | None = None
    variation_strength: float = 0.0
    origin: PictureOrigin | None = None  # the finished picture that it was drawn from; None: from none
    version: str = ""
    lora_tags: tuple[str, ...] = ()
    lora_hashes: tuple[tuple[str, str], ...] = ()  # name and AutoV3 hash

    def text(self) -> str:
        """Return them in AUTOMATIC1111's convention, which most programs that show pictures can read.

        Source: `create_infotext` and `quote` in its modules/processing.py and modules/infotext_utils.py, and the LoRAs
        in extensions-builtin/Lora/extra_networks_lora.py.
        """
        settings: dict[str, object] = {
            "Steps": self.steps,
            "Sampler": self.sampler,
            "CFG scale": f"{self.guidance:g}",
            "Seed": self.seed,
            "Size": f"{self.width_px}x{self.height_px}",
            "Model": self.model,
        }
        if self.variation_seed is not None:
            settings["Variation seed"] = self.variation_seed
            settings["Variation seed strength"] = f"{self.variation_strength:g}"
        if self.denoising_strength is not None:
            settings["Denoising strength"] = f"{self.denoising_strength:g}"
        if self.mask_blur_px:
            settings["Mask blur"] = self.mask_blur_px
        if self.origin is not None:
            settings |= {"Source job": self.origin.job_id, "Source picture": self.origin.picture}
            settings["Source change"] = self.origin.change
        if self.upscale > 1:
            settings |= {"Hires upscale": self.upscale, "Hires upscaler": self.upscaler}
        if self.lora_hashes:
            settings["Lora hashes"] = ", ".join(f"{name}: {hash}" for name, hash in self.lora_hashes)
        settings["Version"] = f"atelier {self.version}".strip()
        negative = f"\nNegative prompt: {self.negative}" if self.negative else ""
        line = ", ".join(f"{name}: {_quote(str(value))}" for name, value in settings.items())
        prompt = " ".join([self.prompt, *self.lora_tags])
        return f"{prompt}{negative}\n{line}".strip()


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) if any(mark in text for mark in ",\n:") else text


def encode_png(pixels: Pixels, parameters: GenerationParameters) -> bytes:
    """Write a picture as PNG with its parameters, enlarged by Lanczos if that is their upscaler; others did it before.

    Text outside Latin-1 goes into an iTXt chunk, as AUTOMATIC1111 and Pillow do.
    """
    image = Image.fromarray(pixels)
    if parameters.upscale > 1 and parameters.upscaler == LANCZOS:
        size = (image.width * parameters.upscale, image.height * parameters.upscale)
        image = image.resize(size, Image.Resampling.LANCZOS)
    info = PngInfo()
    # a NUL ends the text for readers, and a lone surrogate cannot be written at all
    text = parameters.text().replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    info.add_text("parameters", text)
    stream = io.BytesIO()
    image.save(stream, "PNG", pnginfo=info, compress_level=4)
    return stream.getvalue()


def encode_preview(pictures: Sequence[Pixels]) -> bytes:
    """Write the pictures of a job, side by side, as one small WebP.

    Args:
        pictures: at least one, all of one size.
    """
    columns = math.ceil(math.sqrt(len(pictures)))
    rows = math.ceil(len(pictures) / columns)
    height, width = pictures[0].shape[:2]
    sheet = Image.new("RGB", (columns * width, rows * height), (40, 42, 46))
    for number, pixels in enumerate(pictures):
        sheet.paste(Image.fromarray(pixels), (number % columns * width, number // columns * height))
    factor = PREVIEW_SIDE_PX / max(sheet.size)
    size = (max(1, round(sheet.width * factor)), max(1, round(sheet.height * factor)))
    sheet = sheet.resize(size, Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    sheet.save(stream, "WEBP", quality=PREVIEW_QUALITY, method=2)
    return stream.getvalue()
