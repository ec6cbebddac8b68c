"""The suffix: parameters that stand behind all of a member's prompts, unless a prompt has its own. Pure."""

from dataclasses import replace
from typing import Any

from bot.features.imagine.options import ImagineOptions, image_request
from bot.features.imagine.parameters import BY_OPTION
from bot.features.imagine.prompt import parse_prompt
from bot.shared.errors import BadParameter
from bot.shared.text.formatting import clean
from inference.catalogue import Catalogue

SUFFIX_MAX = 200  # characters
WORD = "x"  # stands for any prompt
NOT_IN_IT = frozenset({"seed", "repeat", "subject", "strength", "weight"})  # options that belong to one prompt
PARAMETERS_ALONE = "A suffix has parameters alone, such as `--ar 3:2 --no text`. Words belong into your prompt."
CLASHES = {  # options, and those of a suffix that they take the place of
    "steps": {"quality", "draft"},
    "quality": {"steps", "draft"},
    "draft": {"steps", "quality"},
    "guidance": {"stylize", "chaos"},
    "stylize": {"guidance"},
    "chaos": {"guidance"},
    "subject": {"model"},  # it brings its own
}


def checked_suffix(typed: str, catalogue: Catalogue) -> str:
    """Return a suffix as it is kept; empty: there is to be none.

    Raises:
        BadParameter: it has words in it, a parameter that belongs to one prompt, or one that cannot be used.
        UnknownModel: it names a model that is not there.
    """
    suffix = clean(typed)
    if not suffix:
        return ""
    if len(suffix) > SUFFIX_MAX:
        raise BadParameter(f"A suffix can have {SUFFIX_MAX} characters, and yours has {len(suffix)}.")
    parsed = parse_prompt(f"{WORD} {suffix}")
    if parsed.text != WORD:
        raise BadParameter(PARAMETERS_ALONE)
    for option in parsed.values:
        if option in NOT_IN_IT:
            raise BadParameter(f"`--{BY_OPTION[option].names[0]}` belongs to one prompt, so a suffix can't have it.")
    image_request(ImagineOptions(prompt=f"{WORD} {suffix}"), catalogue, random_seed=0)
    return suffix


def with_suffix(options: ImagineOptions, suffix: str) -> ImagineOptions:
    """Return options, whose trailing parameters were read, with those of a suffix that nothing typed stands against."""
    if not suffix:
        return options
    given = {option for option in BY_OPTION if getattr(options, option) is not None}
    closed = given.union(*(CLASHES.get(option, ()) for option in given))
    habits = parse_prompt(f"{WORD} {suffix}").values
    added: dict[str, Any] = {option: value for option, value in habits.items() if option not in closed}
    return replace(options, **added)
