"""Messages, reactions, direct messages and voice: an unmodified discord.py client in the sandbox."""

import io

import discord
import pytest

from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from bot.sandbox.state.seed import BEN, GENERAL, STUDIO
from tests.acceptance.conftest import StartDemo
from tests.support.acceptance.demo import Card, Choose, Demo, general, png


async def test_voice_message_is_heard_with_its_duration_and_bytes(sandbox: Sandbox, demo: Demo) -> None:
    await sandbox.member("ben").voice(b"OggS...", 3.25, channel="voice-notes")
    await sandbox.until(lambda: demo.heard)
    (attachment,) = demo.heard[0].attachments
    assert attachment.is_voice_message()
    assert (attachment.duration, attachment.waveform) == (3.25, b"\0\0\0")
    assert await attachment.read() == b"OggS..."
    assert demo.heard[0].flags.voice


async def test_message_content_is_blank_without_the_intent(sandbox: Sandbox, start_demo: StartDemo) -> None:
    async with start_demo(intents=discord.Intents.default()) as demo:
        ben = sandbox.member("ben")
        await ben.say("secret", files=[Upload(filename="a.txt", content=b"1")])
        await ben.say(f"hi <@{sandbox.world.bot_id}>")
        await ben.say("in private", channel=await ben.dm())
        await sandbox.until(lambda: len(demo.heard) == 3)
    heard = [(m.content, len(m.attachments)) for m in demo.heard]
    assert heard == [("", 0), (f"hi <@{sandbox.world.bot_id}>", 0), ("in private", 0)]


async def test_message_is_sent_edited_fetched_and_deleted(sandbox: Sandbox, demo: Demo) -> None:
    channel, ada = general(demo), sandbox.member("ada")
    message = await channel.send("one", file=png(9))
    await message.edit(content="two", attachments=[*message.attachments, png(8)])
    fetched = await channel.fetch_message(message.id)
    assert (fetched.content, [a.filename for a in fetched.attachments]) == ("two", ["9.png", "8.png"])
    assert fetched.edited_at is not None
    await message.edit(attachments=[])
    assert ada.message(str(message.id))["attachments"] == []
    assert [m.id async for m in channel.history(limit=5)] == [message.id]
    await message.delete()
    assert ada.messages() == []
    with pytest.raises(discord.NotFound) as refused:
        await channel.fetch_message(message.id)
    assert refused.value.code == 10008


async def test_card_in_a_channel_with_kept_and_new_pictures(sandbox: Sandbox, demo: Demo) -> None:
    channel, ada = general(demo), sandbox.member("ada")
    message = await channel.send(view=Card("one", "1.png"), files=[png(1)])
    await message.edit(view=Card("two", "1.png", "2.png"), attachments=[*message.attachments, png(2)])
    assert [ada.read(url)[-1] for url in ada.pictures(str(message.id))] == [1, 2]


async def test_old_style_view_in_a_channel_is_edited_away(sandbox: Sandbox, demo: Demo) -> None:
    message = await general(demo).send("choose", view=Choose())
    ada = sandbox.member("ada")
    assert ada.buttons(str(message.id)) == ["Later"]
    await message.edit(view=None)
    assert ada.buttons(str(message.id)) == []


async def test_nonce_sends_once(sandbox: Sandbox, demo: Demo) -> None:
    channel = general(demo)
    first, second = await channel.send("x", nonce="job-1"), await channel.send("x", nonce="job-1")
    assert first.id == second.id
    assert len(sandbox.member("ada").messages()) == 1


async def test_nobody_is_mentioned_unless_allowed(sandbox: Sandbox, demo: Demo) -> None:
    channel = general(demo)
    await channel.send(f"@everyone <@{BEN}>")
    assert sandbox.notified == []
    only_ben = discord.AllowedMentions(everyone=False, roles=False, users=[discord.Object(int(BEN))])
    await channel.send(f"@everyone <@{BEN}>", allowed_mentions=only_ben)
    assert [(n["users"], n["everyone"]) for n in sandbox.notified] == [([BEN], False)]


