"""Channels: what was decided for one is remembered until somebody decides otherwise."""

from db.acts import Act, Target
from db.channels import Channels
from db.engine import Database
from db.house import House

ACT = Act(guild_id=7, by_user=9, what="transcribe-channel", target=Target.channel(1))


async def test_channel_that_nobody_decided_about_is_not_transcribed(database: Database) -> None:
    assert not await Channels(database).transcribed(1, 2)


async def test_channel_is_transcribed_until_that_is_taken_back(database: Database) -> None:
    channels = Channels(database)
    await channels.set_transcribed(1, ACT, on=True)
    assert await channels.transcribed(1)
    assert await channels.transcribed(5, 1)  # a thread, with its channel
    assert not await channels.transcribed(5)
    await channels.set_transcribed(1, ACT, on=False)
    assert not await channels.transcribed(1)
    assert [noted.act for noted in await House(database).latest(7, 10)] == [ACT, ACT]
