"""The Discord client: least rights, our commands and buttons, and a connection that is kept up."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import discord
from discord.ext import commands

from bot.features.credits.commands import Gifts, Paces, Quota
from bot.features.credits.operator_commands import ELSEWHERE, CreditsCommands
from bot.features.favourites.button import FavouriteButton
from bot.features.favourites.cards import FAVOURITE_ITEMS
from bot.features.favourites.commands import Favourites
from bot.features.favourites.reactions import Reactions
from bot.features.help.cards import HELP_ITEMS
from bot.features.help.commands import Help
from bot.features.history.commands import Account
from bot.features.history.gallery import HISTORY_ITEMS
from bot.features.history.vocabulary_card import VOCABULARY_BUTTONS
from bot.features.imagine.buttons import IMAGE_BUTTONS
from bot.features.imagine.commands import Imagine
from bot.features.imagine.edit.forms import declined_prompt, refusal_of_form
from bot.features.imagine.edit.remix import RemixButton
from bot.features.imagine.examples import ExampleButton, example_buttons
from bot.features.imagine.from_pictures.blend import Blend
from bot.features.imagine.from_pictures.menu import picture_menu
from bot.features.imagine.from_pictures.replies import PictureReplies
from bot.features.imagine.habits.card import SETTINGS_BUTTONS
from bot.features.imagine.habits.commands import Prefer, SettingsCommand
from bot.features.imagine.once_more import ONCE_MORE_BUTTONS
from bot.features.imagine.order import ImagineOrderRequest
from bot.features.mydata.cards import DeleteEverythingButton
from bot.features.mydata.commands import MyData
from bot.features.mydata.retention import Housekeeping
from bot.features.operator.commands import OperatorCommands
from bot.features.operator.finding import FOUND_ITEMS
from bot.features.styles.cards import STYLE_ITEMS
from bot.features.styles.commands import Styles
from bot.features.train.commands import SubjectCommands
from bot.features.train.job_card import StepSelect, StopButton
from bot.features.train.preflight import PHOTOS_QUOTE_BUTTONS, ask_about_photos, ask_for_photos
from bot.features.train.subject_card import SUBJECT_ITEMS
from bot.features.upscale.buttons import UpscaleButton
from bot.features.vary.buttons import VARY_ITEMS
from bot.features.vary.declined import EditRegionButton, declined_region
from bot.features.vary.order import VaryOrderRequest
from bot.features.voice.commands import Voice
from bot.features.voice.job_card import TRANSCRIPT_ITEMS
from bot.job_kinds import JOB_KINDS
from bot.shared.cards.asking import ask, replaces_public
from bot.shared.cards.declined import DeclinedCard
from bot.shared.cards.job_buttons import JOB_BUTTONS
from bot.shared.cards.licence import LICENCE_BUTTONS, licence_card
from bot.shared.cards.more import MENU_BUTTONS
from bot.shared.cards.quote import QUOTE_BUTTONS, quote_card
from bot.shared.cards.suggestion import SUGGESTION_BUTTONS, suggestion_card
from bot.shared.delivery.delivery import Delivery
from bot.shared.delivery.edit_pauses import EDIT_EVERY_S
from bot.shared.delivery.follow import Follower
from bot.shared.discord.commands import CountedCommandTree, sync_if_changed, tree_of
from bot.shared.discord.explain import explain
from bot.shared.discord.forms import OpenForms
from bot.shared.discord.home_commands import HomeCommands
from bot.shared.discord.limits import RateLimits
from bot.shared.discord.messages import UploadLimits
from bot.shared.discord.retry import patiently
from bot.shared.errors import Refused
from bot.shared.orders.order_request import (
    LicenceQuote,
    OrderRequest,
    PhotosQuote,
    PhotosWanted,
    PriceQuote,
    Quote,
    SuggestionQuote,
)
from bot.shared.services import Services
from common.supervisor import supervise

log = logging.getLogger(__name__)

SYNC_FIRST_S = 10.0  # how long registering commands may keep us from connecting
# How each kind of question is asked.
QUESTIONS: dict[type[Quote], Callable[[discord.Interaction, Any], Awaitable[None]]] = {
    SuggestionQuote: lambda interaction, quote: ask(interaction, suggestion_card(quote)),
    PriceQuote: lambda interaction, quote: ask(interaction, quote_card(quote, for_all=replaces_public(interaction))),
    LicenceQuote: lambda interaction, quote: ask(interaction, licence_card(quote)),
    PhotosQuote: ask_about_photos,
    PhotosWanted: ask_for_photos,
}
# What stays of a question that was declined.
DECLINED: dict[type[OrderRequest], DeclinedCard] = {
    ImagineOrderRequest: declined_prompt,
    VaryOrderRequest: declined_region,
}


class Atelier(commands.Bot):
    """The bot. It hears commands, buttons, direct messages and its name; channels only where an operator set that."""

    kinds = JOB_KINDS
    questions = QUESTIONS
    declined = DECLINED

    def __init__(
        self,
        services: Services,
        *,
        data_dir: Path,
        edit_every_s: float = EDIT_EVERY_S,
        hears_channels: bool = False,
        limits: RateLimits | None = None,
    ) -> None:
        """Build the client, with the least rights.

        Args:
            services: the stores, the catalogue and the rules.
            data_dir: where the fingerprint of the registered commands is kept.
            edit_every_s: the pause between two edits of one card.
            hears_channels: whether messages of channels can be read, which needs a privileged intent.
            limits: how often members may do what; None: as the table says.
        """
        super().__init__(
            command_prefix=commands.when_mentioned,  # never used, see on_message
            help_command=None,
            tree_cls=CountedCommandTree,
            # Message content is privileged; direct messages, messages that mention us, and messages that a command was
            # used on need it not.
            intents=discord.Intents(
                guilds=True,
                dm_messages=True,
                guild_messages=True,
                guild_reactions=True,
                dm_reactions=True,
                message_content=hears_channels,
            ),
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_contexts=discord.app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
            allowed_installs=discord.app_commands.AppInstallationType(guild=True, user=False),
            chunk_guilds_at_startup=False,
            max_messages=None,
        )
        self.services = services
        self._data_dir = data_dir
        self._hears_channels = hears_channels
        self.limits = limits or RateLimits()
        self.forms = OpenForms()
        self.upload_limits = UploadLimits()
        delivery = Delivery(self, services, self.upload_limits, self.kinds, edit_every_s=edit_every_s)
        self._follower = Follower(services, update=delivery.update, deliver=delivery.deliver)
        self._following: asyncio.Task[None] | None = None

    async def setup_hook(self) -> None:
        """Add commands and buttons, and take up the jobs of before the start. Runs at each attempt to log in."""
        if self._following is not None:
            return
        await self._add_commands()
        self.add_dynamic_items(
            *QUOTE_BUTTONS, *SUGGESTION_BUTTONS, *LICENCE_BUTTONS, DeleteEverythingButton, *FOUND_ITEMS
        )
        self.add_dynamic_items(*JOB_BUTTONS, *IMAGE_BUTTONS, RemixButton, UpscaleButton, *VARY_ITEMS)
        self.add_dynamic_items(EditRegionButton, *TRANSCRIPT_ITEMS)
        self.add_dynamic_items(*MENU_BUTTONS, FavouriteButton, *FAVOURITE_ITEMS, *SETTINGS_BUTTONS)
        self.add_dynamic_items(*VOCABULARY_BUTTONS, *STYLE_ITEMS, *HELP_ITEMS, ExampleButton)
        self.add_dynamic_items(*HISTORY_ITEMS, *ONCE_MORE_BUTTONS)
        self.add_dynamic_items(StopButton, StepSelect, *PHOTOS_QUOTE_BUTTONS, *SUBJECT_ITEMS)
        self._following = asyncio.create_task(self._follower.run(), name="cards")

    async def _add_commands(self) -> None:
        cogs: list[Callable[[Services], commands.Cog]] = [Imagine, Account, Favourites, SubjectCommands, Quota, Paces]
        cogs += [Blend, Styles, SettingsCommand, Prefer, MyData, Housekeeping, *[Gifts] * self.services.rules.gifts]
        for cog in cogs:
            await self.add_cog(cog(self.services))
        await self.add_cog(OperatorCommands(self.services))
        await self.add_cog(HomeCommands(self, CreditsCommands(self.services), self._data_dir))
        tree_of(self).elsewhere = ELSEWHERE
        examples = partial(example_buttons, self.services.catalogue)
        await self.add_cog(Help(self, self.services, self.limits, examples))
        await self.add_cog(PictureReplies(self, self.services, self.limits))
        await self.add_cog(Reactions(self, self.services, self.kinds, self.limits))
        await self.add_cog(voice := Voice(self, self.services, self.limits))
        self.tree.add_command(voice.menu)
        self.tree.add_command(picture_menu())
        if not self._hears_channels:  # nothing would come of it
            self.tree.remove_command(voice.transcribe_channel.name)

    async def on_interaction(self, interaction: discord.Interaction, /) -> None:
        """Learn how large files may be where people are active, and answer forms that are no longer known."""
        self.upload_limits.note(interaction)
        try:
            self.forms.check(interaction)
        except Refused as error:
            await explain(interaction, error, card=partial(refusal_of_form, interaction))

    async def on_message(self, message: discord.Message, /) -> None:
        """Do not look for commands in messages."""

    async def close(self) -> None:
        """Stop following, then disconnect."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        await super().close()

    async def run_for_ever(self, token: str) -> None:
        """Log in and stay connected, until closed.

        Raises:
            discord.LoginFailure, discord.PrivilegedIntentsRequired, discord.ConnectionClosed: only the operator can
                mend that.
        """
        await patiently(lambda: self._log_in(token))
        # If the platform is slow about it, or refuses, the commands of last time are served meanwhile.
        fingerprint = self._data_dir / "commands.sha256"
        register = partial(patiently, lambda: sync_if_changed(tree_of(self), fingerprint))
        sync = supervise("register-commands", register, until_done=True)
        await asyncio.wait([sync], timeout=SYNC_FIRST_S)
        try:
            await patiently(self._stay)
        finally:
            sync.cancel()

    async def _log_in(self, token: str) -> None:
        try:
            await self.login(token)
        except (OSError, aiohttp.ClientError, discord.HTTPException):
            await self.http.close()  # each attempt opens a session of its own
            self.http.connector = discord.utils.MISSING
            raise

    async def _stay(self) -> None:
        try:
            await self.connect(reconnect=True)
        except AttributeError as error:
            if getattr(self, "ws", None) is not None:
                raise
            # discord.py 2.7.1: if the very first connection fails, there is no socket yet to take the sequence from
            raise ConnectionError("the first connection to the gateway failed") from error
