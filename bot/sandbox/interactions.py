"""Interactions: from what a person did to what the bot answered, with the platform's deadlines.

pending ── callback within 3 s ──> acknowledged (deferred) | answered | modal      token good for 15 min
   └─────── nothing in 3 s ──────> failed (a later callback gets 10062)

https://discord.com/developers/docs/interactions/receiving-and-responding
"""

import asyncio
import secrets
from typing import Any, Literal

from bot.sandbox.bus import Bus, News
from bot.sandbox.clock import Clock
from bot.sandbox.errors import ApiError
from bot.sandbox.faults import Faults
from bot.sandbox.gateway import Gateway
from bot.sandbox.interaction import FAILED, Interaction, Kind, shown_modal
from bot.sandbox.payloads import Payloads
from bot.sandbox.permissions import in_channel
from bot.sandbox.snowflakes import Snowflakes
from bot.sandbox.world import Channel, User, World

Json = dict[str, Any]

ANSWER_S = 3.0
TOKEN_LIFE_S = 15 * 60
REMEMBERED = 2000


class Interactions:
    """Opens interactions, delivers them to the bot, and keeps their deadlines."""

    def __init__(
        self,
        *,
        world: World,
        clock: Clock,
        snowflakes: Snowflakes,
        payloads: Payloads,
        gateway: Gateway,
        bus: Bus,
        faults: Faults,
    ) -> None:
        self._world = world
        self._clock = clock
        self._snowflakes = snowflakes
        self._payloads = payloads
        self._gateway = gateway
        self._bus = bus
        self._faults = faults
        self._by_id: dict[str, Interaction] = {}
        self._deliveries: set[asyncio.Task[None]] = set()
        self.tokens_expired_before_s = 0.0

    def open(self, kind: Kind, user: User, channel: Channel, data: Json, **fields: Any) -> Interaction:
        """Make an interaction, send it to the bot, and start its 3 s."""
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
        if len(self._by_id) > REMEMBERED:
            del self._by_id[next(iter(self._by_id))]
        self._clock.at(interaction.created_s + ANSWER_S, lambda: self._too_late(interaction))
        self.announce(interaction)
        self._deliver(interaction)
        return interaction

    def known(self, interaction_id: str) -> Interaction:
        """Return an interaction of this run."""
        return self._by_id[interaction_id]

    def pending(self, interaction_id: str, token: str) -> Interaction:
        """Return an interaction that may still be answered; raise ApiError (10062, 40060) if it may not."""
        interaction = self._by_id.get(interaction_id)
        if interaction is None or interaction.token != token or interaction.state == "failed":
            raise ApiError("unknown_interaction")
        if interaction.state != "pending":
            raise ApiError("already_acknowledged")
        return interaction

    def by_token(self, token: str) -> Interaction:
        """Return an answered interaction by its token; raise ApiError (10015, 50027) if it is not usable."""
        interaction = next((i for i in self._by_id.values() if i.token == token), None)
        if interaction is None:
            raise ApiError("invalid_token")
        age_s = self._clock.now() - interaction.created_s
        if age_s > TOKEN_LIFE_S or interaction.created_s < self.tokens_expired_before_s:
            raise ApiError("invalid_token")
        if interaction.state in ("pending", "failed"):
            raise ApiError("unknown_webhook")
        return interaction

    def settle(self, interaction: Interaction, state: Literal["acknowledged", "answered", "modal"]) -> None:
        """Note that the bot has answered."""
        interaction.state = state
        interaction.done.set()
        self.announce(interaction)
        if interaction.modal is not None:
            self._bus.tell(News(kind="modal_open", only=interaction.user_id, extra={"modal": shown_modal(interaction)}))
        if interaction.parent:
            self.close_modal(interaction.parent)

    def close_modal(self, interaction: Interaction) -> None:
        """Close the form that an interaction opened."""
        if interaction.modal is not None:
            interaction.modal = None
            extra = {"interaction_id": interaction.id}
            self._bus.tell(News(kind="modal_close", only=interaction.user_id, extra=extra))

    def waiting_for(self, user_id: str) -> list[Interaction]:
        """Return somebody's interactions that the bot has not answered yet."""
        return [i for i in self._by_id.values() if i.user_id == user_id and i.state == "pending"]

    def modals_of(self, user_id: str) -> list[Interaction]:
        """Return the interactions whose form is open before somebody."""
        return [i for i in self._by_id.values() if i.user_id == user_id and i.modal is not None]

    def expire_tokens(self) -> None:
        """Make every token issued so far too old."""
        self.tokens_expired_before_s = self._clock.now()

    def announce(self, interaction: Interaction) -> None:
        """Tell the person's program how an interaction stands."""
        if interaction.kind != "autocomplete":
            extra = {"interaction": interaction.shown()}
            self._bus.tell(News(kind="interaction", only=interaction.user_id, extra=extra))

    async def close(self) -> None:
        """Give up whatever is still held."""
        for task in self._deliveries:
            task.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)

    def metadata(self, interaction: Interaction) -> Json:
        """Return Discord's interaction_metadata for the messages that answer an interaction."""
        channel = self._world.channel(interaction.channel_id)
        body: Json = {
            "id": interaction.id,
            "type": interaction.type,
            "user": self._payloads.user(self._world.user(interaction.user_id)),
            "authorizing_integration_owners": {"0": channel.guild_id or "0"},
        }
        if interaction.type == 2:
            body |= {"name": interaction.name, "command_type": interaction.data.get("type", 1)}
        if interaction.source and interaction.type == 3:
            body["interacted_message_id"] = interaction.source.id
        if interaction.parent:
            body["triggering_interaction_metadata"] = self.metadata(interaction.parent)
        return body

    # -- inside ----------------------------------------------------------------------------------------------------

    def _deliver(self, interaction: Interaction) -> None:
        if self._faults.lost_interactions:
            self._faults.lost_interactions -= 1
            return
        if self._faults.held_interactions:
            self._faults.held_interactions -= 1
            task = asyncio.get_running_loop().create_task(self._deliver_later(interaction, self._faults.gate()))
            self._deliveries.add(task)
            task.add_done_callback(self._deliveries.discard)
            return
        self._gateway.tell("INTERACTION_CREATE", self._payload(interaction))

    async def _deliver_later(self, interaction: Interaction, gate: asyncio.Event) -> None:
        await gate.wait()
        self._gateway.tell("INTERACTION_CREATE", self._payload(interaction))

    def _too_late(self, interaction: Interaction) -> None:
        if interaction.state == "pending":
            interaction.state = "failed"
            interaction.error = FAILED[interaction.kind]
            interaction.done.set()
            self.announce(interaction)

    def _payload(self, interaction: Interaction) -> Json:
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
            "app_permissions": str(in_channel(channel, guild, bot_id)),
            "locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {"0": channel.guild_id or "0"},
            "context": 0 if guild else 1,
            "attachment_size_limit": self._world.upload_limit_bytes(channel),
        }
        if interaction.source:
            body["message"] = self._payloads.message(interaction.source, bot_id)
        if guild is None:
            return body | {"user": self._payloads.user(self._world.user(interaction.user_id))}
        bits = in_channel(channel, guild, interaction.user_id)
        return body | {
            "guild_id": guild.id,
            "guild": {"id": guild.id, "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "member": self._payloads.member(guild, interaction.user_id) | {"permissions": str(bits)},
        }
