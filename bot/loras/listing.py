"""`atelier loras list` and `remove`."""

import argparse
from pathlib import Path

from bot.models.catalogue_file import remove_entry
from bot.settings import Settings
from common.near import did_you_mean
from inference.catalogue import Catalogue, read_catalogue
from inference.errors import ModelUnusable
from inference.loras import LoraModel


def list_loras(chosen: argparse.Namespace, settings: Settings) -> int:
    """Print the LoRAs of the catalogue.

    Raises:
        ModelUnusable: the catalogue cannot be used.
    """
    catalogue = read_catalogue(settings.catalogue_file)
    print(f"{settings.catalogue_file}:\n" if catalogue.loras else f"{settings.catalogue_file} has no LoRAs.")
    for lora in catalogue.loras:
        print(_line(lora, catalogue))
    return 0


def _line(lora: LoraModel, catalogue: Catalogue) -> str:
    models = ", ".join(model.name for model in catalogue.images if lora.fits(model)) or "no model of the catalogue"
    words = f", says '{lora.words}'" if lora.words else ""
    lost = "" if lora.path.is_file() else f"; its file is missing: {lora.path}"
    return f"{lora.name}: {lora.title}, {lora.licence}, strength {lora.strength:g}{words}; for {models}{lost}"


def remove_lora(chosen: argparse.Namespace, settings: Settings) -> int:
    """Take a LoRA out of the catalogue.

    Raises:
        ModelUnusable: there is none of that name.
    """
    file = settings.own_catalogue_file
    catalogue = read_catalogue(settings.catalogue_file)
    lora = next((one for one in catalogue.loras if one.name == chosen.name), None)
    if lora is None:
        near = did_you_mean(chosen.name, [one.name for one in catalogue.loras])
        raise ModelUnusable(f"{settings.catalogue_file} has no LoRA '{chosen.name}'.{near}")
    print(f"Removed from {file}:\n\n{remove_entry(file, lora.name)}\n")
    print(
        _delete_files(lora, settings) if chosen.files else f"Its file is kept ({lora.path}); --files deletes it, too."
    )
    return 0


def _delete_files(lora: LoraModel, settings: Settings) -> str:
    """Delete what `add` put there."""
    ours = (settings.data_dir / "loras").resolve()
    files = [lora.path] + ([Path(lora.picture).expanduser()] if lora.picture else [])
    made = [file for file in files if file.resolve().parent == ours]
    for file in made:
        file.unlink(missing_ok=True)
    return "\n".join([f"Deleted {file}." for file in made] or [f"Its file was not made by Atelier: {lora.path}"])
