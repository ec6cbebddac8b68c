"""What can be said of a prompt before anything is generated from it."""

from inference.engines.image.families.loaded_model import LoadedModel
from inference.vocabulary import names_any


def names_nothing_known(model: LoadedModel, text: str) -> bool:
    """Return whether a text names none of the things that the model was trained on, as far as it states them."""
    return bool(model.nouns) and not names_any(model.nouns, text)
