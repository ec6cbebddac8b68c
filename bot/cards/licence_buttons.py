"""The answers to the question about a licence: heard after a restart too. A yes goes on with what was asked for."""

from dataclasses import dataclass

import discord

from bot.cards.beginning import begin_from
from bot.cards.items import Answer, LastingItem
from bot.cards.layout import said
from bot.cards.offer import question_card
from bot.cards.teaching import PhotoForm
from bot.interactions import acknowledge, in_time, studio_of
from bot.services.asking import Question, open_offer
from bot.services.licences import accept_licence
from bot.services.resuming import lesson_in, resume
from bot.shared.orders.context import RequestContext
from db.jobs import Job
from db.offers import Offer

KEY = "[a-z0-9][a-z0-9._-]{0,31}(?::[0-9a-z]{26})?"  # a model's name, and where what was asked for is kept
ACCEPTED = "Thanks, you accepted the licence. Please run your command again."
DECLINED = "You declined the licence. Nothing was charged; `/models` lists other models."


@dataclass(frozen=True, slots=True)
class Asked:
    """What the question is about."""

    model: str
    offer_id: str | None  # what was asked for; None: it is not kept


class _PriceAsked(Exception):
    """What was asked for is expensive, so there is one more question."""

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question


class LicenceAnswer(LastingItem[Asked], topic="licence", key_form=KEY):
    """What both answers share; nobody but the one who is asked sees them."""

    async def find(self, interaction: discord.Interaction) -> Asked:
        """Return which model it is, and what was asked for."""
        model, _, offer_id = self.key.partition(":")
        return Asked(model, offer_id or None)


class AcceptLicence(LicenceAnswer, verb="accept"):
    """Note that a member accepts a model's licence, and go on with what was asked for."""

    answer = Answer.FORM

    async def act(self, interaction: discord.Interaction, asked: Asked) -> None:
        studio, user_id = studio_of(interaction), interaction.user.id
        async with in_time():
            await accept_licence(studio, user_id, asked.model)
            offer = await open_offer(studio, asked.offer_id, user_id) if asked.offer_id else None
        if offer is None:
            await acknowledge(interaction, update=True)
            await interaction.edit_original_response(view=said(ACCEPTED))
        elif (lesson := lesson_in(offer)) is not None:
            await PhotoForm(lesson).open(interaction)
        else:
            await acknowledge(interaction, private=True, update=True)
            await _go_on(interaction, offer)


class DeclineLicence(LicenceAnswer, verb="decline"):
    """Drop what was asked for."""

    async def act(self, interaction: discord.Interaction, asked: Asked) -> None:
        if asked.offer_id:
            await studio_of(interaction).offers.drop(asked.offer_id)
        await interaction.edit_original_response(view=said(DECLINED))


LICENCE_BUTTONS = (AcceptLicence, DeclineLicence)


async def _go_on(interaction: discord.Interaction, offer: Offer) -> None:
    async def begin(context: RequestContext) -> Job:
        accepted = await resume(studio_of(interaction), offer, context)
        if isinstance(accepted, Question):
            raise _PriceAsked(accepted)
        return accepted

    try:
        await begin_from(interaction, begin, private=bool(offer.content["private"]))
    except _PriceAsked as asked:
        await interaction.edit_original_response(view=question_card(asked.question))
