"""Interactions as Discord's JSON: what the bot gets, and what its responses say about them.

https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object
"""

from typing import Any

from bot.sandbox.interactions.interaction import Interaction
from bot.sandbox.state.enums import CommandType, InteractionType
from bot.sandbox.state.payloads import Payloads
from bot.sandbox.state.permissions import channel_permissions
from bot.sandbox.state.world import World

Json = dict[str, Any]

GUILD_CONTEXT, BOT_DM_CONTEXT = 0, 1


class InteractionPayloads:
    """Builds Discord's objects about interactions."""

    def __init__(self, world: World, payloads: Payloads) -> None:
        self._world = world
        self._payloads = payloads

    def interaction(self, interaction: Interaction) -> Json:
        """Return the data of an INTERACTION_CREATE event."""
        channel = self._world.channel(interaction.channel_id)
        guild = self._world.guild_of(channel)
        bot_id = self._world.bot_id
        body: Json = {
            "id": interaction.id,
            "application_id": self._world.application_id,
            "type": interaction.type,
            "data": interaction.data,
            "token": interaction.token,
            "version": 1,
            "channel_id": channel.id,
            "channel": self._payloads.partial_channel(channel, interaction.user_id),
            "app_permissions": str(channel_permissions(channel, guild, bot_id)),
            "locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {"0": channel.guild_id or "0"},
            "context": GUILD_CONTEXT if guild else BOT_DM_CONTEXT,
            "attachment_size_limit": self._world.upload_limit_bytes(channel),
        }
        if interaction.message:
            body["message"] = self._payloads.message(interaction.message, bot_id)
        if guild is None:
            return body | {"user": self._payloads.user(self._world.user(interaction.user_id))}
        bits = channel_permissions(channel, guild, interaction.user_id)
        return body | {
            "guild_id": guild.id,
            "guild": {"id": guild.id, "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "member": self._payloads.member(guild, interaction.user_id) | {"permissions": str(bits)},
        }

    def metadata(self, interaction: Interaction) -> Json:
        """Return the interaction metadata object of the messages that respond to an interaction."""
        channel = self._world.channel(interaction.channel_id)
        body: Json = {
            "id": interaction.id,
            "type": interaction.type,
            "user": self._payloads.user(self._world.user(interaction.user_id)),
            "authorizing_integration_owners": {"0": channel.guild_id or "0"},
        }
        if interaction.type == InteractionType.APPLICATION_COMMAND:
            command_type = interaction.data.get("type", CommandType.CHAT_INPUT)
            body |= {"name": interaction.name, "command_type": command_type}
        if interaction.message and interaction.type == InteractionType.MESSAGE_COMPONENT:
            body["interacted_message_id"] = interaction.message.id
        if interaction.parent:
            body["triggering_interaction_metadata"] = self.metadata(interaction.parent)
        return body
