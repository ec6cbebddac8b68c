"""Looking closer at messages than a person's own methods do."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
GALLERY = 12


def components(message: Json) -> Iterator[Json]:
    """Yield all components of a message, nested ones and accessories included."""

    def walk(some: list[Json]) -> Iterator[Json]:
        for one in some:
            yield one
            yield from walk(one.get("components", []))
            yield from walk([one["accessory"]] if "accessory" in one else [])

    return walk(message["components"])


def alts(message: Json) -> list[str]:
    """Return the alt texts of its pictures."""
    return [item["description"] for one in components(message) if one["type"] == GALLERY for item in one["items"]]
