"""Entries of the catalogue, of all kinds."""

from collections.abc import Iterator, Sequence

from common.near import did_you_mean
from inference.catalogue import Catalogue, all_names
from inference.errors import ModelUnusable
from inference.hub import HubModel


def all_entries(catalogue: Catalogue) -> Iterator[tuple[str, HubModel]]:
    """Yield every entry with the name of its table."""
    for table, specs in (
        ("image", catalogue.images),
        ("speech", catalogue.speech),
        ("upscaler", catalogue.upscalers),
        ("checker", catalogue.checkers),
    ):
        for spec in specs:
            yield table, spec


def hub_entries(catalogue: Catalogue) -> list[HubModel]:
    """Return the entries that come from the hub."""
    return [spec for _, spec in all_entries(catalogue) if spec.folder is None]


def entries_named(catalogue: Catalogue, names: Sequence[str]) -> list[HubModel]:
    """Return the entries of some names.

    Raises:
        ModelUnusable: there is none of a name.
    """
    known = {spec.name: spec for _, spec in all_entries(catalogue)}
    for name in names:
        if name not in known:
            meant = did_you_mean(name, all_names(catalogue))
            raise ModelUnusable(f"The catalogue has no model '{name}'.{meant} `atelier models list` names all.")
    return [known[name] for name in names]
