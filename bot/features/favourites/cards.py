"""What favourites and sent results look like."""

from collections.abc import Sequence
from typing import Any, Self

import discord
from discord import ui

from bot.shared.cards.job import job_card, title
from bot.shared.cards.job_buttons import ShowButton
from bot.shared.cards.job_kind import CardContent, JobKind
from bot.shared.cards.layout import layout
from bot.shared.discord.interactions import services_of
from bot.shared.discord.persistent_items import PersistentItem
from bot.shared.text.formatting import harmless, inline, moment
from db.people.favourites import remove_favourite
from db.queue.finding import favourite_jobs
from db.queue.job import Job
from inference.requests import from_json

PAGE = 6  # favourites at a time, which is a phone's screen
EMPTY = "**No favourites yet.** Press *Favourite* on a result, or react with ⭐, to keep it here."
OPTION_MAX = 90  # characters; the platform takes 100


class FavouritesPageButton(PersistentItem[int], topic="favourite", verb="page", key_form=r"\d{1,3}"):
    """Turn to a page, on the same card, which only its reader sees."""

    @classmethod
    def labelled(cls, label: str, page: int) -> Self:
        """Return one that says where it leads."""
        return cls(str(page), ui.Button(custom_id=cls.id_for(str(page)), label=label))

    async def find(self, interaction: discord.Interaction) -> int:
        """Return the page's number, from 0."""
        return int(self.key)

    async def _act(self, interaction: discord.Interaction, page: int) -> None:
        view = await favourites_view(interaction, page)
        await interaction.edit_original_response(view=view)


class RemoveFavouriteSelect(FavouritesPageButton, verb="remove"):
    """Take one of those that a page shows from the favourites; its result stays."""

    @classmethod
    def of(cls, page: int, jobs: Sequence[Job]) -> Self:
        """Return the menu of a page."""
        options = [
            discord.SelectOption(label=harmless(title(from_json(job.request)), OPTION_MAX) or job.id, value=job.id)
            for job in jobs
        ]
        menu = ui.Select[Any](custom_id=cls.id_for(str(page)), placeholder="Remove one …", options=options)
        return cls(str(page), menu)

    async def _act(self, interaction: discord.Interaction, page: int) -> None:
        await services_of(interaction).db.write(remove_favourite, interaction.user.id, self.item.values[0])
        await super()._act(interaction, page)


FAVOURITE_ITEMS: tuple[type[Any], ...] = (FavouritesPageButton, RemoveFavouriteSelect)


async def favourites_view(interaction: discord.Interaction, page: int) -> ui.LayoutView:
    """Read a page of somebody's favourites, or the last that has any, and return its card."""
    services, user_id = services_of(interaction), interaction.user.id
    while True:
        first = page * PAGE
        found = await services.db.read(favourite_jobs, user_id, limit=PAGE + 1, offset=first)
        if found or not page:
            return favourites_card(found[:PAGE], user_id, page=page, more=len(found) > PAGE)
        page -= 1


def favourites_card(jobs: Sequence[Job], user_id: int, *, page: int = 0, more: bool = False) -> ui.LayoutView:
    """Show favourites: one's own with a button that shows them, others' with a link to where they are.

    Args:
        jobs: those of the page.
        user_id: whose favourites they are.
        page: its number, from 0.
        more: whether another follows.
    """
    card = ui.Container[ui.LayoutView](accent_colour=discord.Colour.gold())
    if not jobs:
        card.add_item(ui.TextDisplay(EMPTY))
        return layout(card)
    card.add_item(ui.TextDisplay("**Your favourites**"))
    for job in jobs:
        text = f"⭐ {inline(title(from_json(job.request)))}\n-# {moment(job.queued_at)} · job `{job.id}`"
        card.add_item(ui.Section(ui.TextDisplay(text), accessory=_way_to(job, user_id)))
    turns = [FavouritesPageButton.labelled("Newer", page - 1)] if page else []
    turns += [FavouritesPageButton.labelled("Older", page + 1)] if more else []
    if turns:
        card.add_item(ui.ActionRow[Any](*turns))
    card.add_item(ui.ActionRow[Any](RemoveFavouriteSelect.of(page, jobs)))
    return layout(card)


def _way_to(job: Job, user_id: int) -> ui.Item[Any]:
    """Return what leads to a result; the platform decides who may see another's message."""
    if job.user_id == user_id or job.message_id is None:
        return ShowButton(job.id)
    return ui.Button(label="Open", url=message_link(job.guild_id, job.channel_id, job.message_id))


def message_link(guild_id: int | None, channel_id: int, message_id: int) -> str:
    """Return the platform's link to a message."""
    return f"https://discord.com/channels/{guild_id or '@me'}/{channel_id}/{message_id}"


def sent_card(kind: JobKind, job: Job, content: CardContent, where: str) -> ui.LayoutView:
    """Show a result to the one who had it sent: what its card says, its id, and where it is from.

    Args:
        kind: of the job, without buttons.
        job: the job.
        content: what may be shown of it in a direct message.
        where: the link to its card.
    """
    card = job_card(kind, job, content)
    card.add_item(ui.TextDisplay(f"-# job `{job.id}` · [where it is from]({where}) · `/show` shows your own again"))
    return card
