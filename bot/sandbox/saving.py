"""Keeping the world between runs: messages as JSON, files as files, in one folder."""

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


class Saving:
    """Writes and reads the folder: `world.json` and `files/<id>`."""

    def __init__(self, parts: Parts, folder: Path) -> None:
        self._parts = parts
        self._folder = folder

    def save(self) -> None:
        """Write everything that is worth keeping."""
        (self._folder / "files").mkdir(parents=True, exist_ok=True)
        messages = [_message(m) for m in self._parts.messages.everywhere() if not m.only and not m.loading]
        used = {stored.id: stored for m in self._parts.messages.everywhere() for stored in m.files}
        for stored in used.values():
            path = self._folder / "files" / stored.id
            if not path.exists():
                path.write_bytes(stored.content)
        for path in (self._folder / "files").iterdir():
            if path.name not in used:
                path.unlink()
        dms = [asdict(c) for c in self._parts.world.channels.values() if not c.guild_id]
        partial = self._folder / "world.json.partial"
        partial.write_text(json.dumps({"messages": messages, "dms": dms, "key": self._parts.files.key.hex()}))
        partial.replace(self._folder / "world.json")

    def load(self) -> None:
        """Read what was written; a folder without a world is an empty one."""
        path = self._folder / "world.json"
        if not path.exists():
            return
        saved = json.loads(path.read_text())
        self._parts.files.key = bytes.fromhex(saved["key"])
        for dm in saved["dms"]:
            self._load_dm(dm)
        for message in saved["messages"]:
            if message["channel_id"] in self._parts.world.channels:
                self._load_message(message)

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
                size = tuple(described.pop("size_px") or ()) or None
                files.append(StoredFile(**described, size_px=size, content=path.read_bytes()))
                self._parts.files.keep(files[-1])
                self._parts.snowflakes.skip_past(described["id"])
        mentions = Mentions(**saved.pop("mentions"))
        message = Message(**saved, files=files, mentions=mentions)
        self._parts.messages.keep(message)
        self._parts.snowflakes.skip_past(message.id)
        self._parts.world.channel(message.channel_id).last_message_id = message.id


def _message(message: Message) -> Json:
    plain = {f.name: getattr(message, f.name) for f in fields(message) if f.name not in ("files", "mentions")}
    files = [{f.name: getattr(s, f.name) for f in fields(s) if f.name != "content"} for s in message.files]
    return plain | {"files": files, "mentions": asdict(message.mentions)}
