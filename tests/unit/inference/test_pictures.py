"""Picture files: parameters that other programs can read, small previews."""

import io
import json
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot.shared.files.pictures import read_parameters
from inference.pictures import PREVIEW_SIDE_PX, GenerationParameters, encode_png, encode_preview
from inference.requests import ImageRequest, InitPicture, PictureOrigin, from_json, to_json

GREY = np.full((8, 12, 3), 128, np.uint8)


def make_parameters(**changes: Any) -> GenerationParameters:
    fields: dict[str, Any] = {
        "prompt": "a red heart",
        "negative": "blue",
        "steps": 20,
        "sampler": "DPM++ 2M",
        "guidance": 7.0,
        "seed": 1,
        "width_px": 512,
        "height_px": 512,
        "model": "sd15",
        "version": "0.1.0",
    }
    return GenerationParameters(**fields | changes)


def test_parameters_say_which_picture_it_was_drawn_from_and_how() -> None:
    origin = PictureOrigin(job_id="01m8", picture=2, change="Zoom out 2×")
    png = encode_png(GREY, make_parameters(origin=origin, denoising_strength=0.8))
    said = "Denoising strength: 0.8, Source job: 01m8, Source picture: 2, Source change: Zoom out 2×, Version"
    assert said in read_parameters(png)
    request = ImageRequest(
        prompt="a", model="tiny", width_px=8, height_px=8, steps=1, guidance=1.0, seed=1, origin=origin,
        init=InitPicture(key="k", strength=1.0, margins_px=(1, 2, 3, 4), flags=("nsfw",)),
    )  # fmt: skip
    assert from_json(json.loads(json.dumps(to_json(request)))) == request


def chunks(png: bytes) -> dict[bytes, bytes]:
    """Return a PNG's chunks by type."""
    found, at = {}, 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        found[png[at + 4 : at + 8]] = png[at + 8 : at + 8 + length]
        at += 12 + length
    return found


def test_parameters_are_written_in_automatic1111s_convention() -> None:
    assert make_parameters().text() == (
        "a red heart\n"
        "Negative prompt: blue\n"
        "Steps: 20, Sampler: DPM++ 2M, CFG scale: 7, Seed: 1, Size: 512x512, Model: sd15, Version: atelier 0.1.0"
    )


def test_negative_line_is_left_out_when_there_is_none() -> None:
    assert make_parameters(negative="").text().splitlines()[1].startswith("Steps: 20")


def test_values_with_commas_or_colons_are_quoted() -> None:
    assert 'Model: "a, \\"b\\": c"' in make_parameters(model='a, "b": c').text()


def test_enlarged_picture_says_so_and_keeps_the_size_it_was_drawn_in() -> None:
    text = make_parameters(upscale=4, width_px=12, height_px=8).text()
    assert "Size: 12x8" in text
    assert "Hires upscale: 4, Hires upscaler: Lanczos" in text


def test_latin_text_is_a_text_chunk() -> None:
    png = chunks(encode_png(GREY, make_parameters()))
    assert png[b"tEXt"].startswith(b"parameters\0a red heart\n")


def test_other_scripts_are_an_international_text_chunk() -> None:
    content = encode_png(GREY, make_parameters(prompt="赤いハート ❤"))
    assert chunks(content)[b"iTXt"].startswith(b"parameters\0")
    assert Image.open(io.BytesIO(content)).text["parameters"].startswith("赤いハート ❤\n")  # type: ignore[attr-defined]


@pytest.mark.parametrize("prompt", ["nul\0byte", "lone \ud800 surrogate", "line\nSteps: 3, Seed: 9", "‮", ""])
def test_any_prompt_can_be_written_and_read_back(prompt: str) -> None:
    content = encode_png(GREY, make_parameters(prompt=prompt))
    text: str = Image.open(io.BytesIO(content)).text["parameters"]  # type: ignore[attr-defined]
    assert text.splitlines()[-1].startswith("Steps: 20, Sampler: DPM++ 2M, CFG scale: 7, Seed: 1")


def test_pixels_are_kept_exactly() -> None:
    pixels = np.arange(8 * 12 * 3, dtype=np.uint8).reshape(8, 12, 3)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(encode_png(pixels, make_parameters())))), pixels)


def test_enlarging_is_smooth() -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:, 4:] = 255
    large = np.asarray(Image.open(io.BytesIO(encode_png(pixels, make_parameters(upscale=4)))))
    assert large.shape == (32, 32, 3)
    assert len(np.unique(large)) > 4  # levels between black and white, not blocks


@pytest.mark.parametrize(("count", "size"), [(1, (512, 341)), (2, (512, 171)), (3, (512, 341)), (4, (512, 341))])
def test_preview_is_one_small_sheet_of_all_pictures(count: int, size: tuple[int, int]) -> None:
    sheet = Image.open(io.BytesIO(encode_preview([GREY] * count)))
    assert sheet.format == "WEBP"
    assert sheet.size == size
    assert max(sheet.size) == PREVIEW_SIDE_PX


def test_loras_are_written_as_automatic1111_writes_and_reads_them() -> None:
    tags, hashes = ("<lora:zkv:0.8>", "<lora:qpl:1>"), (("zkv", "0123456789ab"), ("qpl", "ba9876543210"))
    text = make_parameters(lora_tags=tags, lora_hashes=hashes).text()
    assert text.splitlines()[0] == "a red heart <lora:zkv:0.8> <lora:qpl:1>"
    assert 'Lora hashes: "zkv: 0123456789ab, qpl: ba9876543210", Version:' in text
