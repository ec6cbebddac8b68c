"""What the bot answers to interactions: callbacks, the original response, and follow-ups."""

from typing import Any

from bot.sandbox.errors import ApiError
from bot.sandbox.files import Upload
from bot.sandbox.interaction import Interaction
from bot.sandbox.interactions import Interactions
from bot.sandbox.limits.commands import check_choices
from bot.sandbox.limits.form import Form
from bot.sandbox.limits.modal import check_modal
from bot.sandbox.messages import Flag, Message, Messages
from bot.sandbox.posting import Posting
from bot.sandbox.world import World

Json = dict[str, Any]
Uploads = dict[int, Upload]

MESSAGE, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9


class Answers:
    """Carries out the bot's answers."""

    def __init__(self, world: World, messages: Messages, posting: Posting, interactions: Interactions) -> None:
        self._world = world
        self._messages = messages
        self._posting = posting
        self._interactions = interactions

    def callback(
        self, interaction_id: str, token: str, body: Json, uploads: Uploads
    ) -> tuple[Interaction, Message | None]:
        """Answer an interaction for the first time; return it and the message that this made or changed."""
        interaction = self._interactions.pending(interaction_id, token)
        kind, data = int(body.get("type") or 0), body.get("data") or {}
        _check_kind(interaction, kind)
        if kind == CHOICES:
            form = Form()
            check_choices(form, data.get("choices") or [], ("data", "choices"))
            form.check()
            interaction.choices = data.get("choices") or []
            self._interactions.settle(interaction, "answered")
            return interaction, None
        if kind == MODAL:
            check_modal(data)
            interaction.modal = data
            self._interactions.settle(interaction, "modal")
            return interaction, None
        message = self._first_message(interaction, kind, data, uploads)
        interaction.original_id = message.id if message else None
        self._interactions.settle(interaction, "acknowledged" if kind in (DEFER, DEFER_UPDATE) else "answered")
        return interaction, message

    def follow_up(self, token: str, body: Json, uploads: Uploads) -> Message:
        """Post a further message; the first one after a deferral fills the deferred answer, as on Discord."""
        interaction = self._interactions.by_token(token)
        original = self._original(interaction)
        if original is not None and original.loading:
            self._fill(interaction, original, body, uploads)
            return original
        pressed = interaction.source.id if interaction.source else None
        if original is None and interaction.state == "acknowledged" and interaction.original_id not in (None, pressed):
            raise ApiError("unknown_message")  # what would take the place of a deferral that was deleted
        return self._post(interaction, body, uploads, original_id=interaction.original_id)

    def get(self, token: str, message_id: str) -> Message:
        """Return `@original` or a follow-up."""
        interaction = self._interactions.by_token(token)
        original = self._original(interaction)
        if message_id == "@original":
            if original is None:
                raise ApiError("unknown_message")
            return original
        message = self._messages.get(interaction.channel_id, message_id)
        mine = (message.interaction or {}).get("id") == interaction.id
        if message is not original and not mine:
            raise ApiError("unknown_message")
        return message

    def edit(self, token: str, message_id: str, body: Json, uploads: Uploads) -> Message:
        """Change `@original` or a follow-up."""
        message = self.get(token, message_id)
        if message.loading:
            self._fill(self._interactions.by_token(token), message, body, uploads)
        else:
            self._posting.edit(message, body, uploads)
        return message

    def delete(self, token: str, message_id: str) -> None:
        """Remove `@original` or a follow-up."""
        self._posting.delete(self.get(token, message_id))

    # -- inside ----------------------------------------------------------------------------------------------------

    def _first_message(self, interaction: Interaction, kind: int, data: Json, uploads: Uploads) -> Message | None:
        if kind == DEFER_UPDATE and interaction.source is None:
            return None  # a form that a command opened just closes
        if kind in (UPDATE, DEFER_UPDATE):
            source = interaction.source
            if source is None or source.id not in {m.id for m in self._messages.in_channel(source.channel_id)}:
                raise ApiError("unknown_message")
            if kind == UPDATE:
                self._posting.edit(source, data, uploads)
            return source
        if kind == DEFER:
            return self._post(interaction, {"flags": data.get("flags", 0)}, {}, flags=Flag.LOADING)
        return self._post(interaction, data, uploads)

    def _post(
        self, interaction: Interaction, body: Json, uploads: Uploads, *, flags: int = 0, original_id: str | None = None
    ) -> Message:
        ephemeral = int(body.get("flags") or 0) & Flag.EPHEMERAL
        metadata = self._interactions.metadata(interaction)
        if original_id:
            metadata["original_response_message_id"] = original_id
        answers_command = {"slash": 20, "context": 23}.get(interaction.kind, 0)
        return self._posting.create(
            self._world.channel(interaction.channel_id),
            self._world.bot_id,
            body,
            uploads,
            flags=flags,
            type=0 if original_id else answers_command,
            only=interaction.user_id if ephemeral else None,
            interaction=metadata,
            by_webhook=True,
        )

    def _fill(self, interaction: Interaction, message: Message, body: Json, uploads: Uploads) -> None:
        self._posting.edit(message, body, uploads)
        interaction.state = "answered"
        self._interactions.announce(interaction)

    def _original(self, interaction: Interaction) -> Message | None:
        return self._messages.find(interaction.original_id) if interaction.original_id else None


def _check_kind(interaction: Interaction, kind: int) -> None:
    form = Form()
    if interaction.kind == "autocomplete":
        allowed: tuple[int, ...] = (CHOICES,)
    else:
        allowed = (MESSAGE, DEFER)
        allowed += (UPDATE,) if interaction.source else ()
        allowed += (DEFER_UPDATE,) if interaction.source or interaction.kind == "modal" else ()
        allowed += () if interaction.kind == "modal" else (MODAL,)
    form.one_of(("type",), kind, allowed)
    form.check()
