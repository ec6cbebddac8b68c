"""The artwork that the built-in model is trained on: emoji in seven styles, from npm packages.

`fetch` downloads the packages with the npm client, `render` draws every emoji once, at 128 px on white.
"""

from __future__ import annotations

import io
import json
import random
import subprocess
import tarfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

PICTURE_PX = 128
ARTWORK_PX = 118  # a margin of 5 px on each side, so that no edge touches the border
NAMES_PACKAGE = "emojibase-data@17.0.0"
CODEPOINTS_PACKAGE = "@iconify-json/noto@1.2.9"  # its chars.json maps code points to the slugs all iconify sets share
FLAGS_GROUP = 9  # emojibase's group of country flags, which nobody asks a toy model to draw
SKIN_TONES_GROUP = 2
LOT_SEED = 3


@dataclass(frozen=True, slots=True)
class Vendor:
    """One set of artwork: its npm package, its licence, and the word for its style."""

    name: str
    package: str
    licence: str
    credit: str
    style: str


VENDORS = (
    Vendor("noto", "@iconify-json/noto@1.2.9", "Apache-2.0", "Noto Emoji, Google", "cartoon"),
    Vendor("noto-v1", "@iconify-json/noto-v1@1.2.5", "Apache-2.0", "Noto Emoji (v1), Google", "cartoon"),
    Vendor("fxemoji", "@iconify-json/fxemoji@1.2.2", "Apache-2.0", "FxEmojis, Mozilla", "flat"),
    Vendor("twemoji", "@iconify-json/twemoji@1.2.5", "CC-BY-4.0", "Twemoji, Twitter", "flat"),
    Vendor("fluent-flat", "@iconify-json/fluent-emoji-flat@1.2.6", "MIT", "Fluent Emoji, Microsoft", "flat"),
    Vendor("fluent", "@iconify-json/fluent-emoji@1.2.7", "MIT", "Fluent Emoji, Microsoft", "glossy"),
    Vendor("fluent-3d", "@lobehub/fluent-emoji-3d@1.1.0", "MIT", "Fluent Emoji, Microsoft", "3d"),
)


@dataclass(frozen=True, slots=True)
class Emoji:
    """The names of one emoji: its code points (lower-case, joined by '-', without FE0F), label and tags."""

    code: str
    label: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Where a rendered picture comes from; its place in the list is its row in the tensor."""

    vendor: str
    code: str


class ArtworkMissing(FileNotFoundError):
    """The artwork has not been rendered yet."""


def fetch(folder: Path) -> None:
    """Download every artwork package into `folder` with the npm client, unless it is there already."""
    folder.mkdir(parents=True, exist_ok=True)
    for package in (NAMES_PACKAGE, *(vendor.package for vendor in VENDORS)):
        target = _package_folder(folder, package)
        if target.exists():
            continue
        packed = subprocess.run(
            ["npm", "pack", package, "--silent"], cwd=folder, check=True, capture_output=True, text=True
        )
        with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
            archive.extractall(target, filter="data")
        print(f"fetched {package}")


def emojis(folder: Path) -> list[Emoji]:
    """Return the names of every emoji but flags and skin tones, in emojibase's order."""
    rows = json.loads((_package_folder(folder, NAMES_PACKAGE) / "package/en/data.json").read_text())
    return [
        Emoji(_code(row["hexcode"]), row["label"], tuple(row.get("tags", ())))
        for row in sorted(rows, key=lambda row: row.get("order", 0))
        if row.get("group") not in (None, FLAGS_GROUP, SKIN_TONES_GROUP)
    ]


def render(
    folder: Path,
    target: Path,
    codes: frozenset[str] | None = None,
    *,
    scale: int = 1,
    most: int | None = None,
    processes: int = 2,
) -> int:
    """Draw the artwork; save `target`.safetensors (uint8, N x 4 x 128 x 128, the last is alpha) and `target`.json.

    Args:
        folder: where `fetch` left the packages.
        target: path without suffix.
        codes: only these emoji, or all.
        scale: how many times as wide and high; what is no vector and too small for that is left out.
        most: no more pictures than these, drawn by lot.
        processes: how many processes share the drawing.

    Returns:
        How many pictures there are.
    """
    sources = _sources(folder, [emoji.code for emoji in emojis(folder) if codes is None or emoji.code in codes])
    if most is not None and most < len(sources):
        sources = random.Random(LOT_SEED).sample(sources, most)
    with ProcessPoolExecutor(processes) as pool:
        pictures = list(pool.map(partial(_draw, scale=scale), [source for _, source in sources], chunksize=64))
    kept = [(drawing, picture) for (drawing, _), picture in zip(sources, pictures, strict=True) if picture is not None]
    target.parent.mkdir(parents=True, exist_ok=True)
    stacked = np.stack([picture for _, picture in kept])
    save_file({"pictures": torch.from_numpy(stacked)}, target.with_suffix(".safetensors"))
    target.with_suffix(".json").write_text(json.dumps([asdict(drawing) for drawing, _ in kept]))
    return len(kept)


