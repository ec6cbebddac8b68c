"""The card before a training: each photo's verdict, price and time, the consent; agree, change photos, or cancel."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

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
from bot.shared.files.pictures import Picture
from bot.shared.orders.order_request import PhotosQuote, PhotosWanted
from bot.shared.orders.pending import request_in
from bot.shared.text.formatting import about, credits, inline
from db.queue.pending import PendingOrder
from inference.decoders.photos import Verdict

VERDICTS = {
    Verdict.GOOD: "✅ good",
    Verdict.TURNED: "✅ good, turned upright",
    Verdict.BLURRED: "🌫️ blurry: usable, but a sharper photo is better",
    Verdict.DUPLICATE: "✖️ the same as another photo",
    Verdict.SMALL: "✖️ too small: both sides need at least 64 px",
    Verdict.LONG: "✖️ too long and narrow: crop it to at most 4:1",
    Verdict.NOT_A_PICTURE: "✖️ not a PNG, JPEG or WebP file",
    Verdict.UNREADABLE: "✖️ can't be read: save it again, best as JPEG",
    Verdict.TOO_LARGE: "✖️ too large: at most 20 MB, and 50 megapixels (PNG 25, WebP 13)",
    Verdict.NOT_FETCHED: "✖️ couldn't be downloaded from Discord: send it again",
}


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
    """Show what was sent and what it would cost. Its pictures are sent along as `preflight_files`."""
    card = ui.Container[ui.LayoutView](accent_colour=discord.Colour.gold())
    order_request = quote.order_request
    assert isinstance(order_request, TrainingOrderRequest)
    assert order_request.photos is not None
    options, verdicts, enough = order_request.options, order_request.photos.verdicts, order_request.photos.enough
    card.add_item(
        ui.TextDisplay(f"**Train {inline(options.name)}** ({inline(options.class_noun)}) on `{options.model}`")
    )
    if files := preflight_files(order_request):
        gallery = ui.MediaGallery[ui.LayoutView]()
        for file in files:
            gallery.add_item(media=f"attachment://{file.name}", description=file.alt)
        card.add_item(gallery)
    lines = [f"{index + 1}. {VERDICTS[verdict]}" for index, verdict in enumerate(verdicts)]
    card.add_item(ui.TextDisplay("\n".join(lines)))
    card.add_item(ui.TextDisplay(_offer(quote, options, order_request.photos)))
    buttons: list[ui.Item[Any]] = [AgreeButton(quote.id)] if enough else []
    if enough and quote.relaxed:
        buttons.append(AgreeForFreeButton(quote.id))
    card.add_item(ui.ActionRow(*buttons, ChangePhotosButton(quote.id), DiscardPhotosButton(quote.id)))
    return layout(card)


def preflight_files(order_request: TrainingOrderRequest) -> list[Picture]:
    """Return the thumbnails that there are, as the card names them."""
    thumbnails = enumerate(order_request.thumbnails, 1)
    return [Picture(f"photo-{number}.webp", content, f"Photo {number}") for number, content in thumbnails if content]


def _offer(quote: PhotosQuote, options: TrainingOptions, photos: PhotoSet) -> str:
    if not photos.enough:
        few = f"**{len(photos.hashes)} of these photos can be used, and training needs at least {PHOTOS_MIN}.**"
        return f"{few} Please change your photos; 4 to 8 from different angles work best. Nothing was charged."
    time = about(quote.expected_s) if quote.expected_s is not None else "time not known yet"
    keep = "kept with the subject" if options.keep_photos else "deleted after the training"
    return (
        f"**{credits(quote.price)}** · {time} · {options.steps} steps. "
        "You can stop at any time and pay only for the steps that ran.\n"
        f"> {STATEMENT}\n-# Pressing 'I agree' confirms this, and I keep a record of it. Your photos are {keep}."
    )


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
    files = discord_files(preflight_files(quote.order_request))
    await interaction.edit_original_response(view=preflight_card(quote), attachments=files)


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
        self._photos = ui.FileUpload[Any](min_values=1, max_values=PHOTOS_MAX, required=True)
        self._agreed = ui.Checkbox[Any]()
        hint = "Different angles and backgrounds work best. PNG, JPEG or WebP"
        self.add_item(ui.Label(text="3 to 10 photos", description=hint, component=self._photos))
        self.add_item(ui.TextDisplay(STATEMENT))
        self.add_item(ui.Label(text="I agree", component=self._agreed))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Look at the photos if the statement was agreed to."""
        if not self._agreed.value:
            text = "Please tick *I agree* so that I can use your photos. Nothing was kept, and nothing was charged."
            await interaction.response.send_message(text, ephemeral=True)
            return
        await look_at(interaction, self._options, self._photos.values, instead_of=self._instead_of)
