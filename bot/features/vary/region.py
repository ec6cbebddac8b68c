"""Vary (Region): the picture under a numbered grid, and the form for its cells, or a mask, and what shall be there.

Where there is a page for it, the mask can be painted as well (`bot.features.vary.painting`).
"""

import asyncio
from collections.abc import Collection
from typing import Any, ClassVar

import discord
from discord import ui

from bot.features.vary.changes import Change
from bot.features.vary.grid import CELLS, numbered
from bot.features.vary.order import USE, VaryOrderRequest, vary
from bot.features.vary.painting import painting_address
from bot.features.vary.sources import drawn_from
from bot.shared.cards.asking import show
from bot.shared.cards.job_buttons import PictureItem, is_for
from bot.shared.cards.layout import layout
from bot.shared.discord.attachments import attached_of
from bot.shared.discord.forms import Form
from bot.shared.discord.interactions import acknowledge, context_of, in_time, limits_of, services_of
from bot.shared.discord.limits import PICTURES
from bot.shared.discord.messages import discord_files
from bot.shared.discord.persistent_items import ID, Answer
from bot.shared.files.pictures import Picture
from bot.shared.orders.source_pictures import source_picture
from bot.shared.text.formatting import first_part
from db.queue.job import Job

PROMPT_MAX = 1000
GRID_NAME = "grid.webp"
ASKED = "**Which part of picture {} should be drawn anew?** Choose cells, {}or send a mask of your own."
PAINT_IT = "paint it within ten minutes, "


async def show_grid(interaction: discord.Interaction, job: Job, number: int, *, private: bool) -> None:
    """Show a picture under the grid, in a private answer that was acknowledged.

    Args:
        interaction: what is answered.
        job: the job that made it.
        number: which of its pictures, from 1.
        private: only the one who asks will see the result.

    Raises:
        PictureGone, NotYours, Refused: it cannot be had by them, or not here.
    """
    services = services_of(interaction)
    picture = await source_picture(services, job, number, await context_of(interaction, private=True), use=USE)
    whole = await services.files.get(picture.key)
    content = await asyncio.to_thread(numbered, whole)
    shown = Picture(GRID_NAME, content, f"Picture {number} under a grid of {CELLS} numbered cells")
    gallery = ui.MediaGallery[ui.LayoutView]()
    gallery.add_item(media=f"attachment://{shown.name}", description=shown.alt)
    buttons: list[ui.Item[Any]] = [ChooseCellsButton(f"{job.id}:{number}:{'private' if private else 'public'}")]
    if services.paint_links.url:
        words = (await drawn_from(services, job)).words
        address = painting_address(interaction, job, number, content=whole, words=words, private=private)
        buttons.append(ui.Button(label="Paint", emoji="🖌️", url=address))
    asked = ASKED.format(number, PAINT_IT if services.paint_links.url else "")
    view = layout(ui.TextDisplay(asked), gallery, ui.ActionRow[Any](*buttons))
    await interaction.edit_original_response(view=view, attachments=discord_files([shown]))


class ChooseCellsButton(PictureItem, verb="cells", key_form=rf"{ID}:\d{{1,2}}:(?:public|private)"):
    """The form about the cells of a picture that is shown under the grid."""

    label = "Choose cells"
    emoji = "🔲"
    style = discord.ButtonStyle.primary
    answer = Answer.FORM
    for_all: ClassVar[bool] = True

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        async with in_time():
            words = (await drawn_from(services_of(interaction), job)).words
        await RegionForm(job, self.number, words, private=self.key.endswith("private")).open(interaction)


class RegionForm(Form, title="Vary (Region)"):
    """Which cells of a picture, or which mask, and what shall be there."""

    def __init__(self, job: Job, number: int, words: str, *, private: bool, cells: Collection[int] = ()) -> None:
        """Build it.

        Args:
            job: the job that made the picture.
            number: which of its pictures, from 1.
            words: what the picture shows, to begin with.
            private: only the one who sends it will see the result.
            cells: those that are chosen to begin with.
        """
        super().__init__()
        self._job, self._number, self._private = job, number, private
        options = [
            discord.SelectOption(label=f"Cell {cell}", value=str(cell), default=cell in cells)
            for cell in range(1, CELLS + 1)
        ]
        self._cells = ui.Select[Any](
            options=options, placeholder="Which cells?", min_values=0, max_values=CELLS, required=False
        )
        self._prompt = ui.TextInput[Any](
            style=discord.TextStyle.paragraph, max_length=PROMPT_MAX, default=first_part(words, PROMPT_MAX) or None
        )
        self._mask = ui.FileUpload[Any](min_values=0, max_values=1, required=False)
        self.add_item(ui.Label(text="Cells", component=self._cells))
        self.add_item(ui.Label(text="What should be there", component=self._prompt))
        hint = "Of the picture's size: white is drawn anew, black is kept. PNG, JPEG or WebP"
        self.add_item(ui.Label(text="Or a mask", description=hint, component=self._mask))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Have it drawn; others are asked first."""
        sent = next(iter(self._mask.values), None)
        if sent is not None:
            limits_of(interaction).take(PICTURES, interaction.user.id)
        await acknowledge(interaction, private=self._private or not is_for(interaction, self._job))
        wanted = VaryOrderRequest(
            source_job_id=self._job.id,
            number=self._number,
            change=Change.REGION,
            prompt=self._prompt.value,
            cells=tuple(sorted(int(cell) for cell in self._cells.values)),
            mask=attached_of(sent) if sent is not None else None,
        )
        context = await context_of(interaction, private=self._private)
        await show(interaction, await vary(services_of(interaction), self._job, wanted, context))
