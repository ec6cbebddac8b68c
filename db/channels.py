"""Channels: what operators decided for one. Names stay with the platform."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.engine import Database
from db.tables import channels
from db.upsert import insert_or_update


class Channels:
    """Remember what was decided for channels."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def set_transcribed(self, channel_id: int, guild_id: int, *, on: bool, by_user: int) -> None:
        """Decide whether voice messages in a channel become text without being asked for."""

        async def work(connection: AsyncConnection) -> None:
            decided = {
                "guild_id": guild_id,
                "transcribed": on,
                "decided_by": by_user,
                "decided_at": await self.db.now(connection),
            }
            values = {"channel_id": channel_id, **decided}
            await connection.execute(insert_or_update(connection, channels, values, key=["channel_id"], update=decided))

        await self.db.write(work)

    async def transcribed(self, *channel_ids: int) -> bool:
        """Tell whether that was decided for any of these channels; a thread is asked for with its channel."""
        query = sa.select(channels.c.channel_id).where(channels.c.channel_id.in_(channel_ids), channels.c.transcribed)
        async with self.db.read() as connection:
            return (await connection.execute(query.limit(1))).first() is not None
