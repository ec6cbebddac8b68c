"""What stays of a region whose price was declined: the words and the cells, to be asked for again."""

from typing import Any

import discord
from discord import ui

from bot.features.vary.changes import Change
from bot.features.vary.grid import CELLS
from bot.features.vary.order import VaryOrderRequest
from bot.features.vary.region import PROMPT_MAX, ChooseCellsButton, RegionForm
from bot.shared.cards.layout import layout
from bot.shared.discord.messages import last_block
from bot.shared.discord.persistent_items import ID
from bot.shared.orders.order_request import OrderRequest
from bot.shared.text.formatting import block
from db.queue.job import Job
from db.queue.pending import PendingOrder

MASK_GONE = "\n-# Your mask isn't kept; please send it again."


class EditRegionButton(ChooseCellsButton, verb="recells", key_form=rf"{ID}:\d{{1,2}}:(?:public|private):[0-9a-f]{{4}}"):
    """The form about a region once more, with the cells that it had and the words that the message shows."""

    label = "Edit"
    emoji = "✏️"

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        _, _, whose, chosen = self.key.split(":")
        words = last_block(interaction.message)
        form = RegionForm(job, self.number, words, private=whose == "private", cells=_cells(int(chosen, 16)))
        await form.open(interaction)


def declined_region(text: str, order_request: OrderRequest, order: PendingOrder) -> ui.LayoutView | None:
    """Keep what was typed about a region; None: it was another change, of which nothing was typed."""
    if not isinstance(order_request, VaryOrderRequest) or order_request.change is not Change.REGION:
        return None
    chosen = sum(1 << cell - 1 for cell in order_request.cells)
    whose = "private" if order.private else "public"
    button = EditRegionButton(f"{order_request.source_job_id}:{order_request.number}:{whose}:{chosen:04x}")
    said = text if order_request.mask is None else text + MASK_GONE
    shown = ui.TextDisplay[ui.LayoutView](block(order_request.prompt, PROMPT_MAX))
    return layout(ui.TextDisplay(said), shown, ui.ActionRow[Any](button))


def _cells(chosen: int) -> frozenset[int]:
    return frozenset(cell for cell in range(1, CELLS + 1) if chosen >> cell - 1 & 1)
