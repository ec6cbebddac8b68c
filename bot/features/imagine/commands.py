"""/imagine: a prompt into pictures."""

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.imagine.edit.forms import refusal_of_command
from bot.features.imagine.options import COUNT_MAX, SEED_MAX, ImagineOptions
from bot.features.imagine.order import imagine
from bot.features.imagine.prompt import GUIDANCE_MAX, PROMPT_MAX
from bot.features.imagine.sizes import aspect_choices
from bot.shared.cards.asking import show
from bot.shared.discord.attachments import attached_of
from bot.shared.discord.choices import model_choices, prompt_choices, style_choices, subject_choices
from bot.shared.discord.commands import REFUSAL_CARD, UsesServices
from bot.shared.discord.interactions import acknowledged_context, limits_of, roles_of
from bot.shared.discord.limits import PICTURES
from db.people.shares import usable_subjects

Prompt = app_commands.Range[str, 1, PROMPT_MAX + 200]  # with room for trailing parameters
Count = app_commands.Range[int, 1, COUNT_MAX]
Steps = app_commands.Range[int, 1, 150]  # the model's own limit is checked with the model
Guidance = app_commands.Range[float, 0.0, GUIDANCE_MAX]
Seed = app_commands.Range[int, 0, SEED_MAX]


class Imagine(commands.Cog, UsesServices):
    """The command that turns a prompt into pictures, and what is offered while it is typed."""

    @app_commands.command(description="Create pictures from a prompt", extras={REFUSAL_CARD: refusal_of_command})
    @app_commands.describe(
        prompt="What you want to see; add --ar 3:2, --seed 7, --no text and more at the end",
        image="A PNG, JPEG or WebP picture to begin from; some models edit it as you say",
        strength="With an image: how much of it changes, in percent (default: 60; none to edit it by words)",
        negative="What you don't want to see",
        count="How many pictures (default: 4)",
        aspect="A ratio such as 3:2, or a size such as 512x768",
        steps="More steps give finer pictures and cost more",
        guidance="How closely to follow the prompt (CFG scale)",
        seed="The same seed and prompt give the same pictures",
        model="Which model to use",
        style="Up to three styles of /styles, such as ink, pixel-art:0.8",
        subject="Up to three trained subjects, such as Rex, Blob:0.8",
        pace="fast uses credits; relaxed is free and runs when the queue is empty",
        private="Only you can see the pictures",
    )
    async def imagine(
        self,
        interaction: discord.Interaction,
        prompt: Prompt,
        image: discord.Attachment | None = None,
        strength: app_commands.Range[int, 0, 100] | None = None,
        negative: app_commands.Range[str, 1, PROMPT_MAX] | None = None,
        count: Count | None = None,
        aspect: app_commands.Range[str, 1, 12] | None = None,
        steps: Steps | None = None,
        guidance: Guidance | None = None,
        seed: Seed | None = None,
        model: app_commands.Range[str, 1, 32] | None = None,
        subject: app_commands.Range[str, 1, 100] | None = None,
        style: app_commands.Range[str, 1, 110] | None = None,
        pace: Literal["fast", "relaxed"] | None = None,
        private: bool = False,
    ) -> None:
        """Take what was typed, and answer with a card or a question."""
        if image is not None:
            limits_of(interaction).take(PICTURES, interaction.user.id)
        context = await acknowledged_context(interaction, private=private)
        options = ImagineOptions(
            prompt=prompt,
            image=attached_of(image) if image is not None else None,
            strength=strength,
            negative=negative,
            count=count,
            aspect=aspect,
            steps=steps,
            guidance=guidance,
            seed=seed,
            model=model,
            subject=subject,
            style=style,
            pace=pace,
        )
        await show(interaction, await imagine(self.services, options, context))

    @imagine.autocomplete("prompt")
    async def _prompts(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        catalogue, model = self.services.catalogue, getattr(interaction.namespace, "model", None)
        return prompt_choices(catalogue.vocabularies.get(model or catalogue.images[0].name), typed)

    @imagine.autocomplete("model")
    async def _models(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return model_choices(self.services.catalogue, typed)

    @imagine.autocomplete("subject")
    async def _subjects(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        user = interaction.user
        usable = await self.services.db.read(
            usable_subjects, user.id, guild_id=interaction.guild_id, role_ids=roles_of(user)
        )
        return subject_choices(usable, typed)

    @imagine.autocomplete("style")
    async def _styles(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return style_choices(self.services.catalogue, getattr(interaction.namespace, "model", None), typed)

    @imagine.autocomplete("aspect")
    async def _aspects(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return aspect_choices(self.services.catalogue, getattr(interaction.namespace, "model", None), typed)
