"""The card before a training: each photo's verdict, price and time, the consent; agree, change photos, or cancel."""

import asyncio
from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.features.train.numbered_pictures import alt_text, tile_name, tiles
from bot.features.train.photo_sets import PHOTOS_MIN, PhotoSet, PhotosGone, discard
from bot.features.train.training import PHOTOS_MAX, STATEMENT, TrainingOptions, TrainingOrderRequest
from bot.shared.cards.asking import order
from bot.shared.cards.layout import layout, said
from bot.shared.cards.quote import ContinueButton, QuoteButton, RunForFreeButton
from bot.shared.discord.forms import Form
from bot.shared.discord.interactions import acknowledge, limits_of, services_of
from bot.shared.discord.limits import PHOTOS
from bot.shared.discord.messages import discord_files
from bot.shared.discord.persistent_items import Answer
from bot.shared.files.downloads import RemoteFile
from bot.shared.orders.order_request import PhotosQuote, PhotosWanted
from bot.shared.orders.pending import request_in
from bot.shared.text.formatting import about, credits, inline, moment
from db.queue.pending import PendingOrder
from inference.decoders.photos import Verdict

VERDICTS = {
    Verdict.GOOD: "✅ good",
    Verdict.TURNED: "✅ good, turned upright",
    Verdict.BLURRED: "🌫️ blurry: usable, but a sharper photo is better",
    Verdict.LOW_RESOLUTION: "🔍 low resolution: usable, but a larger photo is better",
    Verdict.DUPLICATE: "✖️ the same as photo {same_as}",
    Verdict.BLANK: "✖️ blank: there is nothing to see on it",
    Verdict.SMALL: "✖️ too small: both sides need at least 64 px",
    Verdict.LONG: "✖️ too long and narrow: crop it to at most 4:1",
    Verdict.NOT_A_PICTURE: "✖️ not a PNG, JPEG or WebP file",
    Verdict.UNREADABLE: "✖️ can't be read: save it again, best as JPEG",
    Verdict.TOO_LARGE: "✖️ too large: at most 20 MB, and 50 megapixels (PNG 25, WebP 13)",
    Verdict.NOT_FETCHED: "✖️ couldn't be downloaded from Discord: send it again",
}

BEFORE = f"Before it starts, you confirm this:\n> {STATEMENT}"


class PhotosQuoteButton(QuoteButton, topic="draft"):
    """What the buttons below photos share."""

    gone = PhotosGone


class AgreeButton(PhotosQuoteButton, ContinueButton, verb="go"):
    """Agree to the statement, pay, begin."""

    label = "I agree – start"


class AgreeForFreeButton(PhotosQuoteButton, RunForFreeButton, verb="relax"):
    """Agree to the statement, and begin for free when the queue is empty."""

    label = "I agree – start for free"


class DiscardPhotosButton(PhotosQuoteButton, verb="leave"):
    """Throw the photos away."""

    label = "Cancel"

    async def _act(self, interaction: discord.Interaction, order: PendingOrder) -> None:
        await discard(services_of(interaction), order)
        text = "Cancelled. I deleted your photos, and nothing was charged."
        await interaction.edit_original_response(view=said(text), attachments=[])


class ChangePhotosButton(PhotosQuoteButton, verb="other"):
    """Ask for other photos instead."""

    label = "Change photos"
    answer = Answer.FORM

    async def _act(self, interaction: discord.Interaction, order: PendingOrder) -> None:
        order_request = request_in(services_of(interaction), order)
        assert isinstance(order_request, TrainingOrderRequest)
        await PhotoForm(order_request.options, instead_of=order).open(interaction)


PHOTOS_QUOTE_BUTTONS = (AgreeButton, AgreeForFreeButton, ChangePhotosButton, DiscardPhotosButton)


def preflight_card(quote: PhotosQuote) -> ui.LayoutView:
    """Show what was sent and what it would cost. Its pictures, the photos' `tiles`, are sent along."""
    card = ui.Container[ui.LayoutView](accent_colour=discord.Colour.gold())
    order_request = quote.order_request
    assert isinstance(order_request, TrainingOrderRequest)
    assert order_request.photos is not None
    options, photos, enough = order_request.options, order_request.looked_at, order_request.photos.enough
    card.add_item(
        ui.TextDisplay(f"**Train {inline(options.name)}** ({inline(options.class_noun)}) on `{options.model}`")
    )
    gallery, lines = ui.MediaGallery[ui.LayoutView](), []
    for number, photo in enumerate(photos, 1):
        gallery.add_item(media=f"attachment://{tile_name(number)}", description=alt_text(photo, number))
        lines.append(f"{number}. {VERDICTS[photo.verdict].format(same_as=photo.same_as)}")
    card.add_item(gallery)
    card.add_item(ui.TextDisplay("\n".join(lines)))
    card.add_item(ui.TextDisplay(_offer(quote, options, order_request.photos)))
    buttons: list[ui.Item[Any]] = [AgreeButton(quote.id)] * (enough and quote.affordable)
    if enough and quote.relaxed:
        buttons.append(AgreeForFreeButton(quote.id))
    card.add_item(ui.ActionRow(*buttons, ChangePhotosButton(quote.id), DiscardPhotosButton(quote.id)))
    return layout(card)


