"""What a member typed into `prompt`: clean text, and parameters that trail it as in Midjourney. Pure."""

import re
from dataclasses import dataclass, field

from bot.features.imagine.parameters import BY_OPTION, SHOWN, Value, parameter_named, refuse_foreign
from bot.shared.errors import BadParameter
from bot.shared.text.formatting import clean

PROMPT_MAX = 1000  # characters: some 250 tokens of English
GUIDANCE_MAX = 30.0

_PARAMETER = re.compile(r"(?:^|\s)(?:--|[—–―]-?)(?=[A-Za-z])([A-Za-z]+)")  # phones turn '--' into a dash


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
    names = [match[1].lower() for match in found]
    refuse_foreign(names)
    values: dict[str, str] = {}
    ends = [*(match.start() for match in found), len(text)][1:]
    for name, match, end in zip(names, found, ends, strict=True):
        parameter = parameter_named(name)
        if parameter.option in values:
            raise BadParameter(f"`--{name}` is in there twice. Please keep one.")
        value = values[parameter.option] = text[match.end() : end].strip(" =")
        if not value and parameter.value is not Value.NONE:
            raise BadParameter(f"`--{name}` needs a value. You can use {SHOWN}.")
    if not prompt:
        prompt = _behind(values)
    _check_flags(values)
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
    for option, value in values.items():
        if BY_OPTION[option].value is not Value.WORDS:
            takes_none = BY_OPTION[option].value is Value.NONE
            values[option], _, rest = ("", "", value) if takes_none else value.partition(" ")
            words.append(rest)
    return " ".join(filter(None, words))


def _check_flags(values: dict[str, str]) -> None:
    for option, value in values.items():
        if value and BY_OPTION[option].value is Value.NONE:
            name = BY_OPTION[option].names[0]
            raise BadParameter(f"`--{name}` takes no value, and your prompt comes before it: `a red heart --{name}`.")


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


def parse_number(name: str, value: float | str | None, low: float, high: float, default: float) -> float:
    """Read a number between two bounds (a decimal comma is fine), or return the default where none was given.

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
    wrong = BadParameter(f"`{name}` must be a number from {low:g} to {high:g}.")
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]{0,6}([.,][0-9]{1,6})?|[0-9]{1,6}", value.strip()) or not value.strip():
            raise wrong
        value = float(value.strip().replace(",", "."))
    if not low <= value <= high:  # also refuses NaN
        raise wrong
    return float(value)


def parse_guidance(value: float | str | None, default: float) -> float:
    """Read the option `guidance`, or return the default where none was given.

    Raises:
        BadParameter: it is no number, or out of bounds.
    """
    return parse_number("guidance", value, 0, GUIDANCE_MAX, default)
