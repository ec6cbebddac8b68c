"""Running application commands: slash commands, their autocomplete, and context menus."""

from typing import Any

from bot.sandbox.container import Container
from bot.sandbox.errors import HumanError
from bot.sandbox.human.interactions import interaction_json, new_resolver
from bot.sandbox.human.request import HumanRequest
from bot.sandbox.interactions.commands import find_subcommand
from bot.sandbox.interactions.options import build_options
from bot.sandbox.state.enums import CommandType, OptionType
from bot.sandbox.state.world import Channel, User

Json = dict[str, Any]


async def slash(container: Container, me: User, request: HumanRequest) -> Json:
    """Run a slash command."""
    channel = request.channel(container, me)
    command, path = _find_command(container, me, channel, request)
    resolver = new_resolver(container, channel)
    offered = find_subcommand(command, path).get("options") or []
    options = build_options(offered, request.mapping("options"), resolver, request.upload)
    data = _command_data(command, path, options) | {"resolved": resolver.resolved}
    name = " ".join([command["name"], *path])
    interaction = container.interactions.create("slash", me, channel, data, name=name)
    return await interaction_json(container, interaction, request)


async def autocomplete(container: Container, me: User, request: HumanRequest) -> Json:
    """Ask the bot for choices that complete what is being typed."""
    channel = request.channel(container, me)
    command, path = _find_command(container, me, channel, request)
    offered, focused = find_subcommand(command, path).get("options") or [], request.text("focused")
    if not any(option["name"] == focused and option.get("autocomplete") for option in offered):
        raise HumanError("invalid", f"{focused} has no autocomplete.")
    typed = {focused: ""} | request.mapping("options")
    options = build_options(offered, typed, new_resolver(container, channel), request.upload, focused=focused)
    interaction = container.interactions.create("autocomplete", me, channel, _command_data(command, path, options))
    await interaction.done.wait()
    return {"choices": interaction.choices or [], "failed": interaction.state == "failed"}


async def context_menu(container: Container, me: User, request: HumanRequest) -> Json:
    """Run a command from the context menu of a message or of a user."""
    name = request.text("command")
    if request.has("message_id"):
        message = request.message(container, me)
        channel = container.world.channel(message.channel_id)
        command = container.commands.find_visible(me.id, channel, CommandType.MESSAGE, name)
        target_id = message.id
        resolved: Json = {"messages": {target_id: container.payloads.message(message, container.world.bot_id)}}
    else:
        channel = request.channel(container, me)
        command = container.commands.find_visible(me.id, channel, CommandType.USER, name)
        resolver = new_resolver(container, channel)
        target_id = resolver.user(request.text("user_id"))
        resolved = resolver.resolved
    data = _command_data(command, [], []) | {"target_id": target_id, "resolved": resolved}
    interaction = container.interactions.create("context", me, channel, data, name=name)
    return await interaction_json(container, interaction, request)


def _find_command(container: Container, me: User, channel: Channel, request: HumanRequest) -> tuple[Json, list[str]]:
    """Return the slash command that is named, and the names of its group and subcommand."""
    name, *path = request.text("command").removeprefix("/").split() or [""]
    return container.commands.find_visible(me.id, channel, CommandType.CHAT_INPUT, name), path


def _command_data(command: Json, path: list[str], options: list[Json]) -> Json:
    """Return the `data` of a command interaction; options are nested in the subcommands that lead to them."""
    nested = options
    for depth, name in reversed(list(enumerate(path))):
        is_group = depth == 0 and len(path) == 2
        kind = OptionType.SUB_COMMAND_GROUP if is_group else OptionType.SUB_COMMAND
        nested = [{"type": kind, "name": name, "options": nested}]
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"], "options": nested}
    return data | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})
