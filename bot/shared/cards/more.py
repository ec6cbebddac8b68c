"""What else can be done with a result: a menu that only the one who asks for it sees.

Below a public card it is a message of its own, whose buttons do what they would do on the card. On a card that is seen
by one member alone, it takes the place of the card's buttons.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import discord
from discord import ui

from bot.shared.cards.job import job_card, title
from bot.shared.cards.job_buttons import DeleteButton, JobItem, content_here, is_for, show_job
from bot.shared.cards.job_kind import ButtonKeys, CardContent, kinds_of
from bot.shared.cards.layout import layout
from bot.shared.cards.picture_offers import Group, PictureOffer, picture_groups, rows_of, two_rows
from bot.shared.discord.interactions import is_operator
from bot.shared.discord.messages import discord_files
from bot.shared.discord.persistent_items import Answer
from bot.shared.errors import JobGone
from bot.shared.text.formatting import inline
from db.queue.job import Job
from inference.requests import from_json

WORDS_MAX = 120  # of what the menu is about
JobButton = Callable[[str], ui.Item[Any]]  # by its key


class BackButton(JobItem, verb="back"):
    """From the menu on a card back to the card's own buttons."""

    label = "Back"
    emoji = "↩️"
    for_all = True

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        await show_job(interaction, job)


class MoreButton(JobItem, verb="more"):
    """The menu of a card."""

    label = "More"
    emoji = "✨"
    answer = Answer.PRIVATE
    for_all = True

    async def find(self, interaction: discord.Interaction) -> Job:
        """Return the job; a card that one member sees becomes the menu itself."""
        if self.seen_alone(interaction):
            self.answer = Answer.UPDATE
        return await super().find(interaction)

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        kind, content = kinds_of(interaction)[job.kind], await content_here(interaction, job)
        if kind.menu is None or interaction.message is None:
            raise JobGone
        alone = self.seen_alone(interaction)
        keys = ButtonKeys(job.id, None if alone else interaction.message.id)
        theirs = is_for(interaction, job) or (is_operator(interaction) and interaction.guild_id == job.guild_id)
        groups = kind.menu(job, content, keys, theirs=theirs)
        if not alone:
            await interaction.edit_original_response(view=_menu(job, groups))
            return
        groups = [*groups[:-1], [*groups[-1], BackButton(job.id)]]
        kind = replace(kind, rows=lambda _job, _content: rows_of(groups))
        card = job_card(kind, job, content)
        await interaction.edit_original_response(view=card, attachments=discord_files(content.files))


def _menu(job: Job, groups: Sequence[Group]) -> ui.LayoutView:
    about = inline(title(from_json(job.request)), WORDS_MAX)
    return layout(ui.Container[ui.LayoutView](ui.TextDisplay(f"**More** for {about}"), *rows_of(groups)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultButtons:
    """What can be pressed below finished pictures: on their card in two rows, and in its menu, the rest."""

    offers: Sequence[PictureOffer]
    beside: Sequence[JobButton]  # of the whole job: on the card where there is room
    first: Sequence[JobButton] = ()  # what the first row of a card ends with
    rest: Sequence[JobButton]  # in the menu only

    def rows(self, job: Job, content: CardContent) -> list[ui.ActionRow[Any]]:
        """Return what is on a card; without pictures, that is little enough to have no menu."""
        if not content.pictures:
            return [ui.ActionRow(*(one(job.id) for one in (*self.first, *self.rest)), DeleteButton(job.id))]
        return self._arranged(job, content, ButtonKeys(job.id))[0]

    def menu(self, job: Job, content: CardContent, keys: ButtonKeys, *, theirs: bool) -> list[Group]:
        """Return what is in a card's menu."""
        own = [*(one(keys.job) for one in self.rest), *[DeleteButton(keys.job)] * theirs]
        return [*self._arranged(job, content, keys)[1], own]

    def _arranged(
        self, job: Job, content: CardContent, keys: ButtonKeys
    ) -> tuple[list[ui.ActionRow[Any]], list[Group]]:
        groups = [*picture_groups(self.offers, job, content, keys), *([one(keys.job)] for one in self.beside)]
        return two_rows(groups, ends=([one(job.id) for one in self.first], [MoreButton(job.id)]))


MENU_BUTTONS: tuple[type[Any], ...] = (MoreButton, BackButton)
