"""Channels: what operators decided for one. Names stay with the platform."""

import sqlalchemy as sa

from db import clock
from db.acts import Act, note
from db.engine import Database, rows
from db.tables import channels
from db.upsert import insert_or_update


class Channels:
    """Remember what was decided for channels."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def set_transcribed(self, channel_id: int, act: Act, *, on: bool) -> None:
        """Decide whether voice messages in a channel become text without being asked for, and note the act."""
        await self.db.write(_set_transcribed, channel_id, act, on)

    async def transcribed(self, *channel_ids: int) -> bool:
        """Tell whether that was decided for any of these channels; a thread is asked for with its channel."""
        query = sa.select(channels.c.channel_id).where(channels.c.channel_id.in_(channel_ids), channels.c.transcribed)
        return bool(await self.db.read(rows, query.limit(1)))


def _set_transcribed(connection: sa.Connection, channel_id: int, act: Act, on: bool) -> None:
    now = clock.now(connection)
    decided = {"guild_id": act.guild_id, "transcribed": on, "decided_by": act.by_user, "decided_at": now}
    values = {"channel_id": channel_id, **decided}
    connection.execute(insert_or_update(connection, channels, values, key=["channel_id"], update=decided))
    note(connection, act, now)
