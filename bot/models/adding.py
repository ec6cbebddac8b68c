"""`atelier models add`: a hub repository or a folder becomes an entry, with its commit, family, size and licence."""

import argparse
import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.models.catalogue_file import add_entry
from bot.models.names import new_name
from bot.models.repository import Repository, look_up
from bot.models.sizes import size_text
from bot.settings import Settings
from inference.catalogue import all_names, read_catalogue
from inference.errors import ModelUnusable
from inference.hub import SPEECH_FILES, WantedFiles, wanted_pictures
from inference.proposals import propose

FREE = ("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "unlicense")  # ask nothing of members
UNKNOWN = "unknown"
READ_IT = "its card names none: read it, and write it here"
HAVE_READ = "as its card says; read it: some forbid hosting, and some have to bind members"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """What is going to be written."""

    table: str
    fields: dict[str, Any]
    comments: dict[str, str]


def add_model(chosen: argparse.Namespace, settings: Settings) -> int:
    """Write an entry for a hub repository or a folder.

    Raises:
        ModelUnusable: it cannot be had or used; the catalogue stays as it was.
    """
    taken = all_names(read_catalogue(settings.catalogue_file))
    if (path := Path(chosen.source).expanduser()).is_dir():
        name = new_name(chosen.name, path.resolve().name, taken)
        entry, then = _of_folder(path.resolve(), name, chosen.licence), f"atelier models check {name}"
    else:
        repository = look_up(chosen.source, chosen.revision)
        name = new_name(chosen.name, repository.source.rpartition("/")[2], taken)
        entry, then = _of_repository(repository, name, chosen), f"atelier models pull {name}"
    lines = add_entry(settings.own_catalogue_file, entry.table, entry.fields, entry.comments)
    print(f"Added to {settings.own_catalogue_file}:\n\n{lines.strip()}\n")
    print(f"Look through these lines; then: {then}")
    return 0


def _of_folder(folder: Path, name: str, licence: str) -> NewEntry:
    proposal = propose(folder)
    terms, comments = _licence(licence or proposal.licence)
    fields = {"name": name, "title": name, "source": str(folder), **terms, **proposal.fields}
    return NewEntry(table="image", fields=fields, comments={"": f"added {_today()}", **comments})


def _of_repository(repository: Repository, name: str, chosen: argparse.Namespace) -> NewEntry:
    terms, comments = _licence(chosen.licence or repository.licence)
    if terms.get("must_accept"):
        terms["licence_url"] = repository.page
    fields = {"name": name, "title": repository.source.rpartition("/")[2], "source": repository.source}
    fields |= {"revision": repository.commit, **terms}
    if "model_index.json" in repository.sizes:
        table, proposal = "image", propose(repository.read_small())
        fields |= proposal.fields
        wanted = wanted_pictures(proposal.family)
    else:
        table, wanted = "speech", _speech_files(repository, fields)
    size_bytes = repository.size_of(wanted)
    comments |= {
        "": f"added {_today()}: {size_text(size_bytes)} to download",
        "revision": f"{chosen.revision or 'main'} of that day",
    }
    return NewEntry(table=table, fields=fields, comments=comments)


def _speech_files(repository: Repository, fields: dict[str, Any]) -> WantedFiles:
    """Return what is fetched of a speech model, and say in its fields what kind it is."""
    for kind, weights in (("whisper", "model.safetensors"), ("faster-whisper", "model.bin")):
        if weights in repository.sizes and "whisper" in repository.source.lower():
            fields["family"] = kind
            return WantedFiles(SPEECH_FILES[kind])
    single = [name for name in repository.sizes if name.endswith(".safetensors") and "/" not in name]
    if single:
        raise ModelUnusable(
            f"{repository.source} is no folder in diffusers' layout, but has {single[0]}. If that is a whole "
            "checkpoint, download it, then: atelier models import FILE"
        )
    raise ModelUnusable(
        f"{repository.source} has no model_index.json and is no Whisper model. Upscalers and checkers are written into "
        "the catalogue by hand (docs/models.md)."
    )


def _licence(licence: str) -> tuple[dict[str, Any], dict[str, str]]:
    if not licence:
        return {"licence": UNKNOWN}, {"licence": READ_IT}
    if licence.lower() in FREE:
        return {"licence": licence}, {}
    return {"licence": licence, "must_accept": True}, {"licence": HAVE_READ}


def _today() -> str:
    return dt.datetime.now(dt.UTC).date().isoformat()
