"""What a member typed into `prompt`: clean text, and parameters that trail it as in Midjourney. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.shared.errors import BadParameter
from bot.shared.text.formatting import clean

PROMPT_MAX = 1000  # characters; CLIP reads the first 77 tokens, the rest of a longer text would only be stored
GUIDANCE_MAX = 30.0

NAMES = {
    "ar": "aspect",
    "aspect": "aspect",
    "seed": "seed",
    "no": "negative",
    "negative": "negative",
    "steps": "steps",
    "cfg": "guidance",
    "guidance": "guidance",
    "count": "count",
    "model": "model",
    "subject": "subject",
    "strength": "strength",
}
ONE_WORD = {
    "aspect",
    "seed",
    "steps",
    "guidance",
    "count",
    "model",
    "strength",
}  # options whose value has no blank in it
SHOWN = (
    "`--ar 3:2`, `--seed 7`, `--no text, blur`, `--steps 20`, `--cfg 5`, `--count 2`, `--model name`, `--subject Rex`"
)
# Midjourney's, so that people who bring them are told rather than puzzled; its `--s` is no seed.
FOREIGN = frozenset({
    "bs", "c", "chaos", "cref", "cw", "draft", "exp", "fast", "hd", "iw", "niji", "oref", "ow", "p", "profile", "q",
    "quality", "r", "raw", "relax", "repeat", "s", "sref", "stealth", "stop", "style", "stylize", "sv", "sw", "tile",
    "turbo", "v", "version", "video", "w", "weird",
})  # fmt: skip

_PARAMETER = re.compile(r"(?:^|\s)(?:--|—|–)(?=[A-Za-z])([A-Za-z]+)")  # phones turn '--' into a dash


@dataclass(frozen=True, slots=True)
class Parsed:
    """A prompt without its parameters, and the parameters by the name of the option they stand for."""

    text: str
    values: dict[str, str] = field(default_factory=dict)


def parse_prompt(typed: str) -> Parsed:
    """Split what was typed into the prompt and its trailing parameters; a prompt may stand behind them, too.

    Raises:
        BadParameter: there is no prompt, the text is too long, or a parameter is unknown, ambiguous, given
            twice or empty; the message names it and gives a hint.
    """
    text = clean(typed)
    found = list(_PARAMETER.finditer(text))
    prompt = text[: found[0].start()].strip() if found else text
    values: dict[str, str] = {}
    _refuse_foreign([match[1].lower() for match in found])
    for index, match in enumerate(found):
        end = found[index + 1].start() if index + 1 < len(found) else len(text)
        option = _option(match[1].lower())
        if option in values:
            raise BadParameter(f"`--{match[1].lower()}` is in there twice. Please keep one.")
        values[option] = text[match.end() : end].strip(" =")
        if not values[option]:
            raise BadParameter(f"`--{match[1].lower()}` needs a value. You can use {SHOWN}.")
    if not prompt:
        prompt = _behind(values)
    if not prompt:
        first = " Parameters come after it: `a red heart --seed 7`." if found else " For instance: `a red heart`."
        raise BadParameter(f"Your `prompt` is empty. Describe what you want to see.{first}")
    if len(prompt) > PROMPT_MAX:
        raise BadParameter(
            f"Your `prompt` has {len(prompt)} characters, and the limit is {PROMPT_MAX}. Please shorten it."
        )
    return Parsed(prompt, values)


def _behind(values: dict[str, str]) -> str:
    """Take the words behind the values of parameters out of them, as in `--seed 7 a red heart`, and return them."""
    words = []
    for option in [option for option in values if option in ONE_WORD]:
        values[option], _, rest = values[option].partition(" ")
        words.append(rest)
    return " ".join(filter(None, words))


def _refuse_foreign(names: Sequence[str]) -> None:
    """Say of all of Midjourney's parameters at once that they are not ours."""
    if foreign := [f"`--{name}`" for name in dict.fromkeys(names) if name in FOREIGN]:
        *most, last = foreign
        only = f"{', '.join(most)} and {last} only work" if most else f"{last} only works"
        raise BadParameter(f"{only} in Midjourney. Here you can use {SHOWN}.")


def _option(name: str) -> str:
    if name in NAMES:
        return NAMES[name]
    shown = f"`--{name[:20]}`"
    if close := sorted(known for known in NAMES if known.startswith(name)):
        raise BadParameter(f"{shown} could mean {' or '.join(f'`--{one}`' for one in close)}. Please write it out.")
    raise BadParameter(f"There is no parameter {shown}. You can use {SHOWN}.")


def parse_whole(name: str, value: int | str | None, low: int, high: int, default: int) -> int:
    """Read a whole number between two bounds, or return the default where none was given.

    Args:
        name: of the option, as its member is told.
        value: as it was typed; None: it was left out.
        low: the least that it may be.
        high: the most.
        default: for one that was left out.

    Raises:
        BadParameter: it is none, or out of bounds.
    """
    if value is None:
        return default
    text = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,12}", text) or not low <= int(text) <= high:
        raise BadParameter(f"`{name}` must be a whole number from {low} to {high}.")
    return int(text)


def parse_guidance(value: float | str | None, default: float) -> float:
    """Read the option `guidance` (a decimal comma is fine), or return the default where none was given.

    Raises:
        BadParameter: it is no number, or out of bounds.
    """
    if value is None:
        return default
    wrong = BadParameter(f"`guidance` must be a number from 0 to {GUIDANCE_MAX:g}.")
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]{1,6}([.,][0-9]{1,6})?", value.strip()):
            raise wrong
        value = float(value.strip().replace(",", "."))
    if not 0 <= value <= GUIDANCE_MAX:  # also refuses NaN
        raise wrong
    return float(value)
