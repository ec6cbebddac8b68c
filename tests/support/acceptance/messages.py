"""Looking closer at messages than `HumanClient` does."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
GALLERY = 12


def components(message: Json) -> Iterator[Json]:
    """Yield all components of a message, with those inside them and accessories."""

    def walk(some: list[Json]) -> Iterator[Json]:
        for one in some:
            yield one
            yield from walk(one.get("components", []))
            yield from walk([one["accessory"]] if "accessory" in one else [])

    return walk(message["components"])


def alt_texts(message: Json) -> list[str]:
    """Return the alt texts of the pictures in a message."""
    return [item["description"] for one in components(message) if one["type"] == GALLERY for item in one["items"]]


def covered(message: Json) -> list[bool]:
    """Return of each picture in a message whether it is a spoiler."""
    return [bool(item["spoiler"]) for one in components(message) if one["type"] == GALLERY for item in one["items"]]
