"""What a new catalogue entry begins with, as far as a model's folder tells: family, size, licence. No torch."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.errors import ModelUnusable
from inference.families import FAMILIES, family_of_pipeline

CONFIG_MAX_BYTES = 1 << 20
README_MAX_BYTES = 1 << 20
SIDE_MAX_SHARE = 1.5  # of its own side, for the longest that members may ask for


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProposal:
    """What is proposed for a picture model."""

    family: str
    size_px: int  # of both sides
    steps: int
    guidance: float
    credits: int
    licence: str  # as its card says; empty: it says nothing

    @property
    def fields(self) -> dict[str, Any]:
        """The catalogue's fields beside name, title, source, revision and licence."""
        return {
            "family": self.family,
            "width_px": self.size_px,
            "height_px": self.size_px,
            "side_max_px": round(self.size_px * SIDE_MAX_SHARE) // 64 * 64 or self.size_px,
            "steps": self.steps,
            "steps_max": max(50, 2 * self.steps),
            "guidance": self.guidance,
            "credits": self.credits,
        }


def propose(folder: Path) -> ModelProposal:
    """Read a folder's configurations, and propose an entry.

    Raises:
        ModelUnusable: it is no folder in diffusers' layout.
    """
    index = _read(folder / "model_index.json")
    if not index:
        raise ModelUnusable(f"{folder} has no model_index.json: it is no folder in diffusers' layout.")
    family = family_of_pipeline(str(index.get("_class_name")))
    traits = FAMILIES[family]
    return ModelProposal(
        family=family,
        size_px=_own_size_px(folder) or traits.size_px,
        steps=traits.steps,
        guidance=traits.guidance,
        credits=traits.credits,
        licence=_licence(folder / "README.md"),
    )


def _own_size_px(folder: Path) -> int:
    """Return the side that a UNet was trained at; 0 where there is none, or where it does not say."""
    unet, vae = _read(folder / "unet" / "config.json"), _read(folder / "vae" / "config.json")
    side, levels = unet.get("sample_size"), vae.get("block_out_channels") or vae.get("encoder_block_out_channels")
    if not isinstance(side, int) or not isinstance(levels, list) or not levels:
        return 0
    return max(8, (side << (len(levels) - 1)) // 8 * 8)


def _licence(card: Path) -> str:
    """Return the licence in a model card's head, such as 'apache-2.0'."""
    if not card.is_file() or card.stat().st_size > README_MAX_BYTES:
        return ""
    head = re.match(r"---\n(.*?)\n---", card.read_text(encoding="utf-8", errors="replace"), re.DOTALL)
    named = re.search(r"^license(?:_name)?:\s*[\"']?([\w.+ -]{1,60})", head[1] if head else "", re.MULTILINE)
    return named[1].strip() if named else ""


def _read(file: Path) -> Mapping[str, Any]:
    if not file.is_file() or file.stat().st_size > CONFIG_MAX_BYTES:
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
