"""Channels: what was decided for one is remembered until somebody decides otherwise."""

from db.engine import Database
from db.moderation.audit_log import AuditEntry, latest_entries
from db.moderation.channels import is_transcribed, set_transcribed
from db.moderation.targets import Target

ACT = AuditEntry(guild_id=7, by_user=9, what="transcribe-channel", target=Target.channel(1))


async def test_channel_that_nobody_decided_about_is_not_transcribed(database: Database) -> None:
    assert not await database.read(is_transcribed, 1, 2)


async def test_channel_is_transcribed_until_that_is_taken_back(database: Database) -> None:
    assert await database.write(set_transcribed, 1, ACT, on=True)
    assert not await database.write(set_transcribed, 1, ACT, on=True)  # nothing new
    assert await database.read(is_transcribed, 1)
    assert await database.read(is_transcribed, 5, 1)  # a thread, with its channel
    assert not await database.read(is_transcribed, 5)
    assert await database.write(set_transcribed, 1, ACT, on=False)
    assert not await database.write(set_transcribed, 1, ACT, on=False)
    assert not await database.read(is_transcribed, 1)
    assert [noted.entry for noted in await database.read(latest_entries, 7, 10)] == [ACT] * 4
