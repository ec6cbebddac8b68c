"""The page of what somebody made: thumbnails, a line for each, and buttons that open, turn and search."""

from collections.abc import Sequence
from typing import Any, Self

import discord
from discord import ui

from bot.features.history.opened import OPENED_ITEMS, OpenJobButton
from bot.features.history.pages import LAST_PAGE, HistoryEntry, HistoryPage, read_page, thumbnails_of
from bot.features.history.search import HistorySearch, search_on
from bot.features.history.search_form import SearchForm
from bot.shared.cards.job import MARKS, beginning, title
from bot.shared.cards.layout import layout
from bot.shared.cards.picture_offers import ROW_MAX
from bot.shared.discord.interactions import context_of, services_of
from bot.shared.discord.messages import discord_files
from bot.shared.discord.persistent_items import Answer, PersistentItem
from bot.shared.text.formatting import inline, moment, paid
from db.queue.history import models_of_member
from db.queue.job import State
from inference.requests import Kind, from_json

EMPTY = "**No finished jobs yet.** Try `/imagine`!"
NOTHING_FOUND = "**Nothing found.** *Search* looks for something else; leave all of it empty to see everything."
TITLE_MAX = 60  # characters of a line, so that nine of them are quickly looked over
SIGNS = {Kind.TRANSCRIBE: "🎙️ ", Kind.TRAIN: "🐕 ", Kind.UPSCALE: "🔍 "}


class HistoryPageButton(PersistentItem[int], topic="history", verb="page", key_form=r"\d{1,3}"):
    """Turn to a page, on the same card, which only its reader sees; what it was found by stands there."""

    @classmethod
    def labelled(cls, label: str, page: int) -> Self:
        """Return one that says where it leads."""
        return cls(str(page), ui.Button(custom_id=cls.id_for(str(page)), label=label))

    async def find(self, interaction: discord.Interaction) -> int:
        """Return the page's number, from 0."""
        return int(self.key)

    async def _act(self, interaction: discord.Interaction, page: int) -> None:
        await show_page(interaction, search_of(interaction), page)


SubjectsAndModels = tuple[Sequence[str], Sequence[str]]


class SearchButton(PersistentItem[SubjectsAndModels], topic="history", verb="search", key_form=r"\d{1,3}"):
    """Open the form that searches, with what the page was found by."""

    label = "Search"
    emoji = "🔎"
    answer = Answer.FORM

    async def find(self, interaction: discord.Interaction) -> SubjectsAndModels:
        """Return the names of the subjects and of the models that can be chosen."""
        context = await context_of(interaction, private=True)
        models = await services_of(interaction).db.read(models_of_member, interaction.user.id)
        return sorted({subject.name for subject in context.subjects}), models

    async def _act(self, interaction: discord.Interaction, found: SubjectsAndModels) -> None:
        subjects, models = found
        form = SearchForm(search_of(interaction), show_page, subjects=subjects, models=models)
        await form.open(interaction)


HISTORY_ITEMS: tuple[type[Any], ...] = (HistoryPageButton, SearchButton, *OPENED_ITEMS)


def search_of(interaction: discord.Interaction) -> HistorySearch:
    """Return what the page that was pressed was found by."""
    return search_on(interaction.message.components if interaction.message else ())


async def show_page(interaction: discord.Interaction, search: HistorySearch, number: int = 0) -> None:
    """Show a page in an answer that was acknowledged.

    Raises:
        BadParameter: what is looked for cannot be read.
    """
    page = await read_page(interaction, search, number)
    files = discord_files(thumbnails_of(page.entries))
    await interaction.edit_original_response(view=history_card(page), attachments=files)


def history_card(page: HistoryPage) -> ui.LayoutView:
    """Show what has ended, each with a number: in its thumbnail, before its words, and on the button that opens it."""
    card = ui.Container[ui.LayoutView](accent_colour=discord.Colour.blurple())
    said = page.search.said()
    if not page.entries:
        card.add_item(ui.TextDisplay(NOTHING_FOUND if said else EMPTY))
    else:
        card.add_item(ui.TextDisplay("**What you made**" + (f" · page {page.number + 1}" if page.number else "")))
    if thumbnails := thumbnails_of(page.entries):
        gallery = ui.MediaGallery[ui.LayoutView]()
        for one in thumbnails:
            gallery.add_item(media=f"attachment://{one.name}", description=one.alt, spoiler=one.spoiler)
        card.add_item(gallery)
    if page.entries:
        card.add_item(ui.TextDisplay("\n".join(_line(at, entry) for at, entry in enumerate(page.entries, 1))))
    if said:
        card.add_item(ui.TextDisplay(said))
    opens: list[ui.Item[Any]] = [OpenJobButton.numbered(at, entry.job) for at, entry in enumerate(page.entries, 1)]
    turns: list[ui.Item[Any]] = [HistoryPageButton.labelled("Newer", page.number - 1)] if page.number else []
    turns += [HistoryPageButton.labelled("Older", page.number + 1)] if page.more and page.number < LAST_PAGE else []
    search = [SearchButton(str(page.number))] if page.entries or said else []
    for row in (opens[:ROW_MAX], opens[ROW_MAX:], [*turns, *search]):
        _add_row(card, row)
    return layout(card)


def _add_row(card: ui.Container[Any], row: Sequence[ui.Item[Any]]) -> None:
    if row:
        card.add_item(ui.ActionRow[Any](*row))


def _line(number: int, entry: HistoryEntry) -> str:
    job, request = entry.job, from_json(entry.job.request)
    sign = f"{MARKS[job.state]} " if job.state is not State.DONE else SIGNS.get(request.kind, "")
    facts = f"{moment(job.queued_at)} · {paid(job, job.charged)}{beginning(request)}"
    missing = f" · *{entry.missing}*" if entry.missing else ""
    words = getattr(request, "words", "") or title(request)  # parameters are told where it is opened
    return f"**{number}** {sign}{inline(words, TITLE_MAX)}\n-# {facts}{missing}"
