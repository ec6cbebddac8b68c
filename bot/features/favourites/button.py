"""The button that keeps a result among one's favourites."""

import discord

from bot.shared.cards.job_buttons import JobItem
from bot.shared.discord.interactions import services_of
from bot.shared.discord.persistent_items import Answer
from bot.shared.errors import JobGone
from db.people.favourites import toggle_favourite
from db.queue.job import Job

KEPT = "⭐ That is one of your favourites now. `/favourites` shows them; press again to take it out."
TAKEN_OUT = "That is no longer one of your favourites. Press again to keep it after all."


class FavouriteButton(JobItem, verb="keep"):
    """Keep a result, whoever it is of; pressed again, keep it no more."""

    label = "Favourite"
    emoji = "⭐"
    answer = Answer.PRIVATE
    for_all = True

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        if job.deleted:
            raise JobGone
        kept = await services_of(interaction).db.write(toggle_favourite, interaction.user.id, job.id)
        await interaction.edit_original_response(content=KEPT if kept else TAKEN_OUT)
