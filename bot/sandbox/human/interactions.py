"""What all actions towards the bot share: how they answer, and how they resolve ids."""

from typing import Any

from bot.sandbox.container import Container
from bot.sandbox.human.request import HumanRequest
from bot.sandbox.interactions.interaction import Interaction
from bot.sandbox.interactions.options import Resolver
from bot.sandbox.state.world import Channel

Json = dict[str, Any]


def new_resolver(container: Container, channel: Channel) -> Resolver:
    """Return a resolver for an interaction in a channel."""
    return Resolver(container.world, container.payloads, container.attachments, channel)


async def interaction_json(container: Container, interaction: Interaction, request: HumanRequest) -> Json:
    """Return a new interaction; with `wait` in the request, once the bot has responded or is too late."""
    if not request.flag("wait"):
        return {"interaction": interaction.to_json()}
    await interaction.done.wait()
    result: Json = {"interaction": interaction.to_json()}
    message = container.messages.find(interaction.original_response_id or "")
    if message is not None:
        result["message"] = container.payloads.message(message, interaction.user_id)
    if interaction.modal is not None:
        result["modal"] = interaction.modal_json()
    return result
