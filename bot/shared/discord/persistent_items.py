"""Buttons and menus: what they share, whatever they are about.

A button or menu carries a topic, a verb and a key (the id of what it is about) in its custom_id, and nothing else, so
that it works for ever: after a restart, the id is all that is needed.
"""

import asyncio
import re
from enum import Enum
from typing import Any, ClassVar, Generic, Self, TypeVar

import discord
from discord import ui

from bot.shared.discord.explain import explain
from bot.shared.discord.interactions import acknowledge, in_time, limits_of, seen_privately

ID = "[0-9a-z]{26}"  # of jobs, subjects, drafts and offers
SOON_S = 1.0  # for finding what was pressed before it is acknowledged
ItemT = TypeVar("ItemT")


class Answer(Enum):
    """How a press is answered."""

    UPDATE = "by an edit of the message that was pressed, or not at all"
    PRIVATE = "by a message to the one who pressed"
    ALIKE = "by a message to all who see the one that was pressed"
    FORM = "by a form, which is the first answer or none"


class PersistentItem(ui.DynamicItem[Any], Generic[ItemT], template="none"):
    """A button or menu that outlives restarts: it finds what it is about, acts on it, and explains what goes wrong.

    A topic's first class names the topic (and what its keys look like, if they are not ids) and says in `find` how its
    things are found and who may have them. The others name a verb, how they look and how they answer, and do in `_act`
    what they say.
    """

    topic: ClassVar[str] = "none"
    verb: ClassVar[str] = "none"
    key_form: ClassVar[str] = ID
    label: ClassVar[str] = ""
    emoji: ClassVar[str | None] = None
    style: ClassVar[discord.ButtonStyle] = discord.ButtonStyle.secondary
    answer: Answer = Answer.UPDATE  # `find` may change it for the one who pressed

    def __init_subclass__(cls, *, verb: str = "none", topic: str = "", key_form: str = "") -> None:
        cls.verb = verb
        cls.topic = topic or cls.topic
        cls.key_form = key_form or cls.key_form
        super().__init_subclass__(template=f"{cls.topic}:{verb}:(?P<key>{cls.key_form})")

    def __init__(self, key: str, item: ui.Item[Any] | None = None, *, disabled: bool = False) -> None:
        """Build it.

        Args:
            key: the id of what it is about.
            item: a menu; None: a button that looks as the class says.
            disabled: whether that button cannot be pressed.
        """
        self.key = key
        looks: dict[str, Any] = {"label": self.label, "emoji": self.emoji, "style": self.style, "disabled": disabled}
        super().__init__(item or ui.Button(custom_id=self.id_for(key), **looks))

    @classmethod
    def id_for(cls, key: str) -> str:
        """Return the custom_id of an item about `key`."""
        return f"{cls.topic}:{cls.verb}:{key}"

    @classmethod
    async def from_custom_id(cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str]) -> Self:
        """Build it again from what it carries."""
        return cls(match["key"], item)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Do what it says, for those who may and not too often."""
        try:
            limits_of(interaction).take(f"{self.topic}:{self.verb}", interaction.user.id)
            await self._act(interaction, await self._found_in_time(interaction))
        except Exception as error:  # discord.py only logs what a dynamic item raises
            await explain(interaction, error)

    async def _found_in_time(self, interaction: discord.Interaction) -> ItemT:
        """Find what it is about, and acknowledge: afterwards, so that a refusal is private; but not too late."""
        if self.answer is Answer.FORM:
            async with in_time():
                return await self.find(interaction)
        finding = asyncio.ensure_future(self.find(interaction))
        try:
            await asyncio.wait([finding], timeout=SOON_S)
            if not finding.done():
                await self._acknowledge(interaction)
            found = await finding
        finally:
            finding.cancel()
        if not interaction.response.is_done():
            await self._acknowledge(interaction)
        return found

    async def _acknowledge(self, interaction: discord.Interaction) -> None:
        private = self.answer is not Answer.ALIKE or self.seen_alone(interaction)
        await acknowledge(interaction, private=private, update=self.answer is Answer.UPDATE)

    def seen_alone(self, interaction: discord.Interaction) -> bool:
        """Tell whether what it belongs to is shown to one member alone."""
        return seen_privately(interaction)

    async def find(self, interaction: discord.Interaction) -> ItemT:
        """Return what it is about.

        Raises:
            Refused: it is gone, or somebody else's.
        """
        raise NotImplementedError

    async def _act(self, interaction: discord.Interaction, found: ItemT, /) -> None:
        """Do what the item's class says."""
        raise NotImplementedError
