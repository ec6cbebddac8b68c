"""Verbs towards the bot: commands, buttons, menus."""

from typing import Any

from bot.sandbox.commands import MESSAGE_MENU, SLASH, USER_MENU, leaf
from bot.sandbox.errors import HumanError
from bot.sandbox.interaction import Interaction, shown_modal
from bot.sandbox.limits.components import BUTTON, SELECTS, STRING_SELECT, walk
from bot.sandbox.messages import Message
from bot.sandbox.options import Resolver, give_options
from bot.sandbox.parts import Parts
from bot.sandbox.verbs.ask import Ask
from bot.sandbox.world import Channel, User

Json = dict[str, Any]

_LINK_STYLE = 5


async def slash(parts: Parts, me: User, ask: Ask) -> Json:
    """Run a slash command."""
    channel = ask.channel(parts, me)
    command, path = _command(parts, me, channel, ask)
    resolver = _resolver(parts, channel)
    given = give_options(leaf(command, path).get("options") or [], ask.mapping("options"), resolver, ask.upload)
    data = _command_data(command, path, given) | {"resolved": resolver.resolved}
    name = " ".join([command["name"], *path])
    return await opened(parts, parts.interactions.open("slash", me, channel, data, name=name), ask)


async def autocomplete(parts: Parts, me: User, ask: Ask) -> Json:
    """Ask the bot to complete what is being typed."""
    channel = ask.channel(parts, me)
    command, path = _command(parts, me, channel, ask)
    offered, focused = leaf(command, path).get("options") or [], ask.text("focused")
    if not any(o["name"] == focused and o.get("autocomplete") for o in offered):
        raise HumanError("invalid", f"{focused} is not completed by the bot.")
    typed = {focused: ""} | ask.mapping("options")
    given = give_options(offered, typed, _resolver(parts, channel), ask.upload, focused=focused)
    interaction = parts.interactions.open("autocomplete", me, channel, _command_data(command, path, given))
    await interaction.done.wait()
    return {"choices": interaction.choices or [], "failed": interaction.state == "failed"}


async def context(parts: Parts, me: User, ask: Ask) -> Json:
    """Run a command from the menu of a message or of a person."""
    name = ask.text("command")
    if ask.has("message_id"):
        message = ask.message(parts, me)
        channel = parts.world.channel(message.channel_id)
        command = parts.commands.pick(me.id, channel, MESSAGE_MENU, name)
        target = message.id
        resolved: Json = {"messages": {target: parts.payloads.message(message, parts.world.bot_id)}}
    else:
        channel = ask.channel(parts, me)
        command = parts.commands.pick(me.id, channel, USER_MENU, name)
        resolver = _resolver(parts, channel)
        target = resolver.user(ask.text("user_id"))
        resolved = resolver.resolved
    data = _command_data(command, [], []) | {"target_id": target, "resolved": resolved}
    return await opened(parts, parts.interactions.open("context", me, channel, data, name=name), ask)


async def press(parts: Parts, me: User, ask: Ask) -> Json:
    """Press a button."""
    message = ask.message(parts, me)
    button = _component(message, ask.text("custom_id"), (BUTTON,))
    if button.get("style") == _LINK_STYLE:
        raise HumanError("invalid", "A link opens in the browser; the bot is not told.")
    return await _use(parts, me, message, button, {}, ask)


async def select(parts: Parts, me: User, ask: Ask) -> Json:
    """Choose from a select menu."""
    message = ask.message(parts, me)
    menu = _component(message, ask.text("custom_id"), SELECTS)
    channel = parts.world.channel(message.channel_id)
    resolver = _resolver(parts, channel)
    values = chosen(menu, ask.items("values"), resolver)
    extra: Json = {"values": values}
    if menu["type"] != STRING_SELECT:
        extra["resolved"] = resolver.resolved
    return await _use(parts, me, message, menu, extra, ask)


def chosen(menu: Json, values: list[Any], resolver: Resolver) -> list[str]:
    """Return the values of a select menu, checked as Discord's client checks them."""
    fewest, most = menu.get("min_values", 1), menu.get("max_values", 1)
    if not fewest <= len(values) <= most or len(set(map(str, values))) < len(values):
        raise HumanError("invalid", f"Choose {fewest} to {most} different values.")
    match menu["type"]:
        case 5:
            return [resolver.user(value) for value in values]
        case 6:
            return [resolver.role(value) for value in values]
        case 7:
            return [resolver.mentionable(value) for value in values]
        case 8:
            return [resolver.channel(value, menu.get("channel_types")) for value in values]
    offered = [option["value"] for option in menu.get("options") or []]
    if unknown := [value for value in values if value not in offered]:
        raise HumanError("invalid", f"{unknown[0]} is not among the options.")
    return values


async def opened(parts: Parts, interaction: Interaction, ask: Ask) -> Json:
    """Return a new interaction; with `wait`, once the bot has answered or is too late."""
    if not ask.flag("wait"):
        return {"interaction": interaction.shown()}
    await interaction.done.wait()
    result: Json = {"interaction": interaction.shown()}
    message = parts.messages.find(interaction.original_id or "")
    if message is not None:
        result["message"] = parts.payloads.message(message, interaction.user_id)
    if interaction.modal is not None:
        result["modal"] = shown_modal(interaction)
    return result


async def _use(parts: Parts, me: User, message: Message, component: Json, extra: Json, ask: Ask) -> Json:
    if component.get("disabled"):
        raise HumanError("disabled", "This is disabled.")
    if message.author_id != parts.world.bot_id:
        raise HumanError("unknown_component", "There is no such button or menu.", 404)
    channel = parts.world.channel(message.channel_id)
    data = {
        "custom_id": component["custom_id"],
        "component_type": component["type"],
        "id": component.get("id", 0),
    } | extra
    return await opened(parts, parts.interactions.open("component", me, channel, data, source=message), ask)


def _component(message: Message, custom_id: str, types: tuple[int, ...]) -> Json:
    for component, _ in walk(message.components):
        if component.get("type") in types and component.get("custom_id") == custom_id:
            return component
    raise HumanError("unknown_component", f"The message has no button or menu {custom_id}.", 404)


def _resolver(parts: Parts, channel: Channel) -> Resolver:
    return Resolver(parts.world, parts.payloads, parts.files, channel)


def _command(parts: Parts, me: User, channel: Channel, ask: Ask) -> tuple[Json, list[str]]:
    name, *path = ask.text("command").removeprefix("/").split() or [""]
    return parts.commands.pick(me.id, channel, SLASH, name), path


def _command_data(command: Json, path: list[str], options: list[Json]) -> Json:
    """Return the `data` of a command interaction; values are nested in the subcommands that lead to them."""
    nested = options
    for depth, name in reversed(list(enumerate(path))):
        is_group = depth == 0 and len(path) == 2
        nested = [{"type": 2 if is_group else 1, "name": name, "options": nested}]
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"], "options": nested}
    return data | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})
