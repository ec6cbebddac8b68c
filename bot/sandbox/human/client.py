"""Acting as a person from a test: the same actions as over HTTP, as methods."""

from typing import Any

from bot.sandbox.container import Container
from bot.sandbox.errors import HumanError
from bot.sandbox.human.actions import perform
from bot.sandbox.human.request import HumanRequest
from bot.sandbox.human.view import MemberView
from bot.sandbox.limits.components import media_items, walk
from bot.sandbox.state.attachments import Upload
from bot.sandbox.state.enums import ComponentType
from bot.sandbox.state.messages import MessageFlag
from bot.sandbox.state.world import User

Json = dict[str, Any]


class HumanClient:
    """One person, who types, presses and speaks.

    A `channel` is given by its name or id; without one, it is the first of the first guild.
    """

    def __init__(self, container: Container, name: str) -> None:
        self._container = container
        self.user: User = HumanRequest({"as": name}).user(container)
        self.id = self.user.id
        self._view = MemberView(container, self.user)

    # -- towards the bot -------------------------------------------------------------------------------------------

    async def slash(self, command: str, *, channel: str | None = None, **options: Any) -> "InteractionResult":
        """Run a slash command; attachments are `Upload`s, and an option called `channel` is written `channel_`."""
        given = {name.removesuffix("_"): value for name, value in options.items()}
        return await self._interact("slash", channel_id=self.channel(channel), command=command, options=given)

    async def autocomplete(self, command: str, focused: str, *, channel: str | None = None, **typed: Any) -> list[Json]:
        """Return the choices that the bot offers for the option `focused`."""
        where = self.channel(channel)
        result = await self.do("autocomplete", channel_id=where, command=command, focused=focused, options=typed)
        return list(result["choices"])

    async def context_menu(
        self, command: str, *, message_id: str | None = None, user_id: str | None = None, channel: str | None = None
    ) -> "InteractionResult":
        """Run a command from the context menu of a message or a user."""
        target = {"message_id": message_id} if message_id else {"user_id": user_id, "channel_id": self.channel(channel)}
        return await self._interact("context", command=command, **target)

    async def press(self, message_id: str, button: str) -> "InteractionResult":
        """Press a button, by its custom id or label."""
        return await self._interact("press", message_id=message_id, custom_id=self._custom_id(message_id, button))

    async def select(self, message_id: str, menu: str, *values: str) -> "InteractionResult":
        """Choose from a select menu, by its custom id or placeholder."""
        custom_id = self._custom_id(message_id, menu)
        return await self._interact("select", message_id=message_id, custom_id=custom_id, values=list(values))

    async def submit(self, interaction_id: str, **values: Any) -> "InteractionResult":
        """Submit a modal; the keys are custom ids, or labels with `_` for spaces."""
        modal: Json = next((m["modal"] for m in self.modals() if m["interaction_id"] == interaction_id), {})
        by_label = {
            label["label"].replace(" ", "_"): label["component"]["custom_id"]
            for label in modal.get("components", [])
            if "component" in label
        }
        filled = {by_label.get(key, key): value for key, value in values.items()}
        return await self._interact("submit", interaction_id=interaction_id, values=filled)

    # -- among people ----------------------------------------------------------------------------------------------

    async def say(
        self,
        content: str,
        *,
        channel: str | None = None,
        files: list[Upload] | None = None,
        reply_to: str | None = None,
    ) -> Json:
        """Send a message.

        Args:
            content: its text.
            channel: where.
            files: its attachments.
            reply_to: the id of the message that this replies to.

        Returns:
            The message.
        """
        asked = {"channel_id": self.channel(channel), "content": content, "files": files, "reply_to": reply_to}
        return dict((await self.do("say", **asked))["message"])

    async def voice(self, content: bytes, duration_s: float, *, channel: str | None = None) -> Json:
        """Send a voice message, and return it."""
        upload = Upload(filename="voice-message.ogg", content=content, content_type="audio/ogg")
        asked = {"channel_id": self.channel(channel), "file": upload, "duration_secs": duration_s}
        return dict((await self.do("voice", **asked))["message"])

    async def react(self, message_id: str, emoji: str, *, remove: bool = False) -> None:
        """React to a message, or take the reaction back."""
        await self.do("react", message_id=message_id, emoji=emoji, remove=remove)

    async def dm(self, name: str | None = None) -> str:
        """Return the id of the direct-message channel with a user; without a name, with the bot."""
        other = name or self._container.world.bot_id
        return str((await self.do("open_dm", user_id=other))["channel"]["id"])

    async def do(self, action: str, **fields: Any) -> Json:
        """Do any of the actions of `docs/sandbox.md`.

        Raises:
            HumanError: if a person could not do this.
        """
        return await perform(self._container, action, HumanRequest({"as": self.id, **fields}))

    # -- seeing ----------------------------------------------------------------------------------------------------

    def state(self) -> Json:
        """Return everything that this person sees."""
        return self._view.state()

    def channel(self, name: str | None = None) -> str:
        """Return the id of a channel.

        Raises:
            HumanError: if this person sees none of that name.
        """
        seen = [c for c in self._container.world.channels.values() if self._container.world.can_see(self.id, c)]
        for channel in seen:
            if name in (None, channel.id, channel.name):
                return channel.id
        raise HumanError("unknown_channel", f"{self.user.username} sees no channel {name}.", 404)

    def messages(self, channel: str | None = None) -> list[Json]:
        """Return the messages of a channel, oldest first."""
        return self._view.messages(self._container.world.channel(self.channel(channel)))

    def message(self, message_id: str) -> Json:
        """Return a message as it is now."""
        return self._view.message(HumanRequest({"message_id": message_id}).message(self._container, self.user))

    def commands(self, guild_id: str | None = None) -> list[str]:
        """Return the names of the commands in a guild (None: the first), or in direct messages ('dm')."""
        shown = self._view.commands()
        return [
            c["name"]
            for c in (shown["dm"] if guild_id == "dm" else shown["guilds"][guild_id or next(iter(shown["guilds"]))])
        ]

    def modals(self) -> list[Json]:
        """Return the modals that are open."""
        return [i.modal_json() for i in self._container.interactions.with_open_modal(self.id)]

    def text(self, message_id: str) -> str:
        """Return all text of a message: its content and its text displays."""
        message = self.message(message_id)
        texts = [c["content"] for c, _ in walk(message["components"]) if c["type"] == ComponentType.TEXT_DISPLAY]
        return "\n".join([message["content"], *texts]).strip()

    def buttons(self, message_id: str) -> list[str]:
        """Return the labels of the buttons of a message that can be pressed."""
        found = [c for c, _ in walk(self.message(message_id)["components"]) if c["type"] == ComponentType.BUTTON]
        return [b.get("label") or b["emoji"]["name"] for b in found if not b.get("disabled")]

    def pictures(self, message_id: str) -> list[str]:
        """Return the addresses of the pictures in the media galleries of a message."""
        found = [c for c, _ in walk(self.message(message_id)["components"]) if c["type"] == ComponentType.MEDIA_GALLERY]
        return [media["url"] for gallery in found for media in media_items(gallery)]

    def read(self, url: str) -> bytes:
        """Return the content of a file by its address, as if downloaded.

        Raises:
            HumanError: if it is gone.
        """
        attachment = self._container.attachments.find_by_url(url)
        if attachment is None:
            raise HumanError("gone", "There is no such file any more.", 404)
        return attachment.content

    async def _interact(self, action: str, **fields: Any) -> "InteractionResult":
        result = await self.do(action, **fields)
        return InteractionResult(self, self._container, result["interaction"]["id"])

    def _custom_id(self, message_id: str, wanted: str) -> str:
        for component, _ in walk(self.message(message_id)["components"]):
            if wanted in (component.get("custom_id"), component.get("label"), component.get("placeholder")):
                return str(component.get("custom_id"))
        raise HumanError("unknown_component", f"There is no {wanted} on this message.", 404)


