"""`atelier models import`: a single file is converted in a child without a network, then added to the catalogue."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bot.models.catalogue_file import add_entry
from bot.models.names import new_name
from bot.settings import Settings
from inference.catalogue import all_names, read_catalogue
from inference.errors import ModelUnusable
from inference.pool.environment import offline_environment
from inference.proposals import propose

CONVERTER = "inference.engines.single_files"
UNKNOWN_LICENCE = "unknown"
READ_IT = "read it, and write it here; must_accept = true asks members to agree to it"
PREDICTIONS = {"epsilon": "predicts noise", "v_prediction": "predicts velocity"}


def import_file(chosen: argparse.Namespace, settings: Settings) -> int:
    """Convert a file, and write its entry into the catalogue.

    Raises:
        ModelUnusable: the file cannot be used; nothing is left of it then.
    """
    catalogue = read_catalogue(settings.catalogue_file)
    name = new_name(chosen.name, chosen.file.stem, all_names(catalogue))
    folder = (chosen.to or settings.data_dir / "models" / name).resolve()
    print(f"Converting {chosen.file}, without a network:", flush=True)
    found = convert_in_child(chosen.file, folder, chosen.template, chosen.prediction)
    _describe(found)
    fields = {"name": name, "title": chosen.file.stem, "source": str(folder)}
    fields["licence"] = chosen.licence or UNKNOWN_LICENCE
    comments = {"": f"imported from {chosen.file.name}", "licence": "" if chosen.licence else READ_IT}
    try:
        lines = add_entry(settings.own_catalogue_file, "image", fields | propose(folder).fields, comments)
    except BaseException:
        shutil.rmtree(folder)  # the child made it: it was not there before
        raise
    print(f"\nAdded to {settings.own_catalogue_file}:\n\n{lines.strip()}\n")
    print(f"Try it: /imagine a lighthouse --model {name}")
    return 0


def convert_in_child(file: Path, folder: Path, template: Path | None, prediction: str | None) -> dict[str, Any]:
    """Convert a file, show which component is being written, and return what the child found.

    Raises:
        ModelUnusable: the file was refused, or the child ended early.
    """
    options = [f"--template={template.resolve()}"] if template else []
    options += [f"--prediction={prediction}"] if prediction else []
    command = [sys.executable, "-m", CONVERTER, *options, "--", str(file), str(folder)]
    folder.parent.mkdir(parents=True, exist_ok=True)
    last: dict[str, Any] = {}
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=complaints, text=True, env=offline_environment(os.environ)
        ) as child,
    ):
        assert child.stdout is not None
        for line in child.stdout:
            last = json.loads(line)
            if "component" in last:
                print(f"  {last['component']} …", flush=True)
        child.wait()
        if "folder" not in last and "refused" not in last:
            complaints.seek(0)
            why = (complaints.read().strip().splitlines() or [f"it ended with {child.returncode}"])[-1]
            raise ModelUnusable(f"The conversion ended early: {why}")
    if "refused" in last:
        raise ModelUnusable(str(last["refused"]))
    return last


def _describe(found: dict[str, Any]) -> None:
    predicts = PREDICTIONS.get(str(found["prediction"]), "")
    snr = "was trained down to nothing but noise (zero SNR)" if found["zero_snr"] else ""
    told = " and ".join(part for part in (predicts, snr) if part)
    print(f"It is {found['title']}." + (f" Its network {told}, by {found['why']}." if told else ""))
    print(f"Written to {found['folder']}: {found['weight_bytes'] / 2**20:,.0f} MiB of safetensors.")
    if found["missing"]:
        print(f"Note: only Python's own calls were kept off the network, as there is {found['missing']}.")
