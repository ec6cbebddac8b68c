"""What somebody is asked before something expensive is paid for: price, wait, and buttons that work after a restart."""

import contextlib
from typing import Any, ClassVar

import discord
from discord import ui

from bot.cards.beginning import begin_from
from bot.cards.items import LastingItem
from bot.cards.layout import layout
from bot.cards.text import about, credits, moment
from bot.errors import PRIVATE, say_alone
from bot.interactions import studio_of
from bot.services.asking import Question, open_offer
from bot.services.resuming import take_offer
from db.jobs import Job, Pace
from db.offers import Offer


class OfferButton(LastingItem[Offer], topic="offer"):
    """What the answers to a question share."""

    async def find(self, interaction: discord.Interaction) -> Offer:
        """Return the question to the one who was asked.

        Raises:
            UnknownOffer, NotYours: it was answered already, or somebody else was asked.
        """
        return await open_offer(studio_of(interaction), self.key, interaction.user.id)


class GoButton(OfferButton, verb="go"):
    """Pay for it."""

    label = "Continue"
    style = discord.ButtonStyle.success
    pace: ClassVar[Pace] = Pace.FAST

    async def act(self, interaction: discord.Interaction, offer: Offer) -> None:
        studio, private = studio_of(interaction), bool(offer.content["private"])
        await begin_from(interaction, lambda context: take_offer(studio, offer, context, self.pace), private=private)


class RelaxButton(GoButton, verb="relax"):
    """Have it for free, when the queue is empty."""

    label = "Run for free"
    style = discord.ButtonStyle.primary
    pace = Pace.RELAXED


class LeaveButton(OfferButton, verb="leave"):
    """Drop what was asked for."""

    label = "Cancel"

    async def act(self, interaction: discord.Interaction, offer: Offer) -> None:
        await studio_of(interaction).offers.drop(offer.id)
        with contextlib.suppress(discord.NotFound):  # pressed twice
            await interaction.delete_original_response()


OFFER_BUTTONS = (GoButton, RelaxButton, LeaveButton)


def question_card(question: Question) -> ui.LayoutView:
    """Show what it would cost and how long it would take, with the possible answers."""
    answers = [*[GoButton] * question.affordable, *[RelaxButton] * question.relaxed, LeaveButton]
    card = ui.Container[ui.LayoutView](
        ui.TextDisplay(question_text(question)),
        ui.ActionRow[Any](*(answer(question.offer_id) for answer in answers)),
        accent_colour=discord.Colour.gold(),
    )
    return layout(card)


def question_text(question: Question) -> str:
    """Say what it would cost."""
    if question.affordable:
        wait = f"\n-# ready in {about(question.expected_s)}" if question.expected_s is not None else ""
        return f"**This uses {question.price} of your {credits(question.available)}.** Continue?{wait}"
    return (
        "**Not enough credits.** Run it for free when the queue is empty?\n"
        f"-# It costs {credits(question.price)}, you have {question.available}. More come {moment(question.renews_at)}."
    )


async def show_if_asked(interaction: discord.Interaction, accepted: Job | Question) -> None:
    """Ask the one who typed, and nobody else; a job shows itself."""
    if isinstance(accepted, Job):
        return
    card = question_card(accepted)
    if interaction.extras.get(PRIVATE):
        await interaction.edit_original_response(view=card)
        return
    await say_alone(interaction, view=card)
