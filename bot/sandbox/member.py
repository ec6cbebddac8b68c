"""A person in the hands of a test: the same verbs as over HTTP, as methods."""

from typing import Any

from bot.sandbox.errors import HumanError
from bot.sandbox.files import Upload
from bot.sandbox.human import do
from bot.sandbox.interaction import shown_modal
from bot.sandbox.limits.components import BUTTON, GALLERY, TEXT, media_of, walk
from bot.sandbox.messages import Flag
from bot.sandbox.parts import Parts
from bot.sandbox.verbs.ask import Ask
from bot.sandbox.view import View
from bot.sandbox.world import User

Json = dict[str, Any]


class Human:
    """Somebody who types, presses and speaks. Where no `channel` is given, it is the first one of the first guild."""

    def __init__(self, parts: Parts, name: str) -> None:
        self._parts = parts
        self.user: User = Ask({"as": name}).user(parts)
        self.id = self.user.id
        self._view = View(parts, self.user)

    # -- towards the bot -------------------------------------------------------------------------------------------

    async def slash(self, command: str, *, channel: str | None = None, **options: Any) -> "Shown":
        """Run a slash command; files are `Upload`s, and an option called `channel` is written `channel_`."""
        given = {name.removesuffix("_"): value for name, value in options.items()}
        return await self._act("slash", channel_id=self.channel(channel), command=command, options=given)

    async def autocomplete(self, command: str, focused: str, *, channel: str | None = None, **typed: Any) -> list[Json]:
        """Return what the bot offers for an option."""
        where = self.channel(channel)
        result = await self.do("autocomplete", channel_id=where, command=command, focused=focused, options=typed)
        return list(result["choices"])

    async def menu(
        self, command: str, *, message_id: str | None = None, user_id: str | None = None, channel: str | None = None
    ) -> "Shown":
        """Run a command from the menu of a message or a person."""
        target = {"message_id": message_id} if message_id else {"user_id": user_id, "channel_id": self.channel(channel)}
        return await self._act("context", command=command, **target)

    async def press(self, message_id: str, button: str) -> "Shown":
        """Press a button, by its custom_id or its label."""
        return await self._act("press", message_id=message_id, custom_id=self._custom_id(message_id, button))

    async def select(self, message_id: str, menu: str, *values: str) -> "Shown":
        """Choose from a menu, by its custom_id or placeholder."""
        custom_id = self._custom_id(message_id, menu)
        return await self._act("select", message_id=message_id, custom_id=custom_id, values=list(values))

    async def submit(self, interaction_id: str, **values: Any) -> "Shown":
        """Submit a form; the keys are custom_ids, or labels with `_` for spaces."""
        modal: Json = next((m["modal"] for m in self.modals() if m["interaction_id"] == interaction_id), {})
        by_label = {
            label["label"].replace(" ", "_"): label["component"]["custom_id"]
            for label in modal.get("components", [])
            if "component" in label
        }
        filled = {by_label.get(key, key): value for key, value in values.items()}
        return await self._act("submit", interaction_id=interaction_id, values=filled)

    # -- among people ----------------------------------------------------------------------------------------------

    async def say(
        self,
        content: str,
        *,
        channel: str | None = None,
        files: list[Upload] | None = None,
        reply_to: str | None = None,
    ) -> Json:
        """Say something; return the message."""
        asked = {"channel_id": self.channel(channel), "content": content, "files": files, "reply_to": reply_to}
        return dict((await self.do("say", **asked))["message"])

    async def voice(self, content: bytes, duration_s: float, *, channel: str | None = None) -> Json:
        """Send a voice message; return it."""
        upload = Upload(filename="voice-message.ogg", content=content, content_type="audio/ogg")
        asked = {"channel_id": self.channel(channel), "file": upload, "duration_secs": duration_s}
        return dict((await self.do("voice", **asked))["message"])

    async def react(self, message_id: str, emoji: str, *, remove: bool = False) -> None:
        """React to a message."""
        await self.do("react", message_id=message_id, emoji=emoji, remove=remove)

    async def dm(self, name: str | None = None) -> str:
        """Return the id of the conversation with somebody (default: the bot)."""
        other = name or self._parts.world.bot_id
        return str((await self.do("open_dm", user_id=other))["channel"]["id"])

    async def do(self, verb: str, **fields: Any) -> Json:
        """Carry out any verb of `docs/sandbox.md`; raise HumanError where a person could not."""
        return await do(self._parts, verb, Ask({"as": self.id, **fields}))

    # -- looking ---------------------------------------------------------------------------------------------------

    def state(self) -> Json:
        """Return everything that this person sees."""
        return self._view.state()

    def channel(self, name: str | None = None) -> str:
        """Return a channel's id from its name or id."""
        seen = [c for c in self._parts.world.channels.values() if self._parts.world.can_see(self.id, c)]
        for channel in seen:
            if name in (None, channel.id, channel.name):
                return channel.id
        raise HumanError("unknown_channel", f"{self.user.username} sees no channel {name}.", 404)

    def messages(self, channel: str | None = None) -> list[Json]:
        """Return the messages of a channel, oldest first."""
        return self._view.messages(self._parts.world.channel(self.channel(channel)))

    def message(self, message_id: str) -> Json:
        """Return a message as it is now."""
        return self._view.message(Ask({"message_id": message_id}).message(self._parts, self.user))

    def commands(self, guild_id: str | None = None) -> list[str]:
        """Return the names of the commands shown in a guild (default: the first), or in direct messages ('dm')."""
        shown = self._view.commands()
        return [
            c["name"]
            for c in (shown["dm"] if guild_id == "dm" else shown["guilds"][guild_id or next(iter(shown["guilds"]))])
        ]

    def modals(self) -> list[Json]:
        """Return the forms that are open."""
        return [shown_modal(i) for i in self._parts.interactions.modals_of(self.id)]

    def text(self, message_id: str) -> str:
        """Return all text of a message: its content and its text displays."""
        message = self.message(message_id)
        texts = [c["content"] for c, _ in walk(message["components"]) if c["type"] == TEXT]
        return "\n".join([message["content"], *texts]).strip()

    def buttons(self, message_id: str) -> list[str]:
        """Return the labels of a message's buttons that can be pressed."""
        found = [c for c, _ in walk(self.message(message_id)["components"]) if c["type"] == BUTTON]
        return [b.get("label") or b["emoji"]["name"] for b in found if not b.get("disabled")]

    def pictures(self, message_id: str) -> list[str]:
        """Return the addresses of the pictures in a message's galleries."""
        found = [c for c, _ in walk(self.message(message_id)["components"]) if c["type"] == GALLERY]
        return [media["url"] for gallery in found for media in media_of(gallery)]

    def read(self, url: str) -> bytes:
        """Return the bytes of a file by its address, as if downloaded."""
        stored = self._parts.files.named_by(url)
        if stored is None:
            raise HumanError("gone", "There is no such file any more.", 404)
        return stored.content

    async def _act(self, verb: str, **fields: Any) -> "Shown":
        result = await self.do(verb, **fields)
        return Shown(self, self._parts, result["interaction"]["id"])

    def _custom_id(self, message_id: str, wanted: str) -> str:
        for component, _ in walk(self.message(message_id)["components"]):
            if wanted in (component.get("custom_id"), component.get("label"), component.get("placeholder")):
                return str(component.get("custom_id"))
        raise HumanError("unknown_component", f"There is no {wanted} on this message.", 404)


