"""Members: when we first and last saw somebody, where, and what they prefer. Names stay with the platform."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.engine import Database
from db.tables import member_guilds, members
from db.upsert import insert_or_update


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who used the bot."""

    user_id: int
    locale: str | None  # as the platform last said, e.g. "en-GB"
    preferences: dict[str, Any]  # what `/settings` keeps; the bot knows the names
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime


class Members:
    """Remember members."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def touch(self, user_id: int, guild_id: int | None, *, locale: str | None = None) -> Member:
        """Note that somebody was here, for the first time or again; `locale` None keeps what is known."""

        async def work(connection: AsyncConnection) -> Member:
            now = await self.db.now(connection)
            values: dict[str, Any] = {"user_id": user_id, "locale": locale, "preferences": {}}
            values |= {"first_seen_at": now, "last_seen_at": now}
            update = {"last_seen_at": now} | ({"locale": locale} if locale is not None else {})
            insert = insert_or_update(connection, members, values, key=["user_id"], update=update)
            row = (await connection.execute(insert.returning(members))).one()
            if guild_id is not None:
                seen = {"user_id": user_id, "guild_id": guild_id, "last_seen_at": now}
                await connection.execute(
                    insert_or_update(
                        connection,
                        member_guilds,
                        seen,
                        key=["user_id", "guild_id"],
                        update={"last_seen_at": now},
                    )
                )
            return Member(**row._mapping)

        return await self.db.write(work)

    async def get(self, user_id: int) -> Member | None:
        """Return a member that was seen before."""
        async with self.db.read() as connection:
            query = sa.select(members).where(members.c.user_id == user_id)
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else Member(**row._mapping)

    async def prefer(self, user_id: int, changes: Mapping[str, Any]) -> Member:
        """Change some preferences and keep the others; a value of None forgets one."""
        await self.touch(user_id, None)

        async def work(connection: AsyncConnection) -> Member:
            mine = members.c.user_id == user_id
            query = sa.select(members.c.preferences).where(mine).with_for_update()
            merged = (await connection.execute(query)).scalar_one() | dict(changes)
            kept = {name: value for name, value in merged.items() if value is not None}
            row = await connection.execute(members.update().where(mine).values(preferences=kept).returning(members))
            return Member(**row.one()._mapping)

        return await self.db.write(work)
