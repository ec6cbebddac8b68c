"""How the bot responds to interactions: its first response, and the messages that follow.

https://discord.com/developers/docs/interactions/receiving-and-responding#responding-to-an-interaction
"""

from typing import Any

from bot.sandbox.errors import ApiError
from bot.sandbox.interactions.interaction import Interaction
from bot.sandbox.interactions.payloads import InteractionPayloads
from bot.sandbox.interactions.registry import InteractionRegistry
from bot.sandbox.limits.body_errors import BodyErrors
from bot.sandbox.limits.commands import check_option_choices
from bot.sandbox.limits.modal import check_modal
from bot.sandbox.messages.media import Uploads
from bot.sandbox.messages.writer import MessageWriter
from bot.sandbox.state.enums import CallbackType, MessageType
from bot.sandbox.state.messages import Message, MessageFlag, MessageStore
from bot.sandbox.state.world import World

Json = dict[str, Any]

_DEFERRED = (CallbackType.DEFERRED_CHANNEL_MESSAGE_WITH_SOURCE, CallbackType.DEFERRED_UPDATE_MESSAGE)
_COMMAND_RESPONSES = {"slash": MessageType.CHAT_INPUT_COMMAND, "context": MessageType.CONTEXT_MENU_COMMAND}


class InteractionResponses:
    """Carries out the bot's responses."""

    def __init__(
        self,
        *,
        world: World,
        messages: MessageStore,
        message_writer: MessageWriter,
        interactions: InteractionRegistry,
        payloads: InteractionPayloads,
    ) -> None:
        self._world = world
        self._messages = messages
        self._message_writer = message_writer
        self._interactions = interactions
        self._payloads = payloads

    def respond(
        self, interaction_id: str, token: str, body: Json, uploads: Uploads
    ) -> tuple[Interaction, Message | None]:
        """Respond to an interaction for the first time.

        Args:
            interaction_id: the interaction.
            token: its token.
            body: Discord's interaction response object.
            uploads: new files by index.

        Returns:
            The interaction, and the message that was created or edited, if there is one.

        Raises:
            ApiError: if Discord would refuse it; the bot may then try another response.
        """
        interaction = self._interactions.get_pending(interaction_id, token)
        callback, data = int(body.get("type") or 0), body.get("data") or {}
        _check_callback(interaction, callback)
        if callback == CallbackType.APPLICATION_COMMAND_AUTOCOMPLETE_RESULT:
            errors = BodyErrors()
            check_option_choices(errors, data.get("choices") or [], ("data", "choices"))
            errors.raise_if_any()
            interaction.choices = data.get("choices") or []
            self._interactions.mark_responded(interaction, "answered")
            return interaction, None
        if callback == CallbackType.MODAL:
            check_modal(data)
            interaction.modal = data
            self._interactions.mark_responded(interaction, "modal")
            return interaction, None
        message = self._write(interaction, callback, data, uploads)
        interaction.original_response_id = message.id if message else None
        self._interactions.mark_responded(interaction, "acknowledged" if callback in _DEFERRED else "answered")
        return interaction, message

    def create_followup(self, token: str, body: Json, uploads: Uploads) -> Message:
        """Create a followup message; after a deferral, the first one becomes the original response, as on Discord.

        Raises:
            ApiError: if Discord would refuse it.
        """
        interaction = self._interactions.get_by_token(token)
        original = self._original_response(interaction)
        if original is not None and original.loading:
            self._fill_deferred(interaction, original, body, uploads)
            return original
        pressed_id = interaction.message.id if interaction.message else None
        had_deferred = interaction.original_response_id not in (None, pressed_id)
        if original is None and interaction.state == "acknowledged" and had_deferred:
            raise ApiError("unknown_message")  # this would become a deferred response that was deleted
        return self._create(interaction, body, uploads, original_id=interaction.original_response_id)

    def get(self, token: str, message_id: str) -> Message:
        """Return the original response (`@original`) or a followup message.

        Raises:
            ApiError: if there is none of this interaction.
        """
        interaction = self._interactions.get_by_token(token)
        original = self._original_response(interaction)
        if message_id == "@original":
            if original is None:
                raise ApiError("unknown_message")
            return original
        message = self._messages.get(interaction.channel_id, message_id)
        is_ours = (message.interaction_metadata or {}).get("id") == interaction.id
        if message is not original and not is_ours:
            raise ApiError("unknown_message")
        return message

    def edit(self, token: str, message_id: str, body: Json, uploads: Uploads) -> Message:
        """Edit the original response (`@original`) or a followup message.

        Args:
            token: the interaction's token.
            message_id: the message.
            body: Discord's body of a request to edit a message.
            uploads: new files by index.

        Raises:
            ApiError: if Discord would refuse it.
        """
        message = self.get(token, message_id)
        if message.loading:
            self._fill_deferred(self._interactions.get_by_token(token), message, body, uploads)
        else:
            self._message_writer.edit(message, body, uploads)
        return message

    def delete(self, token: str, message_id: str) -> None:
        """Delete the original response (`@original`) or a followup message."""
        self._message_writer.delete(self.get(token, message_id))

    def _write(self, interaction: Interaction, callback: int, data: Json, uploads: Uploads) -> Message | None:
        """Create or edit the message that a first response is about; None if it is about none."""
        source = interaction.message
        if callback == CallbackType.DEFERRED_UPDATE_MESSAGE and source is None:
            return None  # a modal that was the response to a command just closes
        if callback in (CallbackType.UPDATE_MESSAGE, CallbackType.DEFERRED_UPDATE_MESSAGE):
            if source is None or source.id not in {m.id for m in self._messages.in_channel(source.channel_id)}:
                raise ApiError("unknown_message")
            if callback == CallbackType.UPDATE_MESSAGE:
                self._message_writer.edit(source, data, uploads)
            return source
        if callback == CallbackType.DEFERRED_CHANNEL_MESSAGE_WITH_SOURCE:
            return self._create(interaction, {"flags": data.get("flags", 0)}, {}, flags=MessageFlag.LOADING)
        return self._create(interaction, data, uploads)

    def _create(
        self, interaction: Interaction, body: Json, uploads: Uploads, *, flags: int = 0, original_id: str | None = None
    ) -> Message:
        ephemeral = int(body.get("flags") or 0) & MessageFlag.EPHEMERAL
        metadata = self._payloads.metadata(interaction)
        if original_id:
            metadata["original_response_message_id"] = original_id
        response_type = _COMMAND_RESPONSES.get(interaction.kind, MessageType.DEFAULT)
        return self._message_writer.create(
            self._world.channel(interaction.channel_id),
            self._world.bot_id,
            body,
            uploads,
            flags=flags,
            type=MessageType.DEFAULT if original_id else response_type,
            visible_to=interaction.user_id if ephemeral else None,
            interaction_metadata=metadata,
            by_webhook=True,
        )

    def _fill_deferred(self, interaction: Interaction, message: Message, body: Json, uploads: Uploads) -> None:
        self._message_writer.edit(message, body, uploads)
        interaction.state = "answered"
        self._interactions.announce(interaction)

    def _original_response(self, interaction: Interaction) -> Message | None:
        message_id = interaction.original_response_id
        return self._messages.find(message_id) if message_id else None


def _check_callback(interaction: Interaction, callback: int) -> None:
    """Check that this kind of interaction may have this kind of response."""
    errors = BodyErrors()
    is_modal = interaction.kind == "modal"
    if interaction.kind == "autocomplete":
        allowed = [CallbackType.APPLICATION_COMMAND_AUTOCOMPLETE_RESULT]
    else:
        allowed = [CallbackType.CHANNEL_MESSAGE_WITH_SOURCE, CallbackType.DEFERRED_CHANNEL_MESSAGE_WITH_SOURCE]
        if interaction.message:
            allowed.append(CallbackType.UPDATE_MESSAGE)
        if interaction.message or is_modal:
            allowed.append(CallbackType.DEFERRED_UPDATE_MESSAGE)
        if not is_modal:
            allowed.append(CallbackType.MODAL)
    errors.check_choice(("type",), callback, allowed)
    errors.raise_if_any()
