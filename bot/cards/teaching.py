"""The card before a training: each photo's verdict, price and time, the consent; agree, change photos, or cancel."""

from collections.abc import Sequence
from typing import Any, ClassVar

import discord
from discord import ui

from bot.cards.beginning import begin_from
from bot.cards.items import Answer, Form, LastingItem
from bot.cards.layout import layout, said
from bot.cards.text import about, credits, inline
from bot.contexts import context_of
from bot.interactions import acknowledge, limits_of, studio_of
from bot.limits import PHOTOS
from bot.services.pictures import Picture
from bot.services.teaching import (
    PHOTOS_MAX,
    PHOTOS_MIN,
    STATEMENT,
    Lesson,
    TeachingDraft,
    begin,
    check_before_photos,
    check_kept,
    discard,
    draft,
    expected_s,
    open_draft,
    price_of,
)
from bot.shared.photos import USABLE, Sent
from bot.uploads import discord_files
from db.jobs import Pace
from inference.decoders.photos import Verdict
from inference.requests import Kind

THUMBNAILS_MAX = 10

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


class DraftButton(LastingItem[TeachingDraft], topic="draft"):
    """What the buttons of a draft share."""

    async def find(self, interaction: discord.Interaction) -> TeachingDraft:
        """Return the draft to its owner.

        Raises:
            DraftGone, NotYours: it was used or thrown away, or is somebody else's.
        """
        return await open_draft(studio_of(interaction), self.key, interaction.user.id)


class GoButton(DraftButton, verb="go"):
    """Agree to the statement, pay, begin."""

    label = "I agree – start training"
    style = discord.ButtonStyle.success
    pace: ClassVar[Pace] = Pace.FAST

    async def act(self, interaction: discord.Interaction, made: TeachingDraft) -> None:
        studio, pace = studio_of(interaction), self.pace
        await begin_from(
            interaction, lambda context: begin(studio, made, context, pace=pace), private=made.lesson.private
        )


class RelaxButton(GoButton, verb="relax"):
    """Agree to the statement, and begin for free when the queue is empty."""

    label = "I agree – train for free"
    style = discord.ButtonStyle.primary
    pace = Pace.RELAXED


class LeaveButton(DraftButton, verb="leave"):
    """Throw the photos away."""

    label = "Cancel"

    async def act(self, interaction: discord.Interaction, made: TeachingDraft) -> None:
        await discard(studio_of(interaction), made)
        text = "Cancelled. I deleted your photos, and nothing was charged."
        await interaction.edit_original_response(view=said(text), attachments=[])


class OtherPhotosButton(DraftButton, verb="other"):
    """Ask for other photos instead."""

    label = "Change photos"
    answer = Answer.FORM

    async def act(self, interaction: discord.Interaction, made: TeachingDraft) -> None:
        await PhotoForm(made.lesson, instead_of=made).open(interaction)


DRAFT_BUTTONS = (GoButton, RelaxButton, OtherPhotosButton, LeaveButton)


def preflight_card(
    made: TeachingDraft, *, price: int, expected_s: float | None, relaxed: bool = False
) -> ui.LayoutView:
    """Show what was sent and what it would cost. Its pictures are sent along as `preflight_files`.

    Args:
        relaxed: it may be had for free when the queue is empty.
    """
    card = ui.Container[ui.LayoutView](accent_colour=discord.Colour.gold())
    lesson = made.lesson
    card.add_item(ui.TextDisplay(f"**Train {inline(lesson.name)}** ({inline(lesson.class_noun)}) on `{lesson.model}`"))
    shown = [index for index, verdict in enumerate(made.verdicts) if _has_thumbnail(verdict)]
    if shown:
        gallery = ui.MediaGallery[ui.LayoutView]()
        for index in shown[:THUMBNAILS_MAX]:
            gallery.add_item(media=f"attachment://photo-{index + 1}.webp", description=f"Photo {index + 1}")
        card.add_item(gallery)
    lines = [f"{index + 1}. {VERDICTS[verdict]}" for index, verdict in enumerate(made.verdicts)]
    card.add_item(ui.TextDisplay("\n".join(lines)))
    card.add_item(ui.TextDisplay(_offer(made, price, expected_s)))
    buttons: list[ui.Item[Any]] = [GoButton(made.id)] if made.enough else []
    if made.enough and relaxed:
        buttons.append(RelaxButton(made.id))
    card.add_item(ui.ActionRow(*buttons, OtherPhotosButton(made.id), LeaveButton(made.id)))
    return layout(card)


