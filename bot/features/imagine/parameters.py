"""The parameters that can trail a prompt: their names, the options that they stand for, and what is said of others.

Names and ranges are Midjourney's where it has the same; `docs/parameters.md` says what each of them does here.
"""

from dataclasses import dataclass
from enum import Enum

from bot.shared.errors import BadParameter
from common.near import nearest


class Value(Enum):
    """What comes behind a parameter's name."""

    WORD = "one word"
    WORDS = "words, up to the next parameter"
    NONE = "nothing"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: the option of /imagine that it sets, and its names, of which cards show the first."""

    option: str
    names: tuple[str, ...]
    value: Value = Value.WORD


PARAMETERS = (  # in the order in which cards show them
    Parameter("subject", ("subject",), Value.WORDS),
    Parameter("style", ("style", "lora"), Value.WORDS),
    Parameter("aspect", ("ar", "aspect")),
    Parameter("negative", ("no", "negative"), Value.WORDS),
    Parameter("count", ("count",)),
    Parameter("steps", ("steps",)),
    Parameter("quality", ("quality", "q")),
    Parameter("draft", ("draft",), Value.NONE),
    Parameter("guidance", ("cfg", "guidance")),
    Parameter("stylize", ("stylize", "s")),
    Parameter("chaos", ("chaos", "c")),
    Parameter("raw", ("raw",), Value.NONE),
    Parameter("hd", ("hd",), Value.NONE),
    Parameter("seed", ("seed",)),
    Parameter("model", ("model",)),
    Parameter("strength", ("strength",)),
    Parameter("weight", ("iw",)),
    Parameter("repeat", ("repeat", "r")),
)
BY_NAME = {name: parameter for parameter in PARAMETERS for name in parameter.names}
BY_OPTION = {parameter.option: parameter for parameter in PARAMETERS}
SHOWN = "`--ar 3:2`, `--seed 7`, `--no text, blur`, `--chaos 20`, `--draft` and others; `/help` lists them"

# What cannot be done here, in one sentence each, and one about what to do.
CANNOT = {
    "tile": "I can't make pictures that repeat without a seam. Please leave `--tile` out.",
    "sw": "`--sw` weighs a style reference, and I can't read those. `--iw` weighs an `image`.",
}
# Midjourney's, so that people who bring them are told rather than puzzled.
FOREIGN = frozenset({
    "bs", "cref", "cw", "exp", "fast", "niji", "oref", "ow", "p", "profile", "relax", "sref", "stealth", "stop",
    "sv", "turbo", "v", "version", "video", "w", "weird",
})  # fmt: skip


def parameter_named(name: str) -> Parameter:
    """Return the parameter that was typed.

    Raises:
        BadParameter: there is none of that name; the message names the nearest.
    """
    if name in BY_NAME:
        return BY_NAME[name]
    shown = f"`--{name[:20]}`"
    if close := sorted(known for known in BY_NAME if known.startswith(name)):
        raise BadParameter(f"{shown} could mean {' or '.join(f'`--{one}`' for one in close)}. Please write it out.")
    if meant := nearest(name, BY_NAME):
        raise BadParameter(f"There is no parameter {shown}. Did you mean `--{meant}`?")
    raise BadParameter(f"There is no parameter {shown}. You can use {SHOWN}.")


def refuse_foreign(names: list[str]) -> None:
    """Refuse what cannot be done here, and say of all that are Midjourney's alone at once that they are not ours.

    Raises:
        BadParameter: one of them is such.
    """
    if foreign := [f"`--{name}`" for name in dict.fromkeys(names) if name in FOREIGN]:
        *most, last = foreign
        only = f"{', '.join(most)} and {last} only work" if most else f"{last} only works"
        raise BadParameter(f"{only} in Midjourney. Here you can use {SHOWN}.")
    for name in names:
        if name in CANNOT:
            raise BadParameter(CANNOT[name])
