"""One's own things: /queue, /cancel, /history, and what there is: /models, /help. All answers are private."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.cards.account import cancelled_text, help_card, history_card, models_card, queue_card
from bot.cogs.choices import job_choices
from bot.interactions import acknowledge
from bot.services.account import cancel_mine, my_history, my_queue
from bot.shared.studio import Studio


class Account(commands.Cog):
    """What is mine, and what there is."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    @app_commands.command()
    async def queue(self, interaction: discord.Interaction) -> None:
        """Show what you are waiting for, with its place in line."""
        await acknowledge(interaction, private=True)
        waiting = await my_queue(self.studio, interaction.user.id)
        await interaction.edit_original_response(view=queue_card(waiting))

    @app_commands.command()
    @app_commands.describe(job="Which one; empty: the newest")
    async def cancel(
        self, interaction: discord.Interaction, job: app_commands.Range[str, 1, 100] | None = None
    ) -> None:
        """Take back something you asked for; unused credits return to you."""
        await acknowledge(interaction, private=True)
        cancelled = await cancel_mine(self.studio, interaction.user.id, job)
        await interaction.edit_original_response(content=cancelled_text(cancelled))

    @cancel.autocomplete("job")
    async def _jobs(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        waiting = await my_queue(self.studio, interaction.user.id)
        return job_choices([one.job for one in waiting], typed)

    @app_commands.command()
    async def history(self, interaction: discord.Interaction) -> None:
        """Show what you asked for lately, and bring results back."""
        await acknowledge(interaction, private=True)
        jobs = await my_history(self.studio, interaction.user.id)
        await interaction.edit_original_response(view=history_card(jobs))

    @app_commands.command()
    async def models(self, interaction: discord.Interaction) -> None:
        """Show which models there are, and their licences."""
        await interaction.response.send_message(view=models_card(self.studio.catalogue), ephemeral=True)

    @app_commands.command()
    async def help(self, interaction: discord.Interaction) -> None:
        """Show what I can do."""
        await interaction.response.send_message(view=help_card(gifts=self.studio.rules.gifts), ephemeral=True)
