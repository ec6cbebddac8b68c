"""Channels in which voice messages become text without being asked for. Names stay with the platform."""

import sqlalchemy as sa

from db import clock
from db.moderation.audit_log import AuditEntry, log_entry
from db.tables import channels
from db.upsert import insert_or_update


def set_transcribed(connection: sa.Connection, channel_id: int, entry: AuditEntry, *, on: bool) -> bool:
    """Decide whether voice messages in a channel become text without being asked for, and log it.

    Args:
        connection: the transaction.
        channel_id: the channel.
        entry: who decides, for which server.
        on: whether they do.

    Returns:
        Whether that is new.
    """
    was = is_transcribed(connection, channel_id)
    now = clock.now(connection)
    decided = {"guild_id": entry.guild_id, "transcribed": on, "decided_by": entry.by_user, "decided_at": now}
    values = {"channel_id": channel_id, **decided}
    connection.execute(insert_or_update(connection, channels, values, key=["channel_id"], update=decided))
    log_entry(connection, entry, now)
    return was != on


def is_transcribed(connection: sa.Connection, *channel_ids: int) -> bool:
    """Tell whether that was decided for any of these channels; a thread is asked for with its channel."""
    query = sa.select(channels.c.channel_id).where(channels.c.channel_id.in_(channel_ids), channels.c.transcribed)
    return connection.execute(query.limit(1)).first() is not None


def forget_who_chose(connection: sa.Connection, user_id: int) -> None:
    """Take a member's name off what they decided for channels; what is decided stays."""
    connection.execute(channels.update().where(channels.c.decided_by == user_id).values(decided_by=0))