def _offer(quote: PhotosQuote, options: TrainingOptions, photos: PhotoSet) -> str:
    if not photos.enough:
        few = f"**{len(photos.hashes)} of these photos can be used, and training needs at least {PHOTOS_MIN}.**"
        return f"{few} Please change your photos; 4 to 8 from different angles work best. Nothing was charged."
    time = about(quote.expected_s) if quote.expected_s is not None else "time not known yet"
    keep = "kept with the subject" if options.keep_photos else "deleted after the training"
    seen = "only you see how it goes" if options.private else "everybody here can see how it goes"
    return (
        f"{_price(quote)} {options.steps} steps · {time}.\n"
        "You can stop at any time and pay only for the steps that ran.\n"
        f"> {STATEMENT}\n-# Pressing 'I agree' confirms this, and I keep a record of it. "
        f"Your photos are {keep}; {seen}."
    )


def _price(quote: PhotosQuote) -> str:
    if quote.affordable:
        return f"**This uses {quote.price} of your {credits(quote.available)}.**"
    more = f"**Not enough credits:** this costs {quote.price}, and you have {quote.available}."
    return f"{more} More come {moment(quote.renews_at)}."


async def look_at(
    interaction: discord.Interaction,
    options: TrainingOptions,
    attachments: Sequence[discord.Attachment],
    *,
    instead_of: PendingOrder | None = None,
) -> None:
    """Look at photos, and show what each is good for and what the training would cost.

    Args:
        interaction: if a button led here, its message becomes the card.
        options: what is to be trained.
        attachments: the photos as they were sent.
        instead_of: what was asked about earlier photos, which go.

    Raises:
        TrainingBegun, PhotosGone: that is no question any more; then nothing was fetched, or nothing is kept.
    """
    limits_of(interaction).take(PHOTOS, interaction.user.id)
    await acknowledge(interaction, private=True, update=interaction.message is not None)
    sent = tuple(RemoteFile(url=one.url, size_bytes=one.size) for one in attachments[:PHOTOS_MAX])
    order_request = TrainingOrderRequest(options=options, sent=sent, instead_of=instead_of)
    await order(interaction, order_request, private=options.private)


async def ask_for_photos(interaction: discord.Interaction, wanted: PhotosWanted) -> None:
    """Open the form that takes photos."""
    assert isinstance(wanted.order_request, TrainingOrderRequest)
    await PhotoForm(wanted.order_request.options).open(interaction)


async def ask_about_photos(interaction: discord.Interaction, quote: PhotosQuote) -> None:
    """Show what each photo is good for, and what the training would cost."""
    assert isinstance(quote.order_request, TrainingOrderRequest)
    pictures = await asyncio.to_thread(tiles, quote.order_request.looked_at)
    await interaction.edit_original_response(view=preflight_card(quote), attachments=discord_files(pictures))


class PhotoForm(Form, title="Train a subject"):
    """The form that takes the photos."""

    def __init__(self, options: TrainingOptions, *, instead_of: PendingOrder | None = None) -> None:
        """Build the form.

        Args:
            options: what is to be trained.
            instead_of: what was asked about the photos that they replace.
        """
        super().__init__()
        self._options = options
        self._instead_of = instead_of
        self._photos = ui.FileUpload[Any](min_values=PHOTOS_MIN, max_values=PHOTOS_MAX, required=True)
        hint = "Different angles and backgrounds work best. PNG, JPEG or WebP"
        self.add_item(ui.Label(text="3 to 10 photos", description=hint, component=self._photos))
        self.add_item(ui.TextDisplay(f"Next you see which photos are good and what the training costs. {BEFORE}"))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Look at the photos; the card with the verdicts asks for the consent."""
        await look_at(interaction, self._options, self._photos.values, instead_of=self._instead_of)
