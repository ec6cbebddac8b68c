"""The limits of application commands.

https://discord.com/developers/docs/interactions/application-commands
"""

import re
from typing import Any

from bot.sandbox.limits.body_errors import BodyErrors, Path
from bot.sandbox.state.enums import CommandType, OptionType

Json = dict[str, Any]

# Discord's own count; discord.py stops at 5 of each context menu.
MAX_COMMANDS = {CommandType.CHAT_INPUT: 100, CommandType.USER: 15, CommandType.MESSAGE: 15}
_COMPLETED = (OptionType.STRING, OptionType.INTEGER, OptionType.NUMBER)  # may have autocomplete
_NAME = re.compile(r"[-_'\w]{1,32}")


def check_commands(commands: list[Json]) -> None:
    """Check all commands of a guild, or all global ones.

    Raises:
        ApiError: if Discord would refuse them (50035).
    """
    errors = BodyErrors()
    for kind, most in MAX_COMMANDS.items():
        names = [c.get("name") for c in commands if c.get("type", 1) == kind]
        if len(names) > most:
            errors.add((), "APPLICATION_COMMAND_TOO_MANY", f"Maximum number of application commands reached ({most})")
        if len(set(names)) < len(names):
            errors.add((), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
    for index, command in enumerate(commands):
        _check_command(errors, command, (index,))
    errors.raise_if_any()


def _check_command(errors: BodyErrors, command: Json, path: Path) -> None:
    if command.get("type", CommandType.CHAT_INPUT) == CommandType.CHAT_INPUT:
        _check_name(errors, command.get("name"), (*path, "name"))
        errors.check_length((*path, "description"), command.get("description"), 1, 100)
        _check_options(errors, command.get("options") or [], (*path, "options"))
        if _text_size(command) > 8000:
            errors.add(path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size of 8000")
    else:
        errors.check_length((*path, "name"), command.get("name"), 1, 32)
        errors.check_length((*path, "description"), command.get("description"), 0, 0)


def _check_name(errors: BodyErrors, name: Any, path: Path) -> None:
    if errors.check_length(path, name, 1, 32) and (not _NAME.fullmatch(name) or name != name.lower()):
        errors.add(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _check_options(errors: BodyErrors, options: list[Json], path: Path) -> None:
    errors.check_count(path, options, 0, 25)
    if len({o.get("name") for o in options}) < len(options):
        errors.add(path, "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATE", "Option names must be unique")
    optional_seen = False
    for index, option in enumerate(options):
        at = (*path, index)
        _check_name(errors, option.get("name"), (*at, "name"))
        errors.check_length((*at, "description"), option.get("description"), 1, 100)
        errors.check_choice((*at, "type"), option.get("type"), tuple(OptionType))
        if option.get("type") in (OptionType.SUB_COMMAND, OptionType.SUB_COMMAND_GROUP):
            _check_options(errors, option.get("options") or [], (*at, "options"))
            continue
        if option.get("required") and optional_seen:
            errors.add(
                (*at, "required"),
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        optional_seen = optional_seen or not option.get("required")
        _check_value_option(errors, option, at)


def _check_value_option(errors: BodyErrors, option: Json, path: Path) -> None:
    choices = option.get("choices") or []
    check_option_choices(errors, choices, (*path, "choices"))
    if option.get("autocomplete") and (choices or option.get("type") not in _COMPLETED):
        errors.add(
            (*path, "autocomplete"),
            "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID",
            "autocomplete needs a text or number option without choices",
        )
    if option.get("type") == OptionType.STRING:
        errors.check_number((*path, "min_length"), option.get("min_length") or 0, 0, 6000)
        errors.check_number((*path, "max_length"), option.get("max_length") or 6000, 1, 6000)


def check_option_choices(errors: BodyErrors, choices: list[Json], path: Path) -> None:
    """Check the choices of an option, those that are registered or the results of an autocomplete."""
    errors.check_count(path, choices, 0, 25)
    for index, choice in enumerate(choices):
        errors.check_length((*path, index, "name"), choice.get("name"), 1, 100)
        value = choice.get("value")
        if isinstance(value, str):
            errors.check_length((*path, index, "value"), value, 1, 100)
        elif not isinstance(value, int | float):
            errors.add((*path, index, "value"), "BASE_TYPE_REQUIRED", "This field is required")


def _text_size(command: Json) -> int:
    size = len(command.get("name") or "") + len(command.get("description") or "")
    for choice in command.get("choices") or []:
        size += len(choice.get("name") or "") + len(str(choice.get("value")))
    return size + sum(map(_text_size, command.get("options") or []))
