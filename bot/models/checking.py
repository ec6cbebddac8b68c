"""`atelier models check`: what is missing of models, what they take of the device, and their licences."""

import argparse
import asyncio
from typing import Any

from bot.doctor.computing import ask_child, named_devices
from bot.doctor.finding import Finding, Mark
from bot.models.entries import entries_named
from bot.settings import Settings
from inference.catalogue import read_catalogue
from inference.errors import ModelUnusable
from inference.hub import HubModel


def check_models(chosen: argparse.Namespace, settings: Settings) -> int:
    """Look at the models that were named, or at all, and return 1 if there is anything wrong with one.

    Raises:
        ModelUnusable: there is none of a name, or the child that looks does not start.
    """
    catalogue = read_catalogue(settings.catalogue_file)
    specs = {spec.name: spec for spec in entries_named(catalogue, chosen.names)}
    reports = examine_models(settings, list(specs))
    for report in reports:
        mark = Mark.GOOD if report["good"] else Mark.BAD
        print(Finding(mark, f"{report['what']} {report['name']}", report["text"], report["remedy"]))
        if report["name"] in specs:
            print(f"         {licence_text(specs[report['name']])}")
    return int(not all(report["good"] for report in reports))


def examine_models(settings: Settings, names: list[str]) -> list[dict[str, Any]]:
    """Return what a child with torch finds about models, without loading them; no names: about all.

    Raises:
        ModelUnusable: it does not start.
    """
    device = next(iter(named_devices(settings.devices)), "")
    found = asyncio.run(ask_child(str(settings.catalogue_file), device, settings.low_memory, *names))
    if isinstance(found, Finding):
        raise ModelUnusable(str(found).strip())
    return [report for report in found if report["what"] != "device"]


def licence_text(spec: HubModel) -> str:
    """Return a model's licence, and whether members are asked to accept it."""
    asks = "; members accept it before the first use" if spec.must_accept else ""
    where = f" ({spec.licence_url})" if spec.licence_url else ""
    return f"licence: {spec.licence}{where}{asks}"