class Shown:
    """What became of an act towards the bot."""

    def __init__(self, human: Human, parts: Parts, interaction_id: str) -> None:
        self._human = human
        self._bus = parts.bus
        self._interaction = parts.interactions.known(interaction_id)
        self.id = interaction_id

    @property
    def state(self) -> str:
        """pending, acknowledged, answered, modal or failed."""
        return self._interaction.state

    @property
    def error(self) -> str | None:
        """The sentence that is shown when it failed."""
        return self._interaction.error

    async def done(self, timeout_s: float = 10.0) -> str:
        """Wait until the bot has answered (or deferred) or it failed; return the state."""
        await self._bus.until(lambda: self.state != "pending", timeout_s)
        return self.state

    async def message(self, timeout_s: float = 10.0) -> Json:
        """Wait for the message that answers, a deferred one included, and return it."""
        await self._bus.until(lambda: self._interaction.original_id or self.state == "failed", timeout_s)
        if self.error or not self._interaction.original_id:
            raise HumanError("failed", self.error or "The message is gone.")
        return self._human.message(self._interaction.original_id)

    async def answer(self, timeout_s: float = 10.0) -> Json:
        """Wait for the message that answers, with its content, and return it."""
        message = await self.message(timeout_s)
        await self._bus.until(lambda: not self._human.message(message["id"])["flags"] & Flag.LOADING, timeout_s)
        return self._human.message(message["id"])

    async def form(self, timeout_s: float = 10.0) -> Json:
        """Wait for the form that the bot opens and return it."""
        await self._bus.until(lambda: self.state in ("modal", "failed"), timeout_s)
        if self.error or self._interaction.modal is None:
            raise HumanError("failed", self.error or "The form was closed.")
        return self._interaction.modal

    async def submit(self, **values: Any) -> "Shown":
        """Submit the form that the bot opened."""
        await self.form()
        return await self._human.submit(self.id, **values)
