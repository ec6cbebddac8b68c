"""A world that is kept in a folder is there again after a restart."""

import json
from pathlib import Path

import aiohttp

from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from bot.sandbox.state.seed import BEN, BOT, GENERAL


async def test_messages_files_conversations_and_commands_outlive_the_process(tmp_path: Path) -> None:
    async with Sandbox(state=tmp_path) as box:
        ben = box.member("ben")
        said = await ben.say("hello", files=[Upload(filename="a.txt", content=b"kept")])
        await ben.react(said["id"], "👍")
        private = await ben.say("psst", channel=await ben.dm())
        box.container.commands.overwrite(None, [{"name": "imagine", "description": "Draws"}])
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
        box.container.message_writer.create(channel, BOT, {"content": "secret"}, {}, visible_to=ben.id)
    assert list((tmp_path / "files").iterdir()) == []
    assert "secret" not in (tmp_path / "world.json").read_text()


async def test_folder_of_version_0_1_is_read(tmp_path: Path) -> None:
    message = {
        "id": "1454987500000000001",
        "channel_id": GENERAL,
        "author_id": BOT,
        "timestamp": "2026-01-01T00:00:00+00:00",
        "type": 20,
        "content": "drawn",
        "embeds": [],
        "components": [],
        "flags": 0,
        "edited_timestamp": None,
        "only": None,
        "nonce": None,
        "reply_to": None,
        "interaction": {"id": "1454987400000000001", "type": 2, "name": "imagine", "user": {"id": BEN}},
        "by_webhook": True,
        "reactions": {},
        "files": [
            {"id": "2", "channel_id": GENERAL, "filename": "a.txt", "content_type": "text/plain", "size_px": None}
        ],
        "mentions": {"users": [], "roles": [], "everyone": False},
    }
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "2").write_bytes(b"kept")
    world = {"key": "00" * 32, "commands": [], "dms": [], "messages": [message]}
    (tmp_path / "world.json").write_text(json.dumps(world))
    async with Sandbox(state=tmp_path) as box:
        ada = box.member("ada")
        (shown,) = ada.messages()
        assert (shown["content"], shown["interaction_metadata"]["name"]) == ("drawn", "imagine")
        assert ada.read(shown["attachments"][0]["url"]) == b"kept"