def preflight_files(made: TeachingDraft, thumbnails: list[bytes]) -> list[Picture]:
    """Return the thumbnails as the card names them."""
    pairs = zip(range(len(made.verdicts)), made.verdicts, thumbnails, strict=True)
    found = [
        Picture(f"photo-{index + 1}.webp", content) for index, verdict, content in pairs if _has_thumbnail(verdict)
    ]
    return found[:THUMBNAILS_MAX]


def _has_thumbnail(verdict: Verdict) -> bool:
    return verdict in USABLE or verdict in (Verdict.DUPLICATE, Verdict.SMALL)


def _offer(made: TeachingDraft, price: int, expected_s: float | None) -> str:
    if not made.enough:
        few = f"**{len(made.hashes)} of these photos can be used, and training needs at least {PHOTOS_MIN}.**"
        return f"{few} Please change your photos; 4 to 8 from different angles work best. Nothing was charged."
    time = about(expected_s) if expected_s is not None else "time not known yet"
    keep = "kept with the subject" if made.lesson.keep_photos else "deleted after the training"
    return (
        f"**{credits(price)}** · {time} · {made.lesson.steps} steps. "
        "You can stop at any time and pay only for the steps that ran.\n"
        f"> {STATEMENT}\n-# Pressing 'I agree' confirms this, and I keep a record of it. Your photos are {keep}."
    )


async def look_at(
    interaction: discord.Interaction,
    lesson: Lesson,
    attachments: Sequence[discord.Attachment],
    *,
    instead_of: TeachingDraft | None = None,
) -> None:
    """Fetch photos, look at them, and show what each is good for and what the training would cost.

    Args:
        interaction: if a button led here, its message becomes the card.
        instead_of: an earlier draft, whose photos go.

    Raises:
        DraftBegun, DraftGone: that one is no draft any more; then nothing was fetched, or nothing is kept.
    """
    studio = studio_of(interaction)
    limits_of(interaction).take(PHOTOS, interaction.user.id)
    await acknowledge(interaction, private=True, update=interaction.message is not None)
    context = await context_of(interaction, private=lesson.private)
    if instead_of is not None:
        await check_kept(studio, instead_of)
    lesson = await check_before_photos(studio, lesson, context)
    sent = [Sent(url=one.url, size_bytes=one.size) for one in attachments[:PHOTOS_MAX]]
    photos = await studio.photos.look_at(context.user_id, sent)
    if instead_of is not None:
        await discard(studio, instead_of)
    made = await draft(studio, lesson, context, photos)
    card = preflight_card(
        made,
        price=price_of(studio, made),
        expected_s=expected_s(studio, made),
        relaxed=Kind.TRAIN in context.terms.relaxed,
    )
    shown = preflight_files(made, [photo.thumbnail for photo in photos])
    await interaction.edit_original_response(view=card, attachments=discord_files(shown))


class PhotoForm(Form, title="Train a subject"):
    """The form that takes the photos.

    Parameters:
        lesson: what is to be trained, as `check_lesson` returned it.
        instead_of: the draft that they replace.
    """

    photos = ui.Label[ui.LayoutView](
        text="3 to 10 photos",
        description="Different angles and backgrounds work best. PNG, JPEG or WebP",
        component=ui.FileUpload(min_values=1, max_values=PHOTOS_MAX, required=True),
    )
    statement = ui.TextDisplay[ui.LayoutView](STATEMENT)
    agreed = ui.Label[ui.LayoutView](text="I agree", component=ui.Checkbox())

    def __init__(self, lesson: Lesson, *, instead_of: TeachingDraft | None = None) -> None:
        super().__init__()
        self._lesson = lesson
        self._instead_of = instead_of

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Look at the photos if the statement was agreed to."""
        assert isinstance(self.agreed.component, ui.Checkbox)
        assert isinstance(self.photos.component, ui.FileUpload)
        if not self.agreed.component.value:
            text = "Please tick *I agree* so that I can use your photos. Nothing was kept, and nothing was charged."
            await interaction.response.send_message(text, ephemeral=True)
            return
        await look_at(interaction, self._lesson, self.photos.component.values, instead_of=self._instead_of)
