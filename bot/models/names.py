"""Names of models in the catalogue: made from what they come from."""

import re
from collections.abc import Collection

from inference.errors import ModelUnusable

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


def new_name(wanted: str, source: str, taken: Collection[str]) -> str:
    """Return a name for a new entry.

    Args:
        wanted: what the operator asked for; empty: nothing.
        source: what the model comes from, such as the name of a file.
        taken: names that there are.

    Raises:
        ModelUnusable: the operator's is taken, or no name.
    """
    name = wanted or _made_from(source)
    if not NAME.fullmatch(name):
        raise ModelUnusable(
            f"'{name}' is no name for a model: up to 32 of a-z, 0-9, '.', '_' and '-'. Choose one: --name"
        )
    if name in taken:
        raise ModelUnusable(f"The catalogue has a model '{name}' already. Choose another name: --name")
    return name


def _made_from(source: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", source.lower()).strip("-._")[:32].rstrip("-._")
