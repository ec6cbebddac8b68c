"""`atelier models pull`: fetches what the catalogue names, with a progress bar, and goes on where it stopped."""

import argparse
from pathlib import Path

from bot.models.downloading import download_weights
from bot.models.entries import entries_named, hub_entries
from bot.models.repository import Repository, look_up
from bot.models.sizes import size_text
from bot.settings import Settings
from inference.catalogue import read_catalogue
from inference.errors import ModelUnusable
from inference.hub import HubModel, fetch, wanted_files


def pull_models(chosen: argparse.Namespace, settings: Settings) -> int:
    """Fetch the models that were named, or all of the catalogue, and check the sizes of their files.

    Raises:
        ModelUnusable: one cannot be had; those before it are there.
    """
    catalogue = read_catalogue(settings.catalogue_file)
    specs = entries_named(catalogue, chosen.names) if chosen.names else hub_entries(catalogue)
    if not specs:
        print("No model of the catalogue comes from the hub: there is nothing to download.")
    for spec in specs:
        if spec.folder is not None:
            print(f"{spec.name} is a folder on this machine: {spec.folder}")
            continue
        print(f"Fetching {spec.name} ({spec.source}) …", flush=True)
        repository = look_up(spec.source, spec.revision)
        download_weights(spec, wanted_files(spec).among(iter(repository.sizes)))
        files, size_bytes = check_sizes(spec, fetch(spec), repository)
        print(f"{spec.name}: {files} files, {size_text(size_bytes)}, each of the size that the hub says.")
    return 0


def check_sizes(spec: HubModel, folder: Path, repository: Repository) -> tuple[int, int]:
    """Compare what was fetched with what the hub says, and return how many files and bytes there are.

    Raises:
        ModelUnusable: a file is missing or of another size, and named; it is fetched anew the next time.
    """
    names = wanted_files(spec).among(iter(repository.sizes))
    for name in names:
        file, size_bytes = folder / name, repository.sizes[name]
        if not file.exists() or file.stat().st_size != size_bytes:
            has = f"has {file.stat().st_size:,} bytes" if file.exists() else "is missing"
            _forget(file)
            raise ModelUnusable(
                f"{spec.name}: {name} {has}, and the hub says {size_bytes:,}. It was thrown away: "
                f"run `atelier models pull {spec.name}` again."
            )
    return len(names), sum(repository.sizes[name] for name in names)


def _forget(file: Path) -> None:
    """Delete a file of the cache, and what its link leads to."""
    if file.exists():
        file.resolve().unlink()
    file.unlink(missing_ok=True)