class InteractionResult:
    """What becomes of an interaction that a person started."""

    def __init__(self, client: HumanClient, container: Container, interaction_id: str) -> None:
        self._client = client
        self._events = container.events
        self._interaction = container.interactions.get(interaction_id)
        self.id = interaction_id

    @property
    def state(self) -> str:
        """One of: pending, acknowledged, answered, modal, failed."""
        return self._interaction.state

    @property
    def error(self) -> str | None:
        """The sentence that is shown if it failed."""
        return self._interaction.error

    async def done(self, timeout_s: float = 60.0) -> str:
        """Wait until the bot has responded (or deferred), or it failed; return the state."""
        await self._events.until(lambda: self.state != "pending", timeout_s)
        return self.state

    async def message(self, timeout_s: float = 60.0) -> Json:
        """Wait for the message that is the response, even if it is only deferred, and return it.

        Raises:
            HumanError: if it failed.
        """
        await self._events.until(lambda: self._interaction.original_response_id or self.state == "failed", timeout_s)
        if self.error or not self._interaction.original_response_id:
            raise HumanError("failed", self.error or "The message is gone.")
        return self._client.message(self._interaction.original_response_id)

    async def answer(self, timeout_s: float = 60.0) -> Json:
        """Wait for the message that is the response, with its content, and return it.

        Raises:
            HumanError: if it failed.
        """
        message = await self.message(timeout_s)
        await self._events.until(
            lambda: not self._client.message(message["id"])["flags"] & MessageFlag.LOADING, timeout_s
        )
        return self._client.message(message["id"])

    async def modal(self, timeout_s: float = 60.0) -> Json:
        """Wait for the modal that the bot opens, and return it.

        Raises:
            HumanError: if it failed, or the modal was closed.
        """
        await self._events.until(lambda: self.state in ("modal", "failed"), timeout_s)
        if self.error or self._interaction.modal is None:
            raise HumanError("failed", self.error or "The modal was closed.")
        return self._interaction.modal

    async def submit(self, **values: Any) -> "InteractionResult":
        """Submit the modal that the bot opened."""
        await self.modal()
        return await self._client.submit(self.id, **values)
