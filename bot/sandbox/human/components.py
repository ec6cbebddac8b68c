"""Using the components of a message: buttons and select menus."""

from typing import Any

from bot.sandbox.container import Container
from bot.sandbox.errors import HumanError
from bot.sandbox.human.interactions import interaction_json, new_resolver
from bot.sandbox.human.request import HumanRequest
from bot.sandbox.interactions.interaction import Interaction
from bot.sandbox.interactions.options import check_selection
from bot.sandbox.limits.components import walk
from bot.sandbox.state.enums import SELECTS, ButtonStyle, ComponentType
from bot.sandbox.state.messages import Message
from bot.sandbox.state.world import User

Json = dict[str, Any]


async def press(container: Container, me: User, request: HumanRequest) -> Json:
    """Press a button."""
    message = request.message(container, me)
    button = _find_component(message, request.text("custom_id"), (ComponentType.BUTTON,))
    if button.get("style") == ButtonStyle.LINK:
        raise HumanError("invalid", "A link opens in the browser; the bot is not told.")
    interaction = _use(container, me, message, button, {})
    return await interaction_json(container, interaction, request)


async def select(container: Container, me: User, request: HumanRequest) -> Json:
    """Choose from a select menu."""
    message = request.message(container, me)
    menu = _find_component(message, request.text("custom_id"), SELECTS)
    resolver = new_resolver(container, container.world.channel(message.channel_id))
    chosen: Json = {"values": check_selection(menu, request.items("values"), resolver)}
    if menu["type"] != ComponentType.STRING_SELECT:
        chosen["resolved"] = resolver.resolved
    interaction = _use(container, me, message, menu, chosen)
    return await interaction_json(container, interaction, request)


def _use(container: Container, me: User, message: Message, component: Json, chosen: Json) -> Interaction:
    if component.get("disabled"):
        raise HumanError("disabled", "This is disabled.")
    if message.author_id != container.world.bot_id:
        raise HumanError("unknown_component", "There is no such button or menu.", 404)
    channel = container.world.channel(message.channel_id)
    data = {
        "custom_id": component["custom_id"],
        "component_type": component["type"],
        "id": component.get("id", 0),
    } | chosen
    return container.interactions.create("component", me, channel, data, message=message)


def _find_component(message: Message, custom_id: str, types: tuple[ComponentType, ...]) -> Json:
    for component, _ in walk(message.components):
        if component.get("type") in types and component.get("custom_id") == custom_id:
            return component
    raise HumanError("unknown_component", f"The message has no button or menu {custom_id}.", 404)
