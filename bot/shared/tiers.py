"""Tiers: what a member is entitled to, by their roles; and what a server may use. Read from one TOML file.

`docs/tiers.md` has an example. A member gets the best of each value that their tiers have: roles only ever add.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.shared.timezones import known_zone
from common.toml_files import mistakes, read_toml
from db.credits.allowance import Allowance
from db.credits.budgets import Budget
from db.queue.submission import QueueLimits
from inference.requests import Kind

# Not trainings: one that has begun keeps its slot for minutes or hours, whoever comes with credits meanwhile.
FREE_AT_REST = frozenset({Kind.IMAGE, Kind.TRANSCRIBE, Kind.UPSCALE})


class TiersUnusable(ValueError):
    """The file of tiers cannot be used."""


Zone = Annotated[str, AfterValidator(known_zone)]
Credits = Annotated[int, Field(ge=0)]
Weight = Annotated[float, Field(gt=0, le=1000)]


class Tier(BaseModel):
    """What some members are entitled to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    roles: tuple[int, ...] = ()  # ids; a member needs one of them; none: everybody
    guild: int | None = None  # only there
    daily_credits: Credits = 0
    monthly_credits: Credits = 0
    cap_credits: Credits | None = None  # unused credits pile up to this; None: two days and a month
    largest_px: Credits = 0  # longest side of a finished picture; 0: whatever the model can
    max_queued: Annotated[int, Field(ge=0)] = 10  # of one kind
    max_running: Annotated[int, Field(ge=1)] = 2
    training_slots: Annotated[int, Field(ge=0)] = 2  # trainings at once
    relaxed: frozenset[Kind] = FREE_AT_REST  # what may be had for free when nobody else waits
    weight: Weight = 1.0  # share of the queue among members of a guild

    def is_for(self, role_ids: Collection[int]) -> bool:
        """Tell whether one of these roles gives the tier; one without roles is for everybody."""
        return not self.roles or not set(self.roles).isdisjoint(role_ids)

    @property
    def cap(self) -> int:
        """What unused credits pile up to."""
        return 2 * self.daily_credits + self.monthly_credits if self.cap_credits is None else self.cap_credits


class GuildTier(BaseModel):
    """What a server may use, and its clock."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: int
    timezone: Zone | None = None
    daily_credits: Credits | None = None  # None: as much as its members have
    monthly_credits: Credits | None = None
    weight: Weight = 1.0  # share of the queue among guilds

    def budget(self, timezone: str) -> Budget | None:
        """Return what all its members together may use; None: as much as they have."""
        if self.daily_credits is None and self.monthly_credits is None:
            return None
        return Budget(daily_credits=self.daily_credits, monthly_credits=self.monthly_credits, timezone=timezone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What one member is entitled to in one place."""

    names: tuple[str, ...]  # of their tiers
    allowance: Allowance
    max_queued: int
    max_running: int
    training_slots: int
    largest_px: int  # 0: whatever the model can
    relaxed: frozenset[Kind]
    weight: float
    guild_weight: float
    budget: Budget | None

    def limits(self, kind: Kind) -> QueueLimits:
        """Return how many jobs of a kind may wait and run at once."""
        if kind is Kind.TRAIN:
            return QueueLimits(max_queued=self.training_slots, max_running=max(1, self.training_slots))
        return QueueLimits(max_queued=self.max_queued, max_running=self.max_running)


class Tiers(BaseModel):
    """All tiers and servers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    timezone: Zone = "UTC"
    tiers: tuple[Tier, ...] = Field(alias="tier")
    guilds: tuple[GuildTier, ...] = Field(default=(), alias="guild")

    @model_validator(mode="after")
    def _has_one_for_everybody(self) -> Self:
        if not any(not tier.roles and tier.guild is None for tier in self.tiers):
            raise ValueError("one [[tier]] without roles and guild must say what everybody gets")
        return self

    def terms(self, guild_id: int | None, role_ids: Collection[int] = ()) -> Terms:
        """Return what a member with these roles is entitled to there; `guild_id` None: in direct messages."""
        mine = [tier for tier in self.tiers if tier.guild in (None, guild_id) and tier.is_for(role_ids)]
        guild = next((guild for guild in self.guilds if guild.id == guild_id), GuildTier(id=0))
        timezone = guild.timezone or self.timezone
        sizes = [tier.largest_px for tier in mine]
        return Terms(
            names=tuple(tier.name for tier in mine),
            allowance=Allowance(
                daily_credits=max(tier.daily_credits for tier in mine),
                cap_credits=max(tier.cap for tier in mine),
                monthly_credits=max(tier.monthly_credits for tier in mine),
                timezone=timezone,
            ),
            max_queued=max(tier.max_queued for tier in mine),
            max_running=max(tier.max_running for tier in mine),
            training_slots=max(tier.training_slots for tier in mine),
            largest_px=0 if 0 in sizes else max(sizes),
            relaxed=frozenset[Kind]().union(*(tier.relaxed for tier in mine)),
            weight=max(tier.weight for tier in mine),
            guild_weight=guild.weight,
            budget=guild.budget(timezone),
        )


_KEYS = {
    "": ("timezone", "tier", "guild"),
    "tier": tuple(Tier.model_fields),
    "guild": tuple(GuildTier.model_fields),
}  # of the file, and of its tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The house rules about credits."""

    tiers: Tiers
    asks_above: int  # credits; what is dearer is shown with price and wait before it is paid for
    gifts: bool  # members may give credits to each other


def read_tiers(file: Path) -> Tiers:
    """Read and check a file of tiers.

    Raises:
        TiersUnusable: the file is missing or a line in it is wrong; the message names it.
    """
    try:
        text, content = read_toml(file)
    except ValueError as error:
        raise TiersUnusable(f"The tiers in {file} cannot be used: {error}.") from error
    try:
        return Tiers.model_validate(content)
    except ValidationError as error:
        wrong = "; ".join(mistakes(text, error.errors(), _KEYS))
        raise TiersUnusable(f"The tiers in {file} cannot be used: {wrong}") from error
