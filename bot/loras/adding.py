"""`atelier loras add`: a LoRA is converted in a child without a network, then added to the catalogue."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from huggingface_hub import try_to_load_from_cache

from bot.loras.example import write_example
from bot.models.catalogue_file import add_entry
from bot.models.names import new_name
from bot.settings import Settings
from common.near import did_you_mean
from inference.catalogue import Catalogue, ImageModel, all_names, read_catalogue
from inference.errors import ModelUnusable
from inference.families import FAMILIES
from inference.loras import LORA_WEIGHT_MAX
from inference.pool.environment import offline_environment

CONVERTER = "inference.engines.single_files.lora"
UNKNOWN_LICENCE = "unknown"
READ_IT = "read it, and write it here"
TITLE_MAX = 60  # characters


def add_lora(chosen: argparse.Namespace, settings: Settings) -> int:
    """Convert a file, and write its entry into the catalogue.

    Raises:
        ModelUnusable, PictureRejected: the file, its picture or the catalogue cannot be used; nothing is left then.
    """
    catalogue = read_catalogue(settings.catalogue_file)
    name = new_name(chosen.name, chosen.file.stem, all_names(catalogue))
    if not abs(chosen.strength) <= LORA_WEIGHT_MAX:
        raise ModelUnusable(f"--strength must be from {-LORA_WEIGHT_MAX:g} to {LORA_WEIGHT_MAX:g}.")
    target = (settings.data_dir / "loras" / f"{name}.safetensors").resolve()
    picture = target.with_suffix(".webp")
    if target.exists():
        raise ModelUnusable(f"{target} is there already, of a LoRA that was removed. Choose another name: --name")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        found = convert_in_child(chosen.file, target, bases(catalogue, chosen.base), first=bool(chosen.base))
        if chosen.picture:
            write_example(chosen.picture, picture)
        fields = _fields(chosen, name, found) | ({"picture": str(picture)} if chosen.picture else {})
        fields = {"name": name, "title": fields.pop("title"), "file": str(target), **fields}
        comments = {"": f"added from {chosen.file.name}", "licence": _licence_comment(fields["licence"])}
        lines = add_entry(settings.own_catalogue_file, "lora", fields, comments)
    except BaseException:
        target.unlink(missing_ok=True)
        picture.unlink(missing_ok=True)
        raise
    layers = " and ".join(f"{count} layers of {component}" for component, count in found["layers"].items())
    print(f"It changes {layers}, by matrices of rank {found['rank']} at most; it fits {', '.join(found['fits'])}.")
    if found["others"]:
        print(f"It does not fit {', '.join(found['others'])}, of the same family.")
    if found["missing"]:
        print(f"Note: only Python's own calls were kept off the network, as there is {found['missing']}.")
    print(
        f"\nAdded to {settings.own_catalogue_file}:\n\n{lines.strip()}\n\nTry it: /imagine a lighthouse --style {name}"
    )
    return 0


def bases(catalogue: Catalogue, wanted: str) -> list[tuple[ImageModel, Path, Path]]:
    """Return the models that a LoRA may be for and are on the disk, each with its folder and where links may lead.

    Args:
        catalogue: with all models.
        wanted: the name of the one that it is for, which comes first; empty: any.

    Raises:
        ModelUnusable: there is none, or none of that name.
    """
    models = [model for model in catalogue.images if not FAMILIES[model.family].alone]
    if wanted and wanted not in [model.name for model in models]:
        known = [model.name for model in models]
        raise ModelUnusable(f"No model '{wanted}' takes LoRAs here.{did_you_mean(wanted, known)}")
    family = next((model.family for model in models if model.name == wanted), "")
    models = [model for model in models if family in ("", model.family)]
    models.sort(key=lambda model: model.name != wanted)
    found = [(model, *place) for model in models if (place := _place(model)) is not None]
    if not found or (wanted and found[0][0].name != wanted):
        raise ModelUnusable("The model that it is for is not on this disk yet: draw one picture with it first.")
    return found


def _place(model: ImageModel) -> tuple[Path, Path] | None:
    """Return a model's folder and where links in it may lead; None: it is not here."""
    if model.folder is not None:
        return (model.folder, model.folder) if model.folder.is_dir() else None
    cached = try_to_load_from_cache(model.source, "model_index.json", revision=model.revision)
    return (Path(cached).parent, Path(cached).parents[2]) if isinstance(cached, str) else None


def convert_in_child(
    file: Path, target: Path, models: list[tuple[ImageModel, Path, Path]], *, first: bool
) -> dict[str, Any]:
    """Convert a file for one of some models, or for the first of them, and return what the child found.

    Raises:
        ModelUnusable: the file was refused, or the child ended early.
    """
    given = [
        {"spec": model.model_dump(), "folder": str(folder.resolve()), "root": str(root.resolve())}
        for model, folder, root in models
    ]
    print(f"Converting {file}, without a network …", flush=True)
    child = subprocess.run(
        [sys.executable, "-m", CONVERTER, *["--first"] * first, "--", str(file), str(target), json.dumps(given)],
        capture_output=True,
        text=True,
        check=False,
        env=offline_environment(os.environ),
    )
    said = child.stdout.strip().splitlines()
    found: dict[str, Any] = json.loads(said[-1]) if said else {}
    if "refused" in found:
        raise ModelUnusable(str(found["refused"]))
    if child.returncode or "base" not in found:
        why = (child.stderr.strip().splitlines() or [f"it ended with {child.returncode}"])[-1]
        raise ModelUnusable(f"The conversion ended early: {why}")
    return found


def _fields(chosen: argparse.Namespace, name: str, found: dict[str, Any]) -> dict[str, Any]:
    """Return an entry's fields but for its name and files: what the operator said, else what the file says."""
    told: dict[str, str] = found["told"]
    some: dict[str, Any] = {
        "title": chosen.title or told.get("modelspec.title", "")[:TITLE_MAX] or name,
        "sha256": found["sha256"],
        "family": found["family"],
        "base": found["base"],
        "models": found["fits"] if found["others"] else [],
        "words": chosen.words or told.get("modelspec.trigger_phrase", ""),
        "strength": chosen.strength,
        "licence": chosen.licence or told.get("modelspec.license") or UNKNOWN_LICENCE,
        "licence_url": chosen.licence_url,
        "note": chosen.note,
    }
    return {key: value for key, value in some.items() if value not in ("", [])}


def _licence_comment(licence: str) -> str:
    return READ_IT if licence == UNKNOWN_LICENCE else ""
