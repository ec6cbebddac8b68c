"""Keeping the world between runs: messages and commands as JSON, files as files, in one folder."""

import asyncio
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from bot.sandbox.files import StoredFile
from bot.sandbox.mentions import Mentions
from bot.sandbox.messages import Message
from bot.sandbox.parts import Parts
from bot.sandbox.world import Channel

Json = dict[str, Any]

EVERY_S = 2.0  # at most this much of what was said is lost when the process is killed


class Saving:
    """Writes and reads the folder: `world.json` and `files/<id>`."""

    def __init__(self, parts: Parts, folder: Path) -> None:
        self._parts = parts
        self._folder = folder
        self._unsaved = False

    async def keep_saving(self) -> None:
        """Save soon after each change, until cancelled."""
        queue = self._parts.bus.listen()
        try:
            while True:
                if not self._unsaved:
                    await queue.get()
                    await asyncio.sleep(EVERY_S)
                while not queue.empty():
                    queue.get_nowait()
                self._unsaved = True  # until it is written: after an error, nothing new need happen first
                await asyncio.to_thread(self._write, *self._snapshot())
                self._unsaved = False
                if not self._parts.bus.listening(queue):
                    queue = self._parts.bus.listen()
        finally:
            self._parts.bus.leave(queue)

    def save(self) -> None:
        """Write everything that is worth keeping."""
        self._write(*self._snapshot())

    def load(self) -> None:
        """Read what was written; a folder without a world is an empty one."""
        path = self._folder / "world.json"
        if not path.exists():
            return
        saved = json.loads(path.read_text())
        self._parts.files.key = bytes.fromhex(saved["key"])
        self._parts.commands.load(saved["commands"])
        for dm in saved["dms"]:
            self._load_dm(dm)
        for message in saved["messages"]:
            if message["channel_id"] in self._parts.world.channels:
                self._load_message(message)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _snapshot(self) -> tuple[str, dict[str, bytes]]:
        parts = self._parts
        kept = [message for message in parts.messages.everywhere() if not message.only and not message.loading]
        world: Json = {
            "key": parts.files.key.hex(),
            "commands": parts.commands.saved(),
            "dms": [asdict(channel) for channel in parts.world.channels.values() if not channel.guild_id],
            "messages": [_saved(message) for message in kept],
        }
        return json.dumps(world), {stored.id: stored.content for message in kept for stored in message.files}

    def _write(self, world: str, files: dict[str, bytes]) -> None:
        folder = self._folder / "files"
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            if not (folder / name).exists():
                (folder / f"{name}.partial").write_bytes(content)
                (folder / f"{name}.partial").replace(folder / name)
        partial = self._folder / "world.json.partial"
        partial.write_text(world)
        partial.replace(self._folder / "world.json")
        for path in folder.iterdir():  # only now: what the old world spoke of may go
            if path.name not in files:
                path.unlink()

    def _load_dm(self, dm: Json) -> None:
        channel = Channel(**dm | {"recipients": tuple(dm["recipients"])})
        one, other = (self._parts.world.user(user_id) for user_id in channel.recipients)
        self._parts.world.dm_between(one, other, channel.id)
        self._parts.snowflakes.skip_past(channel.id)

    def _load_message(self, saved: Json) -> None:
        files = []
        for described in saved.pop("files"):
            path = self._folder / "files" / described["id"]
            if path.exists():
                size_px = tuple(described.pop("size_px") or ()) or None
                files.append(StoredFile(**described, size_px=size_px, content=path.read_bytes()))
                self._parts.files.keep(files[-1])
                self._parts.snowflakes.skip_past(described["id"])
        mentions = Mentions(**saved.pop("mentions"))
        message = Message(**saved, files=files, mentions=mentions)
        self._parts.messages.keep(message)
        self._parts.snowflakes.skip_past(message.id)
        self._parts.world.channel(message.channel_id).last_message_id = message.id


def _saved(message: Message) -> Json:
    plain = {f.name: getattr(message, f.name) for f in fields(message) if f.name not in ("files", "mentions")}
    files = [
        {f.name: getattr(stored, f.name) for f in fields(stored) if f.name != "content"} for stored in message.files
    ]
    return plain | {"files": files, "mentions": asdict(message.mentions)}
