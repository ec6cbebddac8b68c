"""What was asked for, as its member typed it or could have. Pure."""

from bot.features.imagine.options import ImagineOptions, shown_parameters
from bot.features.imagine.permutations import escaped
from inference.requests import ImageRequest

OF_PICTURE = ("--strength ", "--iw ")  # parameters that need a picture, which others do not have


def is_shown(request: ImageRequest, name: str) -> bool:
    """Tell whether the card of a request shows one of its parameters, by its name without the dashes."""
    return any(one.startswith(f"--{name} ") for one in request.parameters)


def as_typed(request: ImageRequest, *, theirs: bool) -> str:
    """Return a request as a prompt with trailing parameters.

    Args:
        request: the request.
        theirs: whether its owner reads it; others are not told what the card was not to show.
    """
    return escaped(" ".join((request.words, *_parameters(request, theirs))))


def parameters_as_typed(request: ImageRequest, *, theirs: bool) -> str:
    """Return the trailing parameters of the same, without a seed."""
    return escaped(" ".join(one for one in _parameters(request, theirs) if not one.startswith("--seed ")))


def _parameters(request: ImageRequest, theirs: bool) -> list[str]:
    shown = [one for one in request.parameters if theirs or not one.startswith(OF_PICTURE)]
    hidden = [f"--no {request.negative}"] if theirs and request.negative and not is_shown(request, "no") else []
    return shown + hidden


def options_as_typed(options: ImagineOptions) -> str:
    """Return options as a prompt with trailing parameters."""
    return " ".join((options.prompt, *shown_parameters(options)))
