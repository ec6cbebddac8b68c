"""All interactions, from their creation to the bot's response, with Discord's deadlines.

pending ── callback within 3 s ──> acknowledged (deferred) | answered | modal      token good for 15 min
   └─────── nothing in 3 s ──────> failed (a later callback gets 10062)

https://discord.com/developers/docs/interactions/receiving-and-responding
"""

import asyncio
import secrets
from typing import Any, Literal

from bot.sandbox.clock import SandboxClock
from bot.sandbox.errors import ApiError
from bot.sandbox.events import Event, EventBus
from bot.sandbox.faults import Faults
from bot.sandbox.gateway.gateway import Gateway
from bot.sandbox.interactions.interaction import FAILURES, Interaction, Kind
from bot.sandbox.interactions.payloads import InteractionPayloads
from bot.sandbox.state.snowflakes import SnowflakeGenerator
from bot.sandbox.state.world import Channel, User

Json = dict[str, Any]

RESPONSE_DEADLINE_S = 3.0
TOKEN_LIFE_S = 15 * 60
MAX_REMEMBERED = 2000


class InteractionRegistry:
    """Creates interactions, dispatches them to the bot, and keeps their deadlines."""

    def __init__(
        self,
        *,
        clock: SandboxClock,
        snowflakes: SnowflakeGenerator,
        payloads: InteractionPayloads,
        gateway: Gateway,
        events: EventBus,
        faults: Faults,
    ) -> None:
        self._clock = clock
        self._snowflakes = snowflakes
        self._payloads = payloads
        self._gateway = gateway
        self._events = events
        self._faults = faults
        self._by_id: dict[str, Interaction] = {}
        self._held: set[asyncio.Task[None]] = set()
        self.tokens_expired_before_s = 0.0

    def create(self, kind: Kind, user: User, channel: Channel, data: Json, **fields: Any) -> Interaction:
        """Create an interaction, send it to the bot, and start its 3 s.

        Args:
            kind: what the person did.
            user: who did it.
            channel: where.
            data: the interaction's data, as the bot gets it.
            fields: more fields of `Interaction`.
        """
        interaction = Interaction(
            id=self._snowflakes.next(),
            token=secrets.token_urlsafe(48),
            kind=kind,
            user_id=user.id,
            channel_id=channel.id,
            data=data,
            created_s=self._clock.now(),
            **fields,
        )
        self._by_id[interaction.id] = interaction
        if len(self._by_id) > MAX_REMEMBERED:
            del self._by_id[next(iter(self._by_id))]
        self._clock.call_at(interaction.created_s + RESPONSE_DEADLINE_S, lambda: self._expire(interaction))
        self.announce(interaction)
        self._dispatch(interaction)
        return interaction

    def get(self, interaction_id: str) -> Interaction:
        """Return an interaction by its id."""
        return self._by_id[interaction_id]

    def get_pending(self, interaction_id: str, token: str) -> Interaction:
        """Return an interaction that the bot may still respond to.

        Raises:
            ApiError: if it is unknown or too old (10062), or was responded to already (40060).
        """
        interaction = self._by_id.get(interaction_id)
        if interaction is None or interaction.token != token or interaction.state == "failed":
            raise ApiError("unknown_interaction")
        if interaction.state != "pending":
            raise ApiError("already_acknowledged")
        return interaction

    def get_by_token(self, token: str) -> Interaction:
        """Return an interaction that was responded to, by its token.

        Raises:
            ApiError: if the token is wrong or too old (50027), or the bot has not responded yet (10015).
        """
        interaction = next((i for i in self._by_id.values() if i.token == token), None)
        if interaction is None:
            raise ApiError("invalid_token")
        age_s = self._clock.now() - interaction.created_s
        if age_s > TOKEN_LIFE_S or interaction.created_s < self.tokens_expired_before_s:
            raise ApiError("invalid_token")
        if interaction.state in ("pending", "failed"):
            raise ApiError("unknown_webhook")
        return interaction

    def mark_responded(self, interaction: Interaction, state: Literal["acknowledged", "answered", "modal"]) -> None:
        """Note that the bot has responded; a modal that was submitted by this closes."""
        interaction.state = state
        interaction.done.set()
        self.announce(interaction)
        if interaction.modal is not None:
            self._publish("modal_open", interaction, {"modal": interaction.modal_json()})
        if interaction.parent:
            self.close_modal(interaction.parent)

    def close_modal(self, interaction: Interaction) -> None:
        """Close the modal that was the response to an interaction."""
        if interaction.modal is not None:
            interaction.modal = None
            self._publish("modal_close", interaction, {"interaction_id": interaction.id})

    def pending_of(self, user_id: str) -> list[Interaction]:
        """Return the interactions of a user that the bot has not responded to yet."""
        return [i for i in self._by_id.values() if i.user_id == user_id and i.state == "pending"]

    def with_open_modal(self, user_id: str) -> list[Interaction]:
        """Return the interactions of a user whose modal is open."""
        return [i for i in self._by_id.values() if i.user_id == user_id and i.modal is not None]

    def expire_tokens(self) -> None:
        """Let every token that was issued so far expire."""
        self.tokens_expired_before_s = self._clock.now()

    def announce(self, interaction: Interaction) -> None:
        """Tell the person's page the state of an interaction."""
        if interaction.kind != "autocomplete":
            self._publish("interaction", interaction, {"interaction": interaction.to_json()})

    async def close(self) -> None:
        """Drop the interactions that are still held back."""
        for task in self._held:
            task.cancel()
        await asyncio.gather(*self._held, return_exceptions=True)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _dispatch(self, interaction: Interaction) -> None:
        if self._faults.lost_interactions:
            self._faults.lost_interactions -= 1
            return
        if self._faults.held_interactions:
            self._faults.held_interactions -= 1
            later = self._dispatch_later(interaction, self._faults.next_release())
            task = asyncio.get_running_loop().create_task(later)
            self._held.add(task)
            task.add_done_callback(self._held.discard)
            return
        self._gateway.dispatch("INTERACTION_CREATE", self._payloads.interaction(interaction))

    async def _dispatch_later(self, interaction: Interaction, released: asyncio.Event) -> None:
        await released.wait()
        self._gateway.dispatch("INTERACTION_CREATE", self._payloads.interaction(interaction))

    def _expire(self, interaction: Interaction) -> None:
        if interaction.state == "pending":
            interaction.state = "failed"
            interaction.error = FAILURES[interaction.kind]
            interaction.done.set()
            self.announce(interaction)

    def _publish(self, kind: str, interaction: Interaction, data: Json) -> None:
        self._events.publish(Event(kind=kind, visible_to=interaction.user_id, data=data))
