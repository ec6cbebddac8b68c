"""The house: what operators decided for their server, and a log of everything they did (`db.acts`).

A decision and the act that made it are one transaction, so nothing is decided without a trace. Direct messages belong
to no server: there, a ban or a blocked word of each server at home counts; where nobody said which those are, of
the one server that there is, and of none where there are several, for anybody can add the bot to one of their own.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from db import clock
from db.acts import Act, Noted, latest, note
from db.engine import Database, rows
from db.ids import NO_GUILD
from db.tables import acceptances, decisions
from db.upsert import insert_or_ignore, insert_or_update
from db.wake import QUEUED

ALLOWED, FORBIDDEN = "allowed", "forbidden"


class Topic(StrEnum):
    """What can be decided."""

    PAUSE = "pause"  # nothing is claimed for that server; the value is what members are told
    BAN = "ban"  # the key is a member; the value is why
    WORD = "word"  # the key is the word as it is compared; the value is the word as it was typed
    CHANNEL = "channel"  # the key is a channel; the value is ALLOWED or FORBIDDEN


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one thing."""

    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What counts for one member in one place."""

    notice: str | None  # why the server is paused; None: it is not
    banned: bool
    channel_open: bool
    words: tuple[Decision, ...]


class House:
    """Keep decisions, the log of acts, and accepted licences."""

    def __init__(self, db: Database, homes: Collection[int] = ()) -> None:
        self.db = db
        self.homes = frozenset(homes)  # servers whose operators decide about what belongs to no server; empty: not said

    async def decide(self, act: Act, topic: Topic, key: str, value: str, *, places: Collection[int] = ()) -> None:
        """Decide something for the act's server (or for these places), and note the act."""
        await self.db.write(_decide, act, topic, Decision(key, value), places or (act.guild_id,))

    async def undo(self, act: Act, topic: Topic, key: str, *, places: Collection[int] = ()) -> bool:
        """Take a decision back and note the act; return whether there was one."""
        undone = await self.db.write(_undo, act, topic, key, places or (act.guild_id,))
        self.db.wake.notify(QUEUED)  # what was paused may be claimed now
        return undone

    async def decided(self, guild_id: int, topic: Topic) -> list[Decision]:
        """Return what was decided for a server, by key."""
        d = decisions.c
        query = sa.select(d.key, d.value).where(d.guild_id == guild_id, d.kind == topic.value).order_by(d.key)
        return [Decision(row.key, row.value) for row in await self.db.read(rows, query)]

    async def standing(
        self, user_id: int, *, guild_id: int | None, channel_ids: Collection[int], only_guild_id: int | None = None
    ) -> Standing:
        """Return what counts for a member there.

        Parameters:
            channel_ids: the channel, and of a thread its channel as well.
            only_guild_id: the server that the bot is in, if it is in no other.
        """
        d = decisions.c
        query = sa.select(d.guild_id, d.kind, d.key, d.value).where(
            sa.or_(d.kind != Topic.BAN.value, d.key == str(user_id))
        )
        if guild_id is not None:
            query = query.where(d.guild_id == guild_id)
        else:
            homes = self.homes or {guild for guild in (only_guild_id,) if guild is not None}
            query = query.where(d.guild_id.in_(homes | {NO_GUILD}))
        found = await self.db.read(rows, query.order_by(d.key))
        here = guild_id or NO_GUILD
        return Standing(
            notice=next((row.value for row in found if row.kind == Topic.PAUSE and row.guild_id == here), None),
            banned=any(row.kind == Topic.BAN for row in found),
            channel_open=guild_id is None
            or _is_open(
                {row.key: row.value for row in found if row.kind == Topic.CHANNEL}, {str(id) for id in channel_ids}
            ),
            words=tuple(Decision(row.key, row.value) for row in found if row.kind == Topic.WORD),
        )

    async def note(self, act: Act) -> None:
        """Note an act that decides nothing."""
        await self.db.write(lambda connection: note(connection, act, clock.now(connection)))

    async def latest(self, guild_id: int, limit: int) -> list[Noted]:
        """Return the latest acts in a server, newest first."""
        return await self.db.read(latest, guild_id, limit)

    async def accept_licence(self, user_id: int, model: str, licence: str) -> None:
        """Remember that a member accepted a model's licence; again changes nothing."""
        await self.db.write(_accept_licence, user_id, model, licence)

    async def has_accepted(self, user_id: int, model: str, licence: str) -> bool:
        """Tell whether a member accepted a model's licence as it is now."""
        a = acceptances.c
        query = sa.select(a.at).where(a.user_id == user_id, a.model == model, a.licence == licence)
        return bool(await self.db.read(rows, query))


def _decide(connection: sa.Connection, act: Act, topic: Topic, decision: Decision, places: Collection[int]) -> None:
    now = clock.now(connection)
    decided = {"value": decision.value, "by_user": act.by_user, "at": now}
    for guild_id in places:
        values = {"guild_id": guild_id, "kind": topic.value, "key": decision.key, **decided}
        primary = ("guild_id", "kind", "key")
        connection.execute(insert_or_update(connection, decisions, values, key=primary, update=decided))
    note(connection, act, now)


def _undo(connection: sa.Connection, act: Act, topic: Topic, key: str, places: Collection[int]) -> bool:
    d = decisions.c
    gone = connection.execute(decisions.delete().where(d.guild_id.in_(places), d.kind == topic.value, d.key == key))
    note(connection, act, clock.now(connection))
    return gone.rowcount > 0


def _accept_licence(connection: sa.Connection, user_id: int, model: str, licence: str) -> None:
    values = {"user_id": user_id, "model": model, "licence": licence, "at": clock.now(connection)}
    connection.execute(insert_or_ignore(connection, acceptances).values(values))


def _is_open(said: Mapping[str, str], here: set[str]) -> bool:
    """Tell whether requests are taken in a channel: not where forbidden, and where some are allowed, only there."""
    about = [said[key] for key in here & said.keys()]
    return FORBIDDEN not in about and (ALLOWED in about or ALLOWED not in said.values())
