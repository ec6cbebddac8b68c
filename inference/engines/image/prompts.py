"""What can be said of a prompt before anything is generated from it."""

from inference.catalogue import ImageModel
from inference.engines.image.families.loaded_model import LoadedModel
from inference.families import FAMILIES
from inference.messages import PromptNote
from inference.prompt_parts import as_sentence
from inference.prompt_weights import without_weights
from inference.requests import ImageRequest
from inference.vocabulary import names_any


def names_nothing_known(model: LoadedModel, text: str) -> bool:
    """Return whether a text names none of the things that the model was trained on, as far as it states them."""
    return bool(model.nouns) and not names_any(model.nouns, text)


def words_read(prompt: str, spec: ImageModel) -> str:
    """Return a prompt as a model's family reads it: with parts and weights, or without."""
    return prompt if FAMILIES[spec.family].reads_weights else as_sentence(prompt)


def notes_on(request: ImageRequest, spec: ImageModel) -> list[PromptNote]:
    """Return what had no effect, by the model's family."""
    traits, notes = FAMILIES[spec.family], []
    if request.negative and not traits.counts_negative(request.guidance):
        notes.append(PromptNote.NEGATIVE)
    prompts = () if traits.reads_weights else (request.prompt, request.negative)
    if any(without_weights(prompt) != prompt for prompt in prompts):
        notes.append(PromptNote.WEIGHTS)
    if any(as_sentence(prompt) != without_weights(prompt) for prompt in prompts):
        notes.append(PromptNote.PARTS)
    if traits.alone:
        notes.append(PromptNote.ALONE)
    return notes
