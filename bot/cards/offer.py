"""What somebody is asked before something dear is paid for: price, wait, and buttons that work after a restart."""

import re
from typing import Any, Self

import discord
from discord import ui

from bot.cards.beginning import begin_from
from bot.cards.text import about, credits, moment
from bot.errors import PRIVATE, explain
from bot.interactions import acknowledge, studio_of
from bot.services.asking import Question, open_offer, take_offer
from db.jobs import Job, Pace
from db.offers import Offer

OFFER = r"offer:(?P<verb>go|relax|leave):(?P<offer_id>[0-9a-z]{26})"
LABELS = {"go": "Go", "relax": "Relaxed, for free", "leave": "Leave it"}
STYLES = {
    "go": discord.ButtonStyle.success,
    "relax": discord.ButtonStyle.primary,
    "leave": discord.ButtonStyle.secondary,
}


class OfferButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=OFFER):
    """One answer to a question; the offer's id is all that it carries."""

    def __init__(self, verb: str, offer_id: str) -> None:
        self.verb = verb
        self.offer_id = offer_id
        super().__init__(ui.Button(label=LABELS[verb], style=STYLES[verb], custom_id=f"offer:{verb}:{offer_id}"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[ui.LayoutView], match: re.Match[str]
    ) -> Self:
        """Build the button again from what it carries."""
        return cls(match["verb"], match["offer_id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        """Take the answer of the one who was asked."""
        try:
            offer = await open_offer(studio_of(interaction), self.offer_id, interaction.user.id)
            if self.verb == "leave":
                await _leave(interaction, offer)
            else:
                await _go(interaction, offer, Pace.RELAXED if self.verb == "relax" else Pace.FAST)
        except Exception as error:  # discord.py only logs what a dynamic item raises
            await explain(interaction, error)


def question_card(question: Question) -> ui.LayoutView:
    """Show what it would cost and how long it would take, with the possible answers."""
    verbs = ["go"] * question.affordable + ["relax"] * question.relaxed + ["leave"]
    card = ui.Container[ui.LayoutView](
        ui.TextDisplay(question_text(question)),
        ui.ActionRow[Any](*(OfferButton(verb, question.offer_id) for verb in verbs)),
        accent_colour=discord.Colour.gold(),
    )
    view = ui.LayoutView(timeout=None)
    view.add_item(card)
    return view


def question_text(question: Question) -> str:
    """Say what it would cost."""
    if question.affordable:
        wait = f", {about(question.expected_s)}" if question.expected_s is not None else ""
        return f"**That costs {credits(question.price)}**, you have {question.available}{wait}: go?"
    return (
        f"**That costs {credits(question.price)}**, and you have {question.available} left. New ones come "
        f"{moment(question.renews_at)}.\nDraw it relaxed, for free, when nobody else waits?"
    )


async def show_if_asked(interaction: discord.Interaction, accepted: Job | Question) -> None:
    """Ask the one who typed, and nobody else; a job shows itself."""
    if isinstance(accepted, Job):
        return
    card = question_card(accepted)
    if interaction.extras.get(PRIVATE):
        await interaction.edit_original_response(view=card)
        return
    await interaction.delete_original_response()  # what follows it would be seen by everybody as well
    await interaction.followup.send(view=card, ephemeral=True)


async def _go(interaction: discord.Interaction, offer: Offer, pace: Pace) -> None:
    studio, private = studio_of(interaction), bool(offer.content["private"])
    await begin_from(interaction, lambda origin: take_offer(studio, offer, origin, pace), private=private)


async def _leave(interaction: discord.Interaction, offer: Offer) -> None:
    await acknowledge(interaction, update=True)
    await studio_of(interaction).offers.drop(offer.id)
    await interaction.delete_original_response()