def load(target: Path) -> tuple[list[Drawing], torch.Tensor, torch.Tensor]:
    """Return what `render` saved.

    Returns:
        The drawings, their pictures on white (uint8, N x 3 x 128 x 128), and the opacity of each pixel (uint8, N x 1 x
        128 x 128).

    Raises:
        ArtworkMissing: if nothing was rendered there.
    """
    if not target.with_suffix(".json").exists():
        raise ArtworkMissing("The artwork is not rendered yet. Run `python -m inference.builtin render` first.")
    drawings = [Drawing(**row) for row in json.loads(target.with_suffix(".json").read_text())]
    pictures = load_file(target.with_suffix(".safetensors"))["pictures"]
    return drawings, pictures[:, :3].contiguous(), pictures[:, 3:].contiguous()


def _sources(folder: Path, codes: list[str]) -> list[tuple[Drawing, str | Path]]:
    """Find what to draw: SVG text, or the path of a picture, for every vendor and code that has one."""
    slugs = _slugs(folder)
    found: list[tuple[Drawing, str | Path]] = []
    for vendor in VENDORS:
        package = _package_folder(folder, vendor.package) / "package"
        icons: dict[str, Any] | None = None
        if (package / "icons.json").exists():
            icons = json.loads((package / "icons.json").read_text())
        for code in codes:
            source = _raster(package, code) if icons is None else _svg(icons, slugs.get(code, ""))
            if source is not None:
                found.append((Drawing(vendor.name, code), source))
    return found


def _slugs(folder: Path) -> dict[str, str]:
    chars = json.loads((_package_folder(folder, CODEPOINTS_PACKAGE) / "package/chars.json").read_text())
    return {_code(code): slug for code, slug in chars.items()}


def _svg(icons: dict[str, Any], slug: str) -> str | None:
    for name in (slug, slug.replace("-", "")):  # fxemoji writes its names without hyphens
        name = icons.get("aliases", {}).get(name, {}).get("parent", name)
        if name in icons["icons"]:
            icon = icons["icons"][name]
            width, height = icon.get("width", icons.get("width")), icon.get("height", icons.get("height"))
            return (
                '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
                f'viewBox="0 0 {width} {height}">{icon["body"]}</svg>'
            )
    return None


def _raster(package: Path, code: str) -> Path | None:
    for path in (package / f"assets/{code}.webp", package / f"assets/{code}-fe0f.webp"):
        if path.exists():
            return path
    return None


def _draw(source: str | Path, scale: int) -> np.ndarray | None:
    """Draw one source on white, its opacity as the fourth channel; None where it is refused, or too small a picture."""
    import resvg_py  # only the recipe needs it: the shipped model does not

    side_px, whole_px = scale * ARTWORK_PX, scale * PICTURE_PX
    try:
        if isinstance(source, Path):
            picture = Image.open(source).convert("RGBA")
            if max(picture.size) < side_px:
                return None
            picture = picture.resize((side_px, side_px), Image.Resampling.LANCZOS)
        else:
            png = resvg_py.svg_to_bytes(svg_string=source, width=side_px, height=side_px, skip_system_fonts=True)
            picture = Image.open(io.BytesIO(png)).convert("RGBA")
    except ValueError:
        return None
    corner = ((whole_px - picture.width) // 2, (whole_px - picture.height) // 2)
    clear = Image.new("RGBA", (whole_px, whole_px))
    clear.paste(picture, corner)
    white = Image.new("RGBA", (whole_px, whole_px), "white")
    white.alpha_composite(clear)
    white.putalpha(clear.getchannel("A"))
    return np.asarray(white).transpose(2, 0, 1).copy()


def _code(hexcode: str) -> str:
    return "-".join(part for part in hexcode.lower().split("-") if part != "fe0f")


def _package_folder(folder: Path, package: str) -> Path:
    return folder / package.rpartition("@")[0].replace("@", "").replace("/", "-")
