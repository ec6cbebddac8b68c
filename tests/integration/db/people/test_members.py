"""Members: seen, and what they prefer."""

import asyncio

from db.engine import Database
from db.people.members import add_to_preference, find_member, note_member, set_preferences


async def test_touch_remembers_the_first_time(database: Database) -> None:
    first = await database.write(note_member, 1, 7, locale="de")
    database.advance(60)
    again = await database.write(note_member, 1, 8)
    assert (again.first_seen_at, again.locale) == (first.first_seen_at, "de")
    assert again.last_seen_at > first.last_seen_at


async def test_touch_at_once_is_one_member(database: Database) -> None:
    await asyncio.gather(*(database.write(note_member, 1, 7) for _ in range(5)))
    assert await database.read(find_member, 1) is not None
    assert await database.read(find_member, 2) is None


async def test_prefer_keeps_the_others_and_forgets_none(database: Database) -> None:
    await database.write(set_preferences, 1, {"model": "builtin", "private": True})
    member = await database.write(set_preferences, 1, {"private": None, "steps": 20})
    assert member.preferences == {"model": "builtin", "steps": 20}
    assert await database.read(find_member, 1) == member


async def test_list_among_preferences_keeps_the_latest_each_once(database: Database) -> None:
    await database.write(set_preferences, 1, {"private": True})
    for added in (["a", "b"], ["c"], ["a", "d"]):
        await database.write(add_to_preference, 1, "words", added, most=3)
    member = await database.read(find_member, 1)
    assert member is not None
    assert member.preferences == {"private": True, "words": ["c", "a", "d"]}


async def test_list_among_preferences_added_to_at_once_loses_nothing(database: Database) -> None:
    await asyncio.gather(*(database.write(add_to_preference, 1, "words", [word], most=9) for word in "abcde"))
    member = await database.read(find_member, 1)
    assert member is not None
    assert sorted(member.preferences["words"]) == list("abcde")
