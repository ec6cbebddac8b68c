"""One interaction: what a person did, and what the bot answered."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.sandbox.messages import Message

Json = dict[str, Any]
Kind = Literal["slash", "context", "component", "modal", "autocomplete"]

_TYPES: dict[Kind, int] = {"slash": 2, "context": 2, "component": 3, "autocomplete": 4, "modal": 5}
FAILED: dict[Kind, str] = {
    "slash": "The application did not respond",
    "context": "The application did not respond",
    "component": "This interaction failed",
    "modal": "Something went wrong. Try again.",
    "autocomplete": "Loading options failed",
}


@dataclass(slots=True, kw_only=True)
class Interaction:
    """One act of a person that the bot must answer."""

    id: str
    token: str
    kind: Kind
    user_id: str
    channel_id: str
    data: Json
    created_s: float
    name: str = ""  # of the command
    source: Message | None = None  # the message whose component was used
    parent: "Interaction | None" = None  # what opened the form that was submitted
    state: Literal["pending", "acknowledged", "answered", "modal", "failed"] = "pending"
    error: str | None = None
    original_id: str | None = None  # the message that `@original` means
    modal: Json | None = None
    choices: list[Json] | None = None
    done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def type(self) -> int:
        """Discord's number for the kind."""
        return _TYPES[self.kind]

    @property
    def custom_id(self) -> str | None:
        """The component's or form's id."""
        return self.data.get("custom_id")

    def shown(self) -> Json:
        """Return what the person's program sees (`docs/sandbox.md`)."""
        return {
            "id": self.id,
            "kind": self.kind,
            "name": self.name,
            "channel_id": self.channel_id,
            "message_id": self.original_id or (self.source.id if self.source else None),
            "custom_id": self.custom_id,
            "modal_id": self.parent.id if self.parent else None,
            "state": self.state,
            "error": self.error,
        }


def shown_modal(interaction: Interaction) -> Json:
    """Return an open form as the person's program sees it (`docs/sandbox.md`)."""
    return {"interaction_id": interaction.id, "channel_id": interaction.channel_id, "modal": interaction.modal}
