"""/blend: two to five pictures into new ones. Models that can be shown them see each; others begin from an average."""

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.features.imagine.commands import Count, Prompt
from bot.features.imagine.edit.forms import refusal_card
from bot.features.imagine.options import BLEND, ImagineOptions
from bot.features.imagine.order import imagine
from bot.features.imagine.prompt import parse_prompt
from bot.features.imagine.sizes import aspect_choices
from bot.shared.cards.asking import show
from bot.shared.discord.attachments import attached_of
from bot.shared.discord.choices import model_choices
from bot.shared.discord.commands import REFUSAL_CARD, UsesServices
from bot.shared.discord.interactions import acknowledged_context, limits_of
from bot.shared.discord.limits import PICTURES
from bot.shared.errors import BadParameter


def blend_prompt(typed: str) -> str:
    """Return what is asked for: what was typed, or where that is parameters alone or nothing, to blend the pictures."""
    try:
        parse_prompt(typed)
    except BadParameter:  # if it is not for want of words, that is said of the same text once more
        return f"{BLEND} {typed}".strip()
    return typed


def _refusal(interaction: discord.Interaction, text: str) -> ui.LayoutView | None:
    typed = interaction.namespace.prompt
    return refusal_card(text, str(typed), "") if typed else None


class Blend(commands.Cog, UsesServices):
    """The command that blends pictures."""

    @app_commands.command(description="Blend two to five pictures into new ones", extras={REFUSAL_CARD: _refusal})
    @app_commands.describe(
        image1="A PNG, JPEG or WebP picture",
        image2="Another one",
        prompt="What you want to see of them; add --seed 7, --strength 50 and more at the end",
        aspect="A ratio such as 3:2, or a size such as 512x768",
        count="How many pictures (default: 4)",
        model="Which model to use",
        private="Only you can see the pictures",
    )
    async def blend(
        self,
        interaction: discord.Interaction,
        image1: discord.Attachment,
        image2: discord.Attachment,
        image3: discord.Attachment | None = None,
        image4: discord.Attachment | None = None,
        image5: discord.Attachment | None = None,
        prompt: Prompt | None = None,
        aspect: app_commands.Range[str, 1, 12] | None = None,
        count: Count | None = None,
        model: app_commands.Range[str, 1, 32] | None = None,
        private: bool = False,
    ) -> None:
        """Take the pictures, and answer with a card or a question."""
        images = [attached_of(one) for one in (image1, image2, image3, image4, image5) if one is not None]
        for _ in images:
            limits_of(interaction).take(PICTURES, interaction.user.id)
        context = await acknowledged_context(interaction, private=private)
        options = ImagineOptions(
            prompt=blend_prompt(prompt or ""),
            image=images[0],
            also=tuple(images[1:]),
            aspect=aspect,
            count=count,
            model=model,
        )
        await show(interaction, await imagine(self.services, options, context))

    @blend.autocomplete("model")
    async def _models(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return model_choices(self.services.catalogue, typed)

    @blend.autocomplete("aspect")
    async def _aspects(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return aspect_choices(self.services.catalogue, getattr(interaction.namespace, "model", None), typed)
