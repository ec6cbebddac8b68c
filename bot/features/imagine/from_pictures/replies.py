"""Words to the bot about a picture, 'make it night': as a reply to it with the bot's name, or in a message that has it.

What a message says that mentions the bot can be read without a privileged intent, and so can the bot's own messages.
Where the platform hides the pictures of the message that is replied to, the answer names the menu, which shows them.
"""

import logging
import re
import secrets

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.features.imagine.from_pictures.sources import said_by, usable
from bot.features.imagine.options import ImagineOptions
from bot.features.imagine.order import imagine
from bot.shared.cards.licence import licence_card
from bot.shared.cards.quote import quote_card
from bot.shared.cards.suggestion import suggestion_card
from bot.shared.discord.attachments import pictures_in
from bot.shared.discord.calls import about_picture, calls
from bot.shared.discord.explain import sentence
from bot.shared.discord.interactions import context_of_message
from bot.shared.discord.limits import PICTURES, REFUSAL, REPLY, RateLimits
from bot.shared.discord.messages import reply, tell
from bot.shared.errors import BadParameter, Refused
from bot.shared.orders.order_request import LicenceQuote, PriceQuote, Quote, SuggestionQuote
from bot.shared.policy import check_place
from bot.shared.services import Services
from db.errors import BudgetSpent, NotEnoughCredits
from db.queue.job import Job

log = logging.getLogger(__name__)

GONE = "The message that you replied to is gone. Please reply to another one with a picture."
NO_PICTURE = (
    "I see no PNG, JPEG or WebP picture on the message that you replied to. If there is one, use *Apps → Use this "
    "picture* on it, or send the picture with your message."
)
NO_WORDS = "Please say what I should make of the picture, such as `make it night`."
WHICH = "There are {} pictures on that message. Please say which one first, such as `#2 make it night`."
UNFORESEEN = "Something went wrong on my side. If it happens again, please tell an operator: error `{}`."
_NUMBER = re.compile(r"^#\s?(\d{1,2})\b[\s:,.]*")


class PictureReplies(commands.Cog):
    """Draw what somebody says about a picture."""

    def __init__(self, client: discord.Client, services: Services, limits: RateLimits) -> None:
        self._client = client
        self._services = services
        self._limits = limits

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer words about a picture with a job, whose card shows itself, or with one sentence."""
        if not calls(self._client, message) or not about_picture(message):
            return
        try:
            self._limits.take(REPLY, message.author.id)
            outcome = await self._draw(message)
            if not isinstance(outcome, Job):
                await reply(message, view=_question(outcome, for_all=message.guild is not None))
        except Exception as error:  # discord.py only logs what a listener raises, with all that it knows of the message
            await self._explain(message, error)

    async def _draw(self, message: discord.Message) -> Job | Quote:
        context = await context_of_message(self._client, message, called=True)
        try:
            check_place(context.policy)
        except Refused as refused:  # nobody is told in front of others that they are banned, or where I may not write
            raise _Aside(str(refused)) from refused
        source = await _source(message)
        pictures = pictures_in(source)
        if not pictures:
            raise BadParameter(NO_PICTURE)
        words = _words(self._client, message)
        number = _NUMBER.match(words)
        if len(pictures) > 1 and not (number and 1 <= int(number[1]) <= len(pictures)):
            raise BadParameter(WHICH.format(len(pictures)))
        picture = pictures[int(number[1]) - 1 if number and len(pictures) > 1 else 0]
        words = words[number.end() :] if number else words
        if not words:
            raise BadParameter(NO_WORDS)
        self._limits.take(PICTURES, message.author.id)
        image = await usable(self._services, said_by(source), picture, context)
        options = ImagineOptions(prompt=words, image=image, keeps_layout=True)
        return await imagine(self._services, options, context)

    async def _explain(self, message: discord.Message, error: Exception) -> None:
        text = sentence(error)
        if text is None:
            error_id = secrets.token_hex(4)
            log.error("error %s: message %d could not be answered", error_id, message.id, exc_info=error)
            text = UNFORESEEN.format(error_id)
        if message.guild is not None and isinstance(error, _Aside | NotEnoughCredits | BudgetSpent):
            await tell(self._client, self._limits, message.author.id, text, once=f"p{message.id}")
            return
        try:
            self._limits.take(REFUSAL, message.author.id)
        except app_commands.CommandOnCooldown:
            return  # they have been told just now
        await reply(message, content=text)


class _Aside(Refused):
    """What is told to its member alone."""


async def _source(message: discord.Message) -> discord.Message:
    """Return the message whose picture is meant: the one that has it, first the one that is replied to.

    Raises:
        BadParameter: that is gone.
    """
    reference = message.reference
    if reference is None or reference.message_id is None or message.type is not discord.MessageType.reply:
        return message
    replied = reference.resolved
    if replied is None:  # the platform did not look it up
        try:
            replied = await message.channel.fetch_message(reference.message_id)
        except discord.NotFound:
            raise BadParameter(GONE) from None
        except discord.Forbidden:
            return message
    if isinstance(replied, discord.DeletedReferencedMessage):
        raise BadParameter(GONE)
    return replied if pictures_in(replied) or not pictures_in(message) else message


def _words(client: discord.Client, message: discord.Message) -> str:
    """Return what was said without the bot's name."""
    assert client.user is not None
    return re.sub(rf"<@!?{client.user.id}>", " ", message.content).strip()


def _question(quote: Quote, *, for_all: bool) -> ui.LayoutView:
    match quote:
        case PriceQuote():
            return quote_card(quote, for_all=for_all)
        case SuggestionQuote():
            return suggestion_card(quote)
        case LicenceQuote():
            return licence_card(quote)
        case _:
            raise AssertionError(f"nobody is asked for {type(quote).__name__} about a picture")
