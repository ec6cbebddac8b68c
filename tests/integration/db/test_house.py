"""The house: decisions count where they were made, paused servers are not served, and every act is in the log."""

from db.acts import Act, Target, TargetKind
from db.engine import Database
from db.house import ALLOWED, FORBIDDEN, House, Topic
from db.ids import NO_GUILD
from tests.support.db.store import StoreHarness

GUILD, OPERATOR, MEMBER = 7, 90, 1


def act(what: str = "x", **fields: object) -> Act:
    return Act(**{"guild_id": GUILD, "by_user": OPERATOR, "what": what, **fields})  # type: ignore[arg-type]


async def test_paused_server_is_not_served_until_it_resumes(database: Database) -> None:
    house, store = House(database), StoreHarness(database)
    waits = await store.submit(guild_id=GUILD)
    elsewhere = await store.submit(2, guild_id=8)
    await house.decide(act("pause"), Topic.PAUSE, "", "Moving the furniture.")
    assert [job.id for job in await store.claim(5)] == [elsewhere.id]
    assert await house.undo(act("resume"), Topic.PAUSE, "")
    assert [job.id for job in await store.claim(5)] == [waits.id]


async def test_ban_counts_in_its_server_and_in_direct_messages(database: Database) -> None:
    house = House(database)
    await house.decide(act("ban"), Topic.BAN, str(MEMBER), "spam")
    assert (await house.standing(MEMBER, guild_id=GUILD, channel_ids=[70])).banned
    assert (await house.standing(MEMBER, guild_id=None, channel_ids=[71], only_guild_id=GUILD)).banned
    assert not (await house.standing(MEMBER, guild_id=8, channel_ids=[70])).banned
    assert not (await house.standing(2, guild_id=GUILD, channel_ids=[70])).banned


async def test_of_several_servers_none_decides_about_direct_messages_unless_it_is_at_home(database: Database) -> None:
    house = House(database)
    await house.decide(act("ban"), Topic.BAN, str(MEMBER), "spite")
    await house.decide(act("words add"), Topic.WORD, "a", "a")
    direct = await house.standing(MEMBER, guild_id=None, channel_ids=[71])
    assert (direct.banned, direct.words) == (False, ())
    elsewhere = await house.standing(MEMBER, guild_id=None, channel_ids=[71], only_guild_id=8)
    assert (elsewhere.banned, elsewhere.words) == (False, ())


async def test_only_servers_at_home_decide_about_direct_messages(database: Database) -> None:
    house = House(database, homes=[GUILD])
    await house.decide(Act(guild_id=8, by_user=OPERATOR, what="ban"), Topic.BAN, str(MEMBER), "spite")
    await house.decide(Act(guild_id=8, by_user=OPERATOR, what="words add"), Topic.WORD, "a", "a")
    await house.decide(act("words add"), Topic.WORD, "b", "b")
    direct = await house.standing(MEMBER, guild_id=None, channel_ids=[71])
    assert (direct.banned, [word.key for word in direct.words]) == (False, ["b"])
    assert (await house.standing(MEMBER, guild_id=8, channel_ids=[80])).banned


async def test_pause_of_a_server_leaves_direct_messages_alone(database: Database) -> None:
    house = House(database)
    await house.decide(act("pause"), Topic.PAUSE, "", "closed")
    assert (await house.standing(MEMBER, guild_id=GUILD, channel_ids=[70])).notice == "closed"
    assert (await house.standing(MEMBER, guild_id=None, channel_ids=[71])).notice is None
    await house.decide(act("pause"), Topic.PAUSE, "", "closed too", places=(GUILD, NO_GUILD))
    assert (await house.standing(MEMBER, guild_id=None, channel_ids=[71])).notice == "closed too"
    assert await house.undo(act("resume"), Topic.PAUSE, "", places=(GUILD, NO_GUILD))
    assert (await house.standing(MEMBER, guild_id=None, channel_ids=[71])).notice is None
    assert [one.act.what for one in await house.latest(GUILD, 9)] == ["resume", "pause", "pause"]


async def test_channels_are_open_unless_forbidden_or_others_are_allowed(database: Database) -> None:
    house = House(database)

    async def is_open(*channel_ids: int) -> bool:
        return (await house.standing(MEMBER, guild_id=GUILD, channel_ids=channel_ids)).channel_open

    assert await is_open(70)
    await house.decide(act("forbid"), Topic.CHANNEL, "70", FORBIDDEN)
    assert (await is_open(70), await is_open(71), await is_open(75, 70)) == (False, True, False)
    await house.decide(act("allow"), Topic.CHANNEL, "71", ALLOWED)
    assert (await is_open(71), await is_open(72), await is_open(75, 71)) == (True, False, True)


async def test_every_act_is_noted_newest_first(database: Database) -> None:
    house = House(database)
    await house.decide(act("ban", target=Target.member(1), reason="spam"), Topic.BAN, "1", "spam")
    assert not await house.undo(act("unban", target=Target.member(2)), Topic.BAN, "2")
    await house.note(act("find", target=Target(TargetKind.WORD, "x" * 300)))
    noted = await house.latest(GUILD, 10)
    assert [one.act.what for one in noted] == ["find", "unban", "ban"]
    assert noted[-1].act.reason == "spam"
    assert await house.latest(8, 10) == []


async def test_licence_counts_for_the_one_who_accepted_it_as_it_was(database: Database) -> None:
    house = House(database)
    await house.accept_licence(MEMBER, "large", "OpenRAIL-M")
    await house.accept_licence(MEMBER, "large", "OpenRAIL-M")
    assert await house.has_accepted(MEMBER, "large", "OpenRAIL-M")
    assert not await house.has_accepted(MEMBER, "large", "OpenRAIL++-M")
    assert not await house.has_accepted(2, "large", "OpenRAIL-M")
