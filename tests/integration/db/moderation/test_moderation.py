"""Moderation: decisions count where they were made, paused servers are not served, and each is in the audit log."""

from db.engine import Database
from db.ids import NO_GUILD
from db.moderation.audit_log import AuditEntry, latest_entries, log_entry
from db.moderation.decisions import ChannelRule, Topic, decide
from db.moderation.licences import accept_licence, has_accepted
from db.moderation.moderation import Moderation
from db.moderation.targets import Target, TargetKind
from tests.support.db.store import StoreHarness

GUILD, OPERATOR, MEMBER = 7, 90, 1


def act(what: str = "x", **fields: object) -> AuditEntry:
    return AuditEntry(**{"guild_id": GUILD, "by_user": OPERATOR, "what": what, **fields})  # type: ignore[arg-type]


async def test_paused_server_is_not_served_until_it_resumes(database: Database) -> None:
    moderation, store = Moderation(database), StoreHarness(database)
    waits = await store.submit(guild_id=GUILD)
    elsewhere = await store.submit(2, guild_id=8)
    await database.write(decide, act("pause"), Topic.PAUSE, "", "Moving the furniture.")
    assert [job.id for job in await store.claim(5)] == [elsewhere.id]
    assert await moderation.take_back(act("resume"), Topic.PAUSE, "")
    assert [job.id for job in await store.claim(5)] == [waits.id]


async def test_ban_counts_in_its_server_and_in_direct_messages(database: Database) -> None:
    moderation = Moderation(database)
    await database.write(decide, act("ban"), Topic.BAN, str(MEMBER), "spam")
    assert (await moderation.policy(MEMBER, guild_id=GUILD, channel_ids=[70])).banned
    assert (await moderation.policy(MEMBER, guild_id=None, channel_ids=[71], only_guild_id=GUILD)).banned
    assert not (await moderation.policy(MEMBER, guild_id=8, channel_ids=[70])).banned
    assert not (await moderation.policy(2, guild_id=GUILD, channel_ids=[70])).banned


async def test_of_several_servers_none_decides_about_direct_messages_unless_it_is_at_home(database: Database) -> None:
    moderation = Moderation(database)
    await database.write(decide, act("ban"), Topic.BAN, str(MEMBER), "spite")
    await database.write(decide, act("words add"), Topic.WORD, "a", "a")
    direct = await moderation.policy(MEMBER, guild_id=None, channel_ids=[71])
    assert (direct.banned, direct.words) == (False, ())
    elsewhere = await moderation.policy(MEMBER, guild_id=None, channel_ids=[71], only_guild_id=8)
    assert (elsewhere.banned, elsewhere.words) == (False, ())


async def test_only_servers_at_home_decide_about_direct_messages(database: Database) -> None:
    moderation = Moderation(database, homes=[GUILD])
    await database.write(decide, AuditEntry(guild_id=8, by_user=OPERATOR, what="ban"), Topic.BAN, str(MEMBER), "spite")
    await database.write(decide, AuditEntry(guild_id=8, by_user=OPERATOR, what="words add"), Topic.WORD, "a", "a")
    await database.write(decide, act("words add"), Topic.WORD, "b", "b")
    direct = await moderation.policy(MEMBER, guild_id=None, channel_ids=[71])
    assert (direct.banned, [word.key for word in direct.words]) == (False, ["b"])
    assert (await moderation.policy(MEMBER, guild_id=8, channel_ids=[80])).banned


async def test_pause_of_a_server_leaves_direct_messages_alone(database: Database) -> None:
    moderation = Moderation(database)
    await database.write(decide, act("pause"), Topic.PAUSE, "", "closed")
    assert (await moderation.policy(MEMBER, guild_id=GUILD, channel_ids=[70])).notice == "closed"
    assert (await moderation.policy(MEMBER, guild_id=None, channel_ids=[71])).notice is None
    await database.write(decide, act("pause"), Topic.PAUSE, "", "closed too", places=(GUILD, NO_GUILD))
    assert (await moderation.policy(MEMBER, guild_id=None, channel_ids=[71])).notice == "closed too"
    assert await moderation.take_back(act("resume"), Topic.PAUSE, "", places=(GUILD, NO_GUILD))
    assert (await moderation.policy(MEMBER, guild_id=None, channel_ids=[71])).notice is None
    assert [one.entry.what for one in await database.read(latest_entries, GUILD, 9)] == ["resume", "pause", "pause"]


async def test_channels_are_open_unless_forbidden_or_others_are_allowed(database: Database) -> None:
    moderation = Moderation(database)

    async def is_open(*channel_ids: int) -> bool:
        return (await moderation.policy(MEMBER, guild_id=GUILD, channel_ids=channel_ids)).channel_open

    assert await is_open(70)
    await database.write(decide, act("forbid"), Topic.CHANNEL, "70", ChannelRule.FORBIDDEN)
    assert (await is_open(70), await is_open(71), await is_open(75, 70)) == (False, True, False)
    await database.write(decide, act("allow"), Topic.CHANNEL, "71", ChannelRule.ALLOWED)
    assert (await is_open(71), await is_open(72), await is_open(75, 71)) == (True, False, True)
    assert (await moderation.policy(MEMBER, guild_id=GUILD, channel_ids=[72])).allowed_channels == (71,)
    assert (await moderation.policy(MEMBER, guild_id=8, channel_ids=[72])).allowed_channels == ()


async def test_every_act_is_noted_newest_first(database: Database) -> None:
    moderation = Moderation(database)
    await database.write(decide, act("ban", target=Target.member(1), reason="spam"), Topic.BAN, "1", "spam")
    assert not await moderation.take_back(act("unban", target=Target.member(2)), Topic.BAN, "2")
    await database.write(log_entry, act("find", target=Target(TargetKind.WORD, "x" * 300)))
    noted = await database.read(latest_entries, GUILD, 10)
    assert [one.entry.what for one in noted] == ["find", "unban", "ban"]
    assert noted[-1].entry.reason == "spam"
    assert await database.read(latest_entries, 8, 10) == []


async def test_licence_counts_for_the_one_who_accepted_it_as_it_was(database: Database) -> None:
    await database.write(accept_licence, MEMBER, "large", "OpenRAIL-M")
    await database.write(accept_licence, MEMBER, "large", "OpenRAIL-M")
    assert await database.read(has_accepted, MEMBER, "large", "OpenRAIL-M")
    assert not await database.read(has_accepted, MEMBER, "large", "OpenRAIL++-M")
    assert not await database.read(has_accepted, 2, "large", "OpenRAIL-M")
