"""Moderation, as the bot asks it: what counts for a member in one place, and taking a decision back.

Direct messages belong to no server: there, a ban or a blocked word of each server at home counts; where nobody said
which those are, of the one server that there is, and of none where there are several, for anybody can add the bot to
one of their own.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from db.engine import Database
from db.ids import NO_GUILD
from db.moderation.audit_log import AuditEntry
from db.moderation.decisions import ChannelRule, Decision, Topic, take_back
from db.tables import decisions
from db.wake import QUEUED


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What counts for one member in one place."""

    notice: str | None  # why the server is paused; None: it is not
    banned: bool
    channel_open: bool
    words: tuple[Decision, ...]
    allowed_channels: tuple[int, ...] = ()  # the only ones that are open; empty: all that are not forbidden


class Moderation:
    """Know which servers are at home, and wake those who wait for what is paused no longer."""

    def __init__(self, db: Database, homes: Collection[int] = ()) -> None:
        self.db = db
        self.homes = frozenset(homes)  # servers whose operators decide about what belongs to no server; empty: not said

    def home_guilds(self, only_guild_id: int | None) -> frozenset[int]:
        """Return the servers that are at home: those that were named, or the one that the bot is in, if in no other."""
        return self.homes or frozenset(() if only_guild_id is None else (only_guild_id,))

    async def take_back(self, entry: AuditEntry, topic: Topic, key: str, *, places: Collection[int] = ()) -> bool:
        """Take a decision back (`db.moderation.decisions.take_back`); return whether there was one.

        Args:
            entry: who takes it back, for which server, and why.
            topic: what was decided.
            key: about whom or what.
            places: the servers that it was decided for; empty: the entry's.
        """
        was = await self.db.write(take_back, entry, topic, key, places=places)
        self.db.wake.notify(QUEUED)  # what was paused may be claimed now
        return was

    async def policy(
        self, user_id: int, *, guild_id: int | None, channel_ids: Collection[int], only_guild_id: int | None = None
    ) -> Policy:
        """Do what `policy_in` does, in a transaction of its own."""
        return await self.db.read(
            self.policy_in, user_id, guild_id=guild_id, channel_ids=channel_ids, only_guild_id=only_guild_id
        )

    def policy_in(
        self,
        connection: sa.Connection,
        user_id: int,
        *,
        guild_id: int | None,
        channel_ids: Collection[int],
        only_guild_id: int | None = None,
    ) -> Policy:
        """Return what counts for a member there.

        Args:
            connection: the transaction.
            user_id: the member.
            guild_id: the server; None: a direct message.
            channel_ids: the channel, and of a thread its channel as well.
            only_guild_id: the server that the bot is in, if it is in no other.
        """
        deciding = {guild_id} if guild_id is not None else self.home_guilds(only_guild_id) | {NO_GUILD}
        found = _decided(connection, user_id, deciding)
        here = guild_id or NO_GUILD
        rules = {row.key: row.value for row in found if row.kind == Topic.CHANNEL}
        return Policy(
            notice=next((row.value for row in found if row.kind == Topic.PAUSE and row.guild_id == here), None),
            banned=any(row.kind == Topic.BAN for row in found),
            channel_open=guild_id is None or _is_open(rules, {str(id) for id in channel_ids}),
            words=tuple(Decision(row.key, row.value) for row in found if row.kind == Topic.WORD),
            allowed_channels=tuple(int(key) for key, rule in rules.items() if rule == ChannelRule.ALLOWED),
        )


def _decided(
    connection: sa.Connection, user_id: int, guild_ids: Collection[int]
) -> Sequence[sa.Row[int, str, str, str]]:
    """Return what was decided for these servers, without the bans of others, by key."""
    return connection.execute(_DECIDED, {"member": str(user_id), "servers": list(guild_ids)}).all()


def _is_open(rules: Mapping[str, str], here: set[str]) -> bool:
    """Tell whether requests are taken in a channel: not where forbidden, and where some are allowed, only there."""
    about = [rules[key] for key in here & rules.keys()]
    return ChannelRule.FORBIDDEN not in about and (
        ChannelRule.ALLOWED in about or ChannelRule.ALLOWED not in rules.values()
    )


_d = decisions.c
_DECIDED = (
    sa.select(_d.guild_id, _d.kind, _d.key, _d.value)
    .where(
        sa.or_(_d.kind != Topic.BAN.value, _d.key == sa.bindparam("member")),
        _d.guild_id.in_(sa.bindparam("servers", expanding=True)),
    )
    .order_by(_d.key)
)
