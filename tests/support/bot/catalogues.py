"""Catalogue lines for tests."""

from typing import Any

from inference.catalogue import Catalogue, CheckerModel, ImageModel, SpeechModel, UpscaleModel
from inference.loras import LoraModel

TINY = ImageModel(
    name="tiny",
    title="A tiny model",
    source="builtin",
    family="sd",
    licence="Apache-2.0",
    width_px=128,
    height_px=128,
    side_max_px=192,
    steps=20,
    steps_max=50,
    guidance=4.0,
    upscale=4,
)
LARGE = ImageModel(
    name="large",
    title="A large model",
    source="/models/large",
    family="sd",
    licence="OpenRAIL-M",
    licence_url="https://example.org/licence",
    width_px=512,
    height_px=512,
    side_max_px=768,
    steps=25,
    steps_max=60,
    guidance=7.5,
    credits=2,
)
EDITS = ImageModel(
    name="edits",
    title="A model that edits",
    source="/models/edits",
    family="flux2-klein",
    licence="Apache-2.0",
    width_px=128,
    height_px=128,
    side_max_px=192,
    steps=4,
    steps_max=8,
    guidance=1.0,
)
HEARS = SpeechModel(name="hears", title="A model that hears", source="/models/hears", licence="MIT")
CATALOGUE = Catalogue(images=(TINY, LARGE), speech=(HEARS,))
ENLARGES = UpscaleModel(
    name="enlarges", title="A model that enlarges", source="/models/enlarges", licence="Apache-2.0", scale=4
)
WITH_EDITING = Catalogue(images=(TINY, EDITS), speech=(HEARS,))
WITH_UPSCALER = Catalogue(images=(TINY, LARGE), speech=(HEARS,), upscalers=(ENLARGES,))
LOOKS = CheckerModel(
    name="looks", title="A model that looks", source="/models/looks", licence="Apache-2.0", labels={"nsfw": 0.5}
)
WITH_CHECKER = Catalogue(images=(TINY, LARGE), speech=(HEARS,), upscalers=(ENLARGES,), checkers=(LOOKS,))


def _style(name: str, **changes: Any) -> LoraModel:
    fields: dict[str, Any] = {"title": name.capitalize(), "file": f"/loras/{name}.safetensors", "family": "sd"}
    return LoraModel(**{"name": name, "licence": "CC0-1.0", **fields, **changes})


INK = _style("ink", title="Ink drawing", words="ink drawing", strength=0.8)
STYLES = (
    INK,
    _style("pixels"),
    _style("wide", models=("large",), base="large"),
    _style("watercolour"),
    _style("edited", family="flux2-klein"),
)
WITH_STYLES = Catalogue(images=(TINY, LARGE), speech=(HEARS,), loras=STYLES)
