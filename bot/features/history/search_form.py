"""The form that searches what somebody made: by words, model, subject and date."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord
from discord import ui

from bot.features.history.search import TEXT_MAX, HistorySearch
from bot.shared.discord.choices import ROWS_MAX
from bot.shared.discord.forms import Form
from bot.shared.discord.interactions import acknowledge

ShowFound = Callable[[discord.Interaction, HistorySearch], Awaitable[None]]


class SearchForm(Form, title="Search what you made"):
    """What is looked for; all of it may be left out."""

    def __init__(
        self, search: HistorySearch, show: ShowFound, *, subjects: Sequence[str], models: Sequence[str]
    ) -> None:
        """Build it.

        Args:
            search: what is looked for so far.
            show: shows what is found, in an answer that was acknowledged.
            subjects: the names of those that can be chosen.
            models: the same of models.
        """
        super().__init__()
        self._show = show
        self._words = ui.TextInput[Any](max_length=TEXT_MAX, required=False, default=search.words or None)
        self._date = ui.TextInput[Any](max_length=TEXT_MAX, required=False, default=search.date or None)
        self._model, self._subject = _menu(models, search.model), _menu(subjects, search.subject)
        self.add_item(ui.Label(text="Words", description="All of them are in the prompt", component=self._words))
        if models:
            self.add_item(ui.Label(text="Model", component=self._model))
        if subjects:
            self.add_item(ui.Label(text="Subject", component=self._subject))
        hint = "today, last 7 days, 2026-11, 2026-11-03 to 2026-11-09"
        self.add_item(ui.Label(text="Date", description=hint, component=self._date))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Show what is found in the page's place."""
        search = HistorySearch(
            words=self._words.value,
            model=next(iter(self._model.values), ""),
            subject=next(iter(self._subject.values), ""),
            date=self._date.value,
        )
        await acknowledge(interaction, private=True, update=True)
        await self._show(interaction, search)


def _menu(names: Sequence[str], chosen: str) -> ui.Select[Any]:
    options = [discord.SelectOption(label=name, value=name, default=name == chosen) for name in names[:ROWS_MAX]]
    return ui.Select[Any](options=options, placeholder="Any", min_values=0, required=False)