async def test_everything_is_mentioned_by_default_where_it_is_permitted(sandbox: Sandbox, demo: Demo) -> None:
    sandbox.world.guilds[STUDIO].roles[STUDIO].permissions |= 1 << 17
    await general(demo).send(f"@everyone <@{BEN}>", allowed_mentions=discord.AllowedMentions.all())
    assert [(n["users"], n["everyone"]) for n in sandbox.notified] == [([BEN], True)]


async def test_reactions_are_seen_both_ways(sandbox: Sandbox, demo: Demo) -> None:
    message = await general(demo).send("x")
    await message.add_reaction("👍")
    ben = sandbox.member("ben")
    await ben.react(str(message.id), "👍")
    await ben.react(str(message.id), "👍", remove=True)
    await sandbox.until(lambda: ("remove", "👍") in demo.reactions)
    (reaction,) = ben.message(str(message.id))["reactions"]
    assert (reaction["count"], reaction["me"], reaction["emoji"]["name"]) == (1, False, "👍")
    fetched = await message.channel.fetch_message(message.id)
    assert [u.name async for u in fetched.reactions[0].users()] == ["Atelier"]


async def test_direct_message_reaches_the_person(sandbox: Sandbox, demo: Demo) -> None:
    ben = sandbox.member("ben")
    user = await demo.fetch_user(int(BEN))
    await user.send("here it is", file=discord.File(io.BytesIO(b"abc"), "a.bin"))
    (dm,) = ben.state()["dms"]
    (message,) = ben.messages(dm["id"])
    assert message["content"] == "here it is"
    assert ben.read(message["attachments"][0]["url"]) == b"abc"


async def test_direct_message_to_somebody_who_closed_them(sandbox: Sandbox, demo: Demo) -> None:
    sandbox.world_editor.close_dms(BEN)
    user = await demo.fetch_user(int(BEN))
    with pytest.raises(discord.Forbidden) as refused:
        await user.send("here it is")
    assert refused.value.code == 50007


async def test_reply_shows_what_it_answers(sandbox: Sandbox, demo: Demo) -> None:
    said = await sandbox.member("ben").say("question")
    await sandbox.until(lambda: demo.heard)
    answer = await demo.heard[0].reply("answer")
    shown = sandbox.member("ada").message(str(answer.id))
    assert shown["referenced_message"]["id"] == said["id"]
    assert sandbox.notified == []


async def test_members_roles_and_guilds_can_be_read(sandbox: Sandbox, demo: Demo) -> None:
    guild = await demo.fetch_guild(int(STUDIO))
    ben = await guild.fetch_member(int(BEN))
    assert [role.name for role in ben.roles] == ["@everyone", "Patrons"]
    assert {m.name async for m in guild.fetch_members()} == {"Atelier", "ada", "ben", "cleo"}
    assert [c.name for c in await guild.fetch_channels()] == ["general", "voice-notes", "after-dark"]
    assert {r.name for r in await guild.fetch_roles()} >= {"Operators", "Patrons", "Friends"}
    assert sandbox.unimplemented == []


async def test_changed_roles_are_told(sandbox: Sandbox, demo: Demo) -> None:
    role = sandbox.world_editor.add_role(STUDIO, "Heroes")
    sandbox.world_editor.set_roles(STUDIO, BEN, [role.id])
    guild = demo.get_guild(int(STUDIO))
    assert guild is not None
    await sandbox.until(lambda: [r.name for r in guild.get_member(int(BEN)).roles] == ["@everyone", "Heroes"])  # type: ignore[union-attr]


async def test_unimplemented_route_fails_loudly(sandbox: Sandbox, demo: Demo, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(discord.HTTPException) as refused:
        await general(demo).create_webhook(name="x")
    assert refused.value.status == 501
    assert sandbox.unimplemented == [f"POST /channels/{GENERAL}/webhooks"]
    assert "does not implement" in caplog.text
