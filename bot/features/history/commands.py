"""A member's own jobs: /queue, /cancel, /history, /show. And what there is: /models.

All answers are private, unless /show is told otherwise.
"""

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.history.cards import cancelled_text, job_choices, models_card, queue_card
from bot.features.history.dates import OFFERED
from bot.features.history.gallery import show_page
from bot.features.history.info import info_card
from bot.features.history.jobs import cancel_mine, find_mine, my_queue
from bot.features.history.search import TEXT_MAX, HistorySearch
from bot.shared.cards.job_buttons import show_job
from bot.shared.discord.choices import offered
from bot.shared.discord.commands import UsesServices
from bot.shared.discord.interactions import acknowledge, acknowledged_context, context_of, terms_of
from db.queue.finding import jobs_of_member
from db.queue.history import models_of_member
from db.queue.job import State

Found = app_commands.Range[str, 1, TEXT_MAX]  # something by which /history is searched


class Account(commands.Cog, UsesServices):
    """A member's own jobs, and the models."""

    @app_commands.command(description="Show your jobs and their place in the queue")
    async def queue(self, interaction: discord.Interaction) -> None:
        """Show what the member has in the queue."""
        await acknowledge(interaction, private=True)
        waiting = await my_queue(self.services, interaction.user.id)
        await interaction.edit_original_response(view=queue_card(waiting))

    @app_commands.command(description="Cancel a job and get its unused credits back")
    @app_commands.describe(job="Which job; leave empty for the newest")
    async def cancel(
        self, interaction: discord.Interaction, job: app_commands.Range[str, 1, 100] | None = None
    ) -> None:
        """Cancel one of the member's jobs."""
        await acknowledge(interaction, private=True)
        cancelled = await cancel_mine(self.services, interaction.user.id, job)
        await interaction.edit_original_response(content=cancelled_text(cancelled))

    @cancel.autocomplete("job")
    async def _jobs(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        waiting = await my_queue(self.services, interaction.user.id)
        return job_choices([one.job for one in waiting], typed)

    @app_commands.command(description="Look through what you made, and search it")
    @app_commands.describe(
        words="All of these are in the prompt",
        model="Made with this model",
        subject="With one of your subjects in it",
        date="Such as: yesterday, last 7 days, 2026-11, 2026-11-03 to 2026-11-09",
    )
    async def history(
        self,
        interaction: discord.Interaction,
        words: Found | None = None,
        model: Found | None = None,
        subject: Found | None = None,
        date: Found | None = None,
    ) -> None:
        """Show what has ended, with buttons that bring results back."""
        await acknowledge(interaction, private=True)
        search = HistorySearch(words=words or "", model=model or "", subject=subject or "", date=date or "")
        await show_page(interaction, search)

    @history.autocomplete("model")
    async def _models(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return offered(await self.services.db.read(models_of_member, interaction.user.id), typed)

    @history.autocomplete("subject")
    async def _subjects(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        subjects = (await context_of(interaction, private=True)).subjects
        return offered(sorted({subject.name for subject in subjects}), typed)

    @history.autocomplete("date")
    async def _dates(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return offered(OFFERED, typed)

    @app_commands.command(description="Show one of your results again, by its id")
    @app_commands.describe(job="Its id, as Info shows it", public="Show it to everybody here (default: only to you)")
    async def show(
        self, interaction: discord.Interaction, job: app_commands.Range[str, 1, 100], public: bool = False
    ) -> None:
        """Show a result, to its owner or in the channel."""
        context = await acknowledged_context(interaction, private=not public)
        found = await find_mine(self.services, job, context, public=public)
        await show_job(interaction, found)

    @show.autocomplete("job")
    async def _done(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        done = await self.services.db.read(jobs_of_member, interaction.user.id, states=(State.DONE,))
        return job_choices([job for job in done if not job.deleted], typed)

    @app_commands.command(description="Show your account: tier, credits, jobs, settings")
    async def info(self, interaction: discord.Interaction) -> None:
        """Show the member's account."""
        await acknowledge(interaction, private=True)
        terms = terms_of(self.services, interaction.user, interaction.guild_id)
        await interaction.edit_original_response(view=await info_card(self.services, interaction.user.id, terms))

    @app_commands.command(description="List the models and their licences")
    async def models(self, interaction: discord.Interaction) -> None:
        """Show the catalogue."""
        await interaction.response.send_message(view=models_card(self.services.catalogue), ephemeral=True)
