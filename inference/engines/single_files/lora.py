"""`python -m inference.engines.single_files.lora [--first] FILE TARGET MODELS`: convert a LoRA, without a network.

MODELS is JSON: of each picture model that may be its base, the catalogue's entry with its folder and where links in it
may lead, the likeliest first; with --first, it is for that one. Prints one JSON object: {"base": …, "family": …,
"fits": [names], "others": [names], "rank": …, "layers": {component: count}, "sha256": …, "told": {…}, "missing": …} or
{"refused": …}. `atelier loras add` runs it as a child, for the same reasons as `atelier models import` does its own.
"""

import argparse
import contextlib
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inference.engines.image.adapters.header import LORA_MAX_BYTES, SCALARS, read_file_header
from inference.engines.single_files.offline import give_up_network
from inference.errors import AdapterRejected, ModelUnusable

TOLD = ("modelspec.title", "modelspec.trigger_phrase", "modelspec.license", "ss_base_model_version")
TOLD_MAX = 200  # characters


def main() -> int:
    """Convert, and return the exit status: 0, or 1 where the file was refused."""
    parser = argparse.ArgumentParser(prog="python -m inference.engines.single_files.lora")
    parser.add_argument("--first", action="store_true")
    parser.add_argument("file", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("models", type=json.loads)
    chosen = parser.parse_args()
    missing = give_up_network()
    try:
        read_file_header(chosen.file, most_bytes=LORA_MAX_BYTES, scalars=SCALARS)  # most of what is refused is at once
        found = convert_for(chosen.file, chosen.target, chosen.models, first=chosen.first)
    except (AdapterRejected, ModelUnusable, OSError) as error:
        print(json.dumps({"refused": str(error)}))
        return 1
    print(json.dumps(found | {"missing": missing}))
    return 0


def convert_for(file: Path, target: Path, models: list[dict[str, Any]], *, first: bool = False) -> dict[str, Any]:
    """Convert a file for the first model that it fits, and try the others of the family.

    Args:
        file: the LoRA.
        target: where to write it.
        models: as on the command line.
        first: whether it has to fit the first of them.

    Raises:
        AdapterRejected: it fits none.
    """
    from inference.engines.image.adapters.conversion import convert_lora  # only here: torch takes its time
    from inference.engines.image.adapters.lora_files import read_lora
    from inference.engines.libraries import quiet_libraries
    from inference.loras import LoraModel

    quiet_libraries()
    why: dict[str, str] = {}
    for number, given in enumerate(models[:1] if first else models):
        name, family = str(given["spec"]["name"]), str(given["spec"]["family"])
        try:
            converted = convert_lora(file, target, _skeleton(given))
        except AdapterRejected as error:
            why.setdefault(str(error), name)
            continue
        lora = LoraModel(name="x", title="x", file=str(target), family=family, licence="x")
        fits, others = [name], []
        for other in (each for i, each in enumerate(models) if i != number and each["spec"]["family"] == family):
            with contextlib.suppress(AdapterRejected, ModelUnusable):
                read_lora(lora, _skeleton(other))
                fits.append(str(other["spec"]["name"]))
                continue
            others.append(str(other["spec"]["name"]))
        with target.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        facts = {"base": name, "family": family, "fits": fits, "others": others, "sha256": digest}
        return facts | {"rank": converted.rank, "layers": converted.layers, "told": dict(_told(converted.told))}
    raise AdapterRejected(_refusal(why))


def _skeleton(given: dict[str, Any]) -> Any:
    """Build a model without its numbers, in the precision in which a GPU would use it."""
    from inference.catalogue import ImageModel
    from inference.engines.image.families.registry import family_of
    from inference.engines.image.models.folders import check_folder
    from inference.engines.image.models.skeletons import build_skeleton

    spec = ImageModel.model_validate(given["spec"])
    folder = check_folder(Path(given["folder"]), spec.family, root=Path(given["root"]), weights=False)
    return build_skeleton(spec, folder, family_of(spec).half)


def _told(metadata: Any) -> Iterator[tuple[str, str]]:
    for name in TOLD:
        if isinstance(text := metadata.get(name), str):
            yield name, " ".join("".join(c for c in text if c.isprintable()).split())[:TOLD_MAX]


def _refusal(why: dict[str, str]) -> str:
    """Return why no model takes a file: once, where all say the same."""
    if len(why) == 1:
        return next(iter(why))
    return "It fits none of the models that are here. " + " ".join(f"{name}: {told}" for told, name in why.items())


if __name__ == "__main__":
    sys.exit(main())
