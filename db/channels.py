"""Channels: what operators decided for one. Names stay with the platform."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.acts import Act, note
from db.engine import Database
from db.tables import channels
from db.upsert import insert_or_update


class Channels:
    """Remember what was decided for channels."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def set_transcribed(self, channel_id: int, act: Act, *, on: bool) -> None:
        """Decide whether voice messages in a channel become text without being asked for, and note the act."""

        async def work(connection: AsyncConnection) -> None:
            now = await self.db.now(connection)
            decided = {"guild_id": act.guild_id, "transcribed": on, "decided_by": act.by_user, "decided_at": now}
            values = {"channel_id": channel_id, **decided}
            await connection.execute(insert_or_update(connection, channels, values, key=["channel_id"], update=decided))
            await note(connection, act, now)

        await self.db.write(work)

    async def transcribed(self, *channel_ids: int) -> bool:
        """Tell whether that was decided for any of these channels; a thread is asked for with its channel."""
        query = sa.select(channels.c.channel_id).where(channels.c.channel_id.in_(channel_ids), channels.c.transcribed)
        async with self.db.read() as connection:
            return (await connection.execute(query.limit(1))).first() is not None
