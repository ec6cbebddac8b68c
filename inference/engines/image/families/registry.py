"""The families that there are: every module of this folder with a `FAMILY`."""

import importlib
import pkgutil
from functools import cache

from inference.catalogue import ImageModel
from inference.engines.image.families.family import Family


@cache
def families() -> dict[str, Family]:
    """Return all families by the names that the catalogue has for them."""
    package = __name__.rpartition(".")[0]
    files = pkgutil.iter_modules(importlib.import_module(package).__path__)
    modules = [
        importlib.import_module(f"{package}.{file.name}") for file in files if __name__ != f"{package}.{file.name}"
    ]
    found: list[Family] = [module.FAMILY for module in modules if hasattr(module, "FAMILY")]
    return {family.name: family for family in found}


def family_of(spec: ImageModel) -> Family:
    """Return the family of a catalogue entry's model."""
    return families()[spec.family]
