"""/train: train a subject from photos. /subjects: those that a member trained, or that are shared with them."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.train.preflight import look_at
from bot.features.train.subject_card import show_subject
from bot.features.train.subjects import own_subject_called, usable_with_pictures
from bot.features.train.subjects_card import SHOWN_MAX, subjects_card, subjects_files
from bot.features.train.training import PHOTOS_MAX, TrainingOptions, TrainingOrderRequest
from bot.shared.cards.asking import show
from bot.shared.discord.choices import subject_choices, trainable_choices
from bot.shared.discord.commands import UsesServices
from bot.shared.discord.interactions import acknowledge, context_of, in_time
from bot.shared.discord.messages import discord_files
from bot.shared.orders.quote import quote
from db.people.subjects import subjects_of_member

Name = app_commands.Range[str, 1, 32]
Steps = app_commands.Range[int, 20, 2000]


class SubjectCommands(commands.Cog, UsesServices):
    """Train subjects, and look after them."""

    @app_commands.command(description="Train a subject from 3 to 10 photos")
    @app_commands.describe(
        name="What to call it, such as Rex",
        kind="What it is, such as dog",
        model="Which model to train",
        steps="More steps give a closer likeness and cost more",
        keep_photos="Keep the photos with the subject; otherwise I delete them after the training",
        private="Only you can see the card; after 15 minutes the rest comes as a direct message",
        photo1="A photo, if you'd rather not use the form",
        **{f"photo{number}": "Another photo" for number in range(2, PHOTOS_MAX + 1)},
    )
    async def train(
        self,
        interaction: discord.Interaction,
        name: Name,
        kind: Name,
        model: app_commands.Range[str, 1, 32] | None = None,
        steps: Steps | None = None,
        keep_photos: bool = False,
        private: bool = False,
        photo1: discord.Attachment | None = None,
        photo2: discord.Attachment | None = None,
        photo3: discord.Attachment | None = None,
        photo4: discord.Attachment | None = None,
        photo5: discord.Attachment | None = None,
        photo6: discord.Attachment | None = None,
        photo7: discord.Attachment | None = None,
        photo8: discord.Attachment | None = None,
        photo9: discord.Attachment | None = None,
        photo10: discord.Attachment | None = None,
    ) -> None:
        """Look at the photos, or open the form that takes them."""
        options = TrainingOptions(
            name=name, class_noun=kind, model=model or "", steps=steps, keep_photos=keep_photos, private=private
        )
        given = (photo1, photo2, photo3, photo4, photo5, photo6, photo7, photo8, photo9, photo10)
        if photos := [photo for photo in given if photo is not None]:
            await look_at(interaction, options, photos)
        else:
            async with in_time():
                context = await context_of(interaction, private=private)
                outcome = await quote(self.services, TrainingOrderRequest(options=options), context)
            await show(interaction, outcome)

    @train.autocomplete("model")
    async def _models(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return trainable_choices(self.services.catalogue, typed)

    @app_commands.command(description="Show the subjects you trained, and those shared with you")
    @app_commands.describe(name="Open one of yours")
    async def subjects(self, interaction: discord.Interaction, name: Name | None = None) -> None:
        """Show the subjects that the member can use, or one of their own."""
        await acknowledge(interaction, private=True)
        if name is not None:
            subject = await own_subject_called(self.services, name, interaction.user.id)
            await show_subject(interaction, subject.id)
            return
        context = await context_of(interaction, private=True)
        found = await usable_with_pictures(self.services, context, pictured=SHOWN_MAX)
        await interaction.edit_original_response(
            view=subjects_card(found, interaction.user.id), attachments=discord_files(subjects_files(found))
        )

    @subjects.autocomplete("name")
    async def _own(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return subject_choices(await self.services.db.read(subjects_of_member, interaction.user.id), typed)
