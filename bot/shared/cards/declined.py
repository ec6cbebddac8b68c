"""What a question becomes when it is declined: gone, or a card that keeps what was typed."""

import contextlib
from collections.abc import Callable, Mapping
from typing import cast

import discord
from discord import ui

from bot.shared.discord.interactions import services_of
from bot.shared.orders.order_request import OrderRequest
from bot.shared.orders.pending import request_in
from db.errors import UnknownOrder
from db.queue.pending import PendingOrder

# From the sentence that ends a question, what was asked for, and what is kept of it; None: nothing was typed.
DeclinedCard = Callable[[str, OrderRequest, PendingOrder], ui.LayoutView | None]


def declined_card(interaction: discord.Interaction, order: PendingOrder, text: str) -> ui.LayoutView | None:
    """Return the card that keeps what was typed, as its feature draws it (`bot.client`); None: nothing was typed.

    Args:
        interaction: the no.
        order: what was asked for.
        text: the sentence that ends the question.
    """
    cards = cast(Mapping[type[OrderRequest], DeclinedCard], interaction.client.declined)  # type: ignore[attr-defined]
    with contextlib.suppress(UnknownOrder):  # kept by another version
        order_request = request_in(services_of(interaction), order)
        if (card := cards.get(type(order_request))) is not None:
            return card(text, order_request, order)
    return None
