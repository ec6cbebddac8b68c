"""The card of /settings: a member's habits, with buttons that change them. Only they see it."""

from dataclasses import dataclass
from typing import Any, ClassVar

import discord
from discord import ui

from bot.features.imagine.habits.suffix import SUFFIX_MAX, checked_suffix
from bot.shared.cards.layout import layout
from bot.shared.discord.forms import Form
from bot.shared.discord.interactions import acknowledge, services_of, terms_of
from bot.shared.discord.persistent_items import Answer, PersistentItem
from bot.shared.errors import Refused
from bot.shared.orders.asker import PACE, SUFFIX
from bot.shared.orders.quote import prefer_pace
from bot.shared.services import Services
from bot.shared.text.formatting import inline
from db.people.members import find_member, set_preferences
from db.queue.job import Pace

NOT_FREE = "Your role can't run jobs for free here. An operator decides which roles can."
PACES = {
    Pace.FAST: "**Fast:** your jobs use credits, and run as soon as it is your turn.",
    Pace.RELAXED: "**Relaxed:** your jobs are free, and run when the queue is empty.",
}
NO_SUFFIX = "**No suffix.** With one, such as `--ar 3:2 --no text`, all your prompts have these parameters."


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What a member prefers where they do not say."""

    pace: Pace = Pace.FAST
    suffix: str = ""


async def habits_of(services: Services, user_id: int) -> Habits:
    """Return a member's habits."""
    member = await services.db.read(find_member, user_id)
    kept = member.preferences if member else {}
    return Habits(pace=Pace(kept.get(PACE, Pace.FAST)), suffix=kept.get(SUFFIX, ""))


async def prefer_suffix(services: Services, user_id: int, typed: str) -> str:
    """Remember what all of a member's prompts end with; return it, empty where there is none any more.

    Raises:
        BadParameter, UnknownModel: it cannot be used.
    """
    suffix = checked_suffix(typed, services.catalogue)
    await services.db.write(set_preferences, user_id, {SUFFIX: suffix or None})
    return suffix


def suffix_text(suffix: str) -> str:
    """Say what the suffix is."""
    if not suffix:
        return NO_SUFFIX
    return f"**Suffix:** {inline(suffix, SUFFIX_MAX)}\n-# What you type in a prompt counts more."


def settings_card(habits: Habits) -> ui.LayoutView:
    """Show a member's habits, with what changes them."""
    paces = ui.ActionRow[Any](
        FastButton("all", disabled=habits.pace is Pace.FAST), RelaxedButton("all", disabled=habits.pace is Pace.RELAXED)
    )
    suffix = ui.ActionRow[Any](SuffixButton("all"), NoSuffixButton("all", disabled=not habits.suffix))
    card = ui.Container[ui.LayoutView](accent_colour=discord.Colour.blurple())
    for item in (ui.TextDisplay[Any](f"**Your settings**\n{PACES[habits.pace]}"), paces):
        card.add_item(item)
    for item in (ui.TextDisplay[Any](suffix_text(habits.suffix)), suffix):
        card.add_item(item)
    return layout(card)


class SettingsItem(PersistentItem[Habits], topic="settings", key_form="all"):
    """What the buttons of the card share: whoever presses, changes their own habits."""

    async def find(self, interaction: discord.Interaction) -> Habits:
        """Return the habits of the one who pressed, as they are before."""
        return await habits_of(services_of(interaction), interaction.user.id)

    async def _act(self, interaction: discord.Interaction, before: Habits) -> None:
        await self._change(services_of(interaction), interaction)
        habits = await habits_of(services_of(interaction), interaction.user.id)
        await interaction.edit_original_response(view=settings_card(habits))

    async def _change(self, services: Services, interaction: discord.Interaction) -> None:
        """Change a habit."""
        raise NotImplementedError


class FastButton(SettingsItem, verb="fast"):
    """Let jobs use credits."""

    label = "Fast"
    emoji = "⚡"
    pace: ClassVar[Pace] = Pace.FAST

    async def _change(self, services: Services, interaction: discord.Interaction) -> None:
        free = terms_of(services, interaction.user, interaction.guild_id).relaxed
        if self.pace is Pace.RELAXED and not free:
            raise Refused(NOT_FREE)
        await prefer_pace(services, interaction.user.id, self.pace)


class RelaxedButton(FastButton, verb="relax"):
    """Let jobs wait, for free."""

    label = "Relaxed"
    emoji = "🌙"
    pace = Pace.RELAXED


class NoSuffixButton(SettingsItem, verb="clear"):
    """Forget the suffix."""

    label = "Remove suffix"

    async def _change(self, services: Services, interaction: discord.Interaction) -> None:
        await prefer_suffix(services, interaction.user.id, "")


class SuffixButton(SettingsItem, verb="suffix"):
    """Ask for the suffix, by a form."""

    label = "Change suffix"
    emoji = "✏️"
    answer = Answer.FORM

    async def _act(self, interaction: discord.Interaction, before: Habits) -> None:
        await SuffixForm(before.suffix).open(interaction)


class SuffixForm(Form, title="Prompt suffix"):
    """Ask for the parameters that all prompts have."""

    def __init__(self, suffix: str) -> None:
        """Build it, with the suffix of now."""
        super().__init__()
        example = "--ar 3:2 --no text"
        self._suffix = ui.TextInput[Any](
            max_length=SUFFIX_MAX, default=suffix or None, placeholder=example, required=False
        )
        self.add_item(ui.Label(text="Parameters", component=self._suffix))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Remember what was typed, and show it on the card."""
        await acknowledge(interaction, private=True, update=interaction.message is not None)
        await prefer_suffix(services_of(interaction), interaction.user.id, self._suffix.value)
        habits = await habits_of(services_of(interaction), interaction.user.id)
        await interaction.edit_original_response(view=settings_card(habits))


SETTINGS_BUTTONS = (FastButton, RelaxedButton, NoSuffixButton, SuffixButton)
