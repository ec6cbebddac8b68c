"""`atelier models remove`: an entry leaves the catalogue, and, where that is asked for, its files the disk."""

import argparse
import shutil

import huggingface_hub
from huggingface_hub.errors import CacheNotFound

from bot.models.catalogue_file import remove_entry
from bot.models.entries import entries_named
from bot.models.sizes import size_text
from bot.settings import Settings
from inference.catalogue import read_catalogue
from inference.errors import ModelUnusable
from inference.hub import HubModel


def remove_model(chosen: argparse.Namespace, settings: Settings) -> int:
    """Remove an entry.

    Raises:
        ModelUnusable: there is none, or the catalogue is the one that is shipped.
    """
    if not settings.own_catalogue_file.exists():
        raise ModelUnusable(
            "The catalogue that is shipped is not changed; `atelier models add` begins one of your own."
        )
    (spec,) = entries_named(read_catalogue(settings.own_catalogue_file), [chosen.model])
    lines = remove_entry(settings.own_catalogue_file, spec.name)
    print(f"Removed from {settings.own_catalogue_file}:\n\n{lines}\n")
    kept = spec.folder or "the hub's cache"
    print(_delete_files(spec, settings) if chosen.files else f"Its files are kept ({kept}); --files deletes them, too.")
    return 0


def _delete_files(spec: HubModel, settings: Settings) -> str:
    """Delete what Atelier itself put there, and say how much it was."""
    if spec.folder is None:
        return _delete_from_cache(spec)
    ours = (settings.data_dir / "models").resolve()
    folder = spec.folder.resolve()
    if not folder.is_relative_to(ours) or folder == ours:
        return f"Its files were not made by Atelier, and are kept: {spec.folder}"
    freed_bytes = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    shutil.rmtree(folder)
    return f"Deleted {folder}: {size_text(freed_bytes)}."


def _delete_from_cache(spec: HubModel) -> str:
    try:
        cache = huggingface_hub.scan_cache_dir()
    except CacheNotFound:
        return "It was never downloaded."
    found = [one for repo in cache.repos if repo.repo_id == spec.source for one in repo.revisions]
    if not any(one.commit_hash == spec.revision for one in found):
        return "It was never downloaded."
    strategy = cache.delete_revisions(spec.revision)
    freed_bytes = strategy.expected_freed_size
    strategy.execute()
    return f"Deleted from the hub's cache: {size_text(freed_bytes)}."
