"""Keeping the world between runs in a folder: messages and commands as JSON, attachments as files."""

import asyncio
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from bot.sandbox.container import Container
from bot.sandbox.state.attachments import Attachment
from bot.sandbox.state.mentions import Mentions
from bot.sandbox.state.messages import Message
from bot.sandbox.state.world import Channel

Json = dict[str, Any]

EVERY_S = 2.0  # no more than this is lost when the process is killed
_FIELDS_OF_0_1 = {"only": "visible_to", "interaction": "interaction_metadata"}  # of messages, in older folders


class Persistence:
    """Writes and reads the folder: `world.json` and `files/<id>`."""

    def __init__(self, container: Container, folder: Path) -> None:
        self._container = container
        self._folder = folder
        self._unsaved = False

    async def save_periodically(self) -> None:
        """Save soon after each change, until cancelled."""
        queue = self._container.events.subscribe()
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
                if not self._container.events.is_subscribed(queue):
                    queue = self._container.events.subscribe()
        finally:
            self._container.events.unsubscribe(queue)

    def save(self) -> None:
        """Write what is worth keeping."""
        self._write(*self._snapshot())

    def load(self) -> None:
        """Read what an earlier run wrote, if there was one."""
        path = self._folder / "world.json"
        if not path.exists():
            return
        saved = json.loads(path.read_text())
        self._container.attachments.key = bytes.fromhex(saved["key"])
        self._container.commands.load(saved["commands"])
        for dm in saved["dms"]:
            self._load_dm(dm)
        for message in saved["messages"]:
            if message["channel_id"] in self._container.world.channels:
                self._load_message(message)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _snapshot(self) -> tuple[str, dict[str, bytes]]:
        container = self._container
        kept = [message for message in container.messages.all() if not message.visible_to and not message.loading]
        world: Json = {
            "key": container.attachments.key.hex(),
            "commands": container.commands.all(),
            "dms": [asdict(channel) for channel in container.world.channels.values() if not channel.guild_id],
            "messages": [_message_json(message) for message in kept],
        }
        return json.dumps(world), {file.id: file.content for message in kept for file in message.attachments}

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
        for path in folder.iterdir():  # only now: what the old world refers to may go
            if path.name not in files:
                path.unlink()

    def _load_dm(self, dm: Json) -> None:
        channel = Channel(**dm | {"recipients": tuple(dm["recipients"])})
        one, other = (self._container.world.user(user_id) for user_id in channel.recipients)
        self._container.world.dm_channel(one, other, channel.id)
        self._container.snowflakes.skip_past(channel.id)

    def _load_message(self, saved: Json) -> None:
        values = {_FIELDS_OF_0_1.get(name, name): value for name, value in saved.items()}
        attachments = [file for one in values.pop("files") if (file := self._load_attachment(one))]
        mentions = Mentions(**values.pop("mentions"))
        message = Message(**values, attachments=attachments, mentions=mentions)
        self._container.messages.keep(message)
        self._container.snowflakes.skip_past(message.id)
        self._container.world.channel(message.channel_id).last_message_id = message.id

    def _load_attachment(self, saved: Json) -> Attachment | None:
        path = self._folder / "files" / saved["id"]
        if not path.exists():
            return None
        size_px = tuple(saved.pop("size_px") or ()) or None
        attachment = Attachment(**saved, size_px=size_px, content=path.read_bytes())
        self._container.attachments.keep(attachment)
        self._container.snowflakes.skip_past(attachment.id)
        return attachment


def _message_json(message: Message) -> Json:
    plain = {f.name: getattr(message, f.name) for f in fields(message) if f.name not in ("attachments", "mentions")}
    files = [
        {f.name: getattr(attachment, f.name) for f in fields(attachment) if f.name != "content"}
        for attachment in message.attachments
    ]
    return plain | {"files": files, "mentions": asdict(message.mentions)}
