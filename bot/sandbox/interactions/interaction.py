"""One interaction: what a person did, and how the bot responded."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.sandbox.state.enums import InteractionType
from bot.sandbox.state.messages import Message

Json = dict[str, Any]
Kind = Literal["slash", "context", "component", "modal", "autocomplete"]

_TYPES: dict[Kind, InteractionType] = {
    "slash": InteractionType.APPLICATION_COMMAND,
    "context": InteractionType.APPLICATION_COMMAND,
    "component": InteractionType.MESSAGE_COMPONENT,
    "autocomplete": InteractionType.APPLICATION_COMMAND_AUTOCOMPLETE,
    "modal": InteractionType.MODAL_SUBMIT,
}
FAILURES: dict[Kind, str] = {  # what Discord's client shows when the bot does not respond in time
    "slash": "The application did not respond",
    "context": "The application did not respond",
    "component": "This interaction failed",
    "modal": "Something went wrong. Try again.",
    "autocomplete": "Loading options failed",
}


@dataclass(slots=True, kw_only=True)
class Interaction:
    """An interaction, which the bot must respond to."""

    id: str
    token: str
    kind: Kind
    user_id: str
    channel_id: str
    data: Json  # as the bot gets it
    created_s: float
    name: str = ""  # of the command
    message: Message | None = None  # the message whose component was used
    parent: "Interaction | None" = None  # the interaction that was answered by the modal that this one submits
    state: Literal["pending", "acknowledged", "answered", "modal", "failed"] = "pending"
    error: str | None = None
    original_response_id: str | None = None  # the message that `@original` means
    modal: Json | None = None  # while it is open
    choices: list[Json] | None = None  # for autocomplete
    done: asyncio.Event = field(default_factory=asyncio.Event)  # the bot has responded, or is too late

    @property
    def type(self) -> InteractionType:
        """Discord's type of the interaction."""
        return _TYPES[self.kind]

    @property
    def custom_id(self) -> str | None:
        """The custom id of the component or modal."""
        return self.data.get("custom_id")

    def to_json(self) -> Json:
        """Return what the page gets to know of it (`docs/sandbox.md`)."""
        return {
            "id": self.id,
            "kind": self.kind,
            "name": self.name,
            "channel_id": self.channel_id,
            "message_id": self.original_response_id or (self.message.id if self.message else None),
            "custom_id": self.custom_id,
            "modal_id": self.parent.id if self.parent else None,
            "state": self.state,
            "error": self.error,
        }

    def modal_json(self) -> Json:
        """Return what the page gets to know of its open modal (`docs/sandbox.md`)."""
        return {"interaction_id": self.id, "channel_id": self.channel_id, "modal": self.modal}
