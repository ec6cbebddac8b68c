"""What an application's commands may be.

https://discord.com/developers/docs/interactions/application-commands
"""

import re
from typing import Any

from bot.sandbox.limits.form import Form, Path

Json = dict[str, Any]

MOST = {1: 100, 2: 15, 3: 15}  # slash, user menu, message menu (Discord's own count; discord.py stops at 5 menus)
SUBCOMMAND, GROUP, STRING, INTEGER, NUMBER = 1, 2, 3, 4, 10
_NAME = re.compile(r"[-_'\w]{1,32}")


def check_commands(commands: list[Json]) -> None:
    """Examine a whole list of commands; raise ApiError if Discord would refuse it."""
    form = Form()
    for kind, most in MOST.items():
        names = [c.get("name") for c in commands if c.get("type", 1) == kind]
        if len(names) > most:
            form.fail((), "APPLICATION_COMMAND_TOO_MANY", f"Maximum number of application commands reached ({most})")
        if len(set(names)) < len(names):
            form.fail((), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
    for index, command in enumerate(commands):
        _check_command(form, command, (index,))
    form.check()


def _check_command(form: Form, command: Json, path: Path) -> None:
    if command.get("type", 1) == 1:
        _check_name(form, command.get("name"), (*path, "name"))
        form.length((*path, "description"), command.get("description"), 1, 100)
        _check_options(form, command.get("options") or [], (*path, "options"))
        if _text_size(command) > 8000:
            form.fail(path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size of 8000")
    else:
        form.length((*path, "name"), command.get("name"), 1, 32)
        form.length((*path, "description"), command.get("description"), 0, 0)


def _check_name(form: Form, name: Any, path: Path) -> None:
    if form.length(path, name, 1, 32) and (not _NAME.fullmatch(name) or name != name.lower()):
        form.fail(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _check_options(form: Form, options: list[Json], path: Path) -> None:
    form.count(path, options, 0, 25)
    if len({o.get("name") for o in options}) < len(options):
        form.fail(path, "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATE", "Option names must be unique")
    optional_seen = False
    for index, option in enumerate(options):
        at = (*path, index)
        _check_name(form, option.get("name"), (*at, "name"))
        form.length((*at, "description"), option.get("description"), 1, 100)
        form.one_of((*at, "type"), option.get("type"), range(1, 12))
        if option.get("type") in (SUBCOMMAND, GROUP):
            _check_options(form, option.get("options") or [], (*at, "options"))
            continue
        if option.get("required") and optional_seen:
            form.fail(
                (*at, "required"),
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        optional_seen = optional_seen or not option.get("required")
        _check_value_option(form, option, at)


def _check_value_option(form: Form, option: Json, path: Path) -> None:
    choices = option.get("choices") or []
    check_choices(form, choices, (*path, "choices"))
    if option.get("autocomplete") and (choices or option.get("type") not in (STRING, INTEGER, NUMBER)):
        form.fail(
            (*path, "autocomplete"),
            "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID",
            "autocomplete needs a text or number option without choices",
        )
    if option.get("type") == STRING:
        form.number((*path, "min_length"), option.get("min_length") or 0, 0, 6000)
        form.number((*path, "max_length"), option.get("max_length") or 6000, 1, 6000)


def check_choices(form: Form, choices: list[Json], path: Path) -> None:
    """Examine an option's choices, fixed or completed."""
    form.count(path, choices, 0, 25)
    for index, choice in enumerate(choices):
        form.length((*path, index, "name"), choice.get("name"), 1, 100)
        value = choice.get("value")
        if isinstance(value, str):
            form.length((*path, index, "value"), value, 1, 100)
        elif not isinstance(value, int | float):
            form.fail((*path, index, "value"), "BASE_TYPE_REQUIRED", "This field is required")


def _text_size(command: Json) -> int:
    size = len(command.get("name") or "") + len(command.get("description") or "")
    for choice in command.get("choices") or []:
        size += len(choice.get("name") or "") + len(str(choice.get("value")))
    return size + sum(map(_text_size, command.get("options") or []))
