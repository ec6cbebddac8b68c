"""A world that is kept in a folder is there again after a restart."""

from pathlib import Path

import aiohttp

from bot.sandbox.files import Upload
from bot.sandbox.seed import BOT, GENERAL
from bot.sandbox.server import Sandbox


async def test_messages_files_conversations_and_commands_outlive_the_process(tmp_path: Path) -> None:
    async with Sandbox(state=tmp_path) as box:
        ben = box.member("ben")
        said = await ben.say("hello", files=[Upload(filename="a.txt", content=b"kept")])
        await ben.react(said["id"], "👍")
        private = await ben.say("psst", channel=await ben.dm())
        box.parts.commands.overwrite(None, [{"name": "imagine", "description": "Draws"}])
    async with Sandbox(state=tmp_path) as box, aiohttp.ClientSession() as http:
        ben = box.member("ben")
        again = ben.message(said["id"])
        assert (again["content"], again["reactions"][0]["count"]) == ("hello", 1)
        async with http.get(again["attachments"][0]["url"]) as response:
            assert await response.read() == b"kept"
        assert ben.message(private["id"])["content"] == "psst"
        assert await ben.dm() == private["channel_id"]
        assert ben.commands() == ["imagine"]
        assert int((await ben.say("new"))["id"]) > int(said["id"])


async def test_ephemeral_and_deleted_messages_are_not_kept(tmp_path: Path) -> None:
    async with Sandbox(state=tmp_path) as box:
        ben = box.member("ben")
        gone = await ben.say("gone", files=[Upload(filename="a.txt", content=b"x")])
        await ben.do("delete", message_id=gone["id"])
        channel = box.world.channel(GENERAL)
        box.parts.posting.create(channel, BOT, {"content": "secret"}, {}, only=ben.id)
    assert list((tmp_path / "files").iterdir()) == []
    assert "secret" not in (tmp_path / "world.json").read_text()
