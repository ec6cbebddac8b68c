"""The card before a training: every photo with its verdict, price and time, the consent; go, other photos, or leave."""

import re
from collections.abc import Awaitable, Callable
from typing import ClassVar, Self

import discord
from discord import ui

from bot.cards.text import about, credits, inline
from bot.errors import explain
from bot.interactions import acknowledge, origin_of, studio_of
from bot.services.photos import USABLE, Verdict
from bot.services.pictures import Picture
from bot.services.teaching import PHOTOS_MIN, STATEMENT, TeachingDraft, begin, discard, open_draft

DRAFT_ID = r"(?P<draft_id>[0-9a-z]{26})"
THUMBNAILS_MAX = 10

VERDICTS = {
    Verdict.GOOD: "✅ good",
    Verdict.TURNED: "✅ turned upright",
    Verdict.BLURRED: "🌫️ blurred: usable, a sharper one would be better",
    Verdict.DUPLICATE: "✖️ the same as another one",
    Verdict.SMALL: "✖️ too small: at least 64 px a side",
    Verdict.NOT_A_PICTURE: "✖️ not a PNG, JPEG or WebP picture",
    Verdict.TOO_LARGE: "✖️ too large: at most 20 MB and 50 megapixels",
}


class DraftButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=rf"draft:none:{DRAFT_ID}"):
    """What the buttons of a draft share: find the draft, check whose it is, answer errors."""

    verb: ClassVar[str] = "none"
    label: ClassVar[str] = ""
    style: ClassVar[discord.ButtonStyle] = discord.ButtonStyle.secondary

    def __init__(self, draft_id: str, *, disabled: bool = False) -> None:
        self.draft_id = draft_id
        custom_id = f"draft:{self.verb}:{draft_id}"
        super().__init__(ui.Button(label=self.label, style=self.style, custom_id=custom_id, disabled=disabled))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[ui.LayoutView], match: re.Match[str]
    ) -> Self:
        """Build the button again from what it carries."""
        return cls(match["draft_id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        """Do what the button says, for the draft's owner."""
        try:
            draft = await open_draft(studio_of(interaction), self.draft_id, interaction.user.id)
            await self.act(interaction, draft)
        except Exception as error:  # discord.py only logs what a dynamic item raises
            await explain(interaction, error)

    async def act(self, interaction: discord.Interaction, draft: TeachingDraft) -> None:
        """Do it."""
        raise NotImplementedError


class GoButton(DraftButton, template=rf"draft:go:{DRAFT_ID}"):
    """Agree to the statement, pay, begin."""

    verb = "go"
    label = "I agree – go"
    style = discord.ButtonStyle.success

    async def act(self, interaction: discord.Interaction, draft: TeachingDraft) -> None:
        private = draft.lesson.private
        # The draft's card is private, so it can become the training's own if that is; else there is a new message.
        await acknowledge(interaction, private=private, update=private)
        await begin(studio_of(interaction), draft, origin_of(interaction, private=private))


class LeaveButton(DraftButton, template=rf"draft:leave:{DRAFT_ID}"):
    """Throw the photos away."""

    verb = "leave"
    label = "Leave it"

    async def act(self, interaction: discord.Interaction, draft: TeachingDraft) -> None:
        await acknowledge(interaction, update=True)
        await discard(studio_of(interaction), draft)
        text = "Left. Your photos are deleted and nothing was charged."
        await interaction.edit_original_response(view=_said(text), attachments=[])


DRAFT_BUTTONS = (GoButton, LeaveButton)


def preflight_card(draft: TeachingDraft, *, price: int, expected_s: float | None) -> ui.LayoutView:
    """Show what was sent and what it would cost. Its pictures are sent along as `preflight_files`."""
    card = ui.Container[ui.LayoutView](accent_colour=discord.Colour.gold())
    lesson = draft.lesson
    card.add_item(ui.TextDisplay(f"**{inline(lesson.name)}**, a {inline(lesson.class_noun)} for `{lesson.model}`"))
    shown = [index for index, verdict in enumerate(draft.verdicts) if _has_thumbnail(verdict)]
    if shown:
        gallery = ui.MediaGallery[ui.LayoutView]()
        for index in shown[:THUMBNAILS_MAX]:
            gallery.add_item(media=f"attachment://photo-{index + 1}.webp", description=f"Photo {index + 1}")
        card.add_item(gallery)
    lines = [f"{index + 1}. {VERDICTS[verdict]}" for index, verdict in enumerate(draft.verdicts)]
    card.add_item(ui.TextDisplay("\n".join(lines)))
    card.add_item(ui.TextDisplay(_offer(draft, price, expected_s)))
    buttons = [GoButton(draft.id), LeaveButton(draft.id)] if draft.enough else [LeaveButton(draft.id)]
    card.add_item(ui.ActionRow(*buttons))
    view = ui.LayoutView(timeout=None)
    view.add_item(card)
    return view


def preflight_files(draft: TeachingDraft, thumbnails: list[bytes]) -> list[Picture]:
    """Return the thumbnails as the card names them."""
    pairs = zip(range(len(draft.verdicts)), draft.verdicts, thumbnails, strict=True)
    found = [
        Picture(f"photo-{index + 1}.webp", content) for index, verdict, content in pairs if _has_thumbnail(verdict)
    ]
    return found[:THUMBNAILS_MAX]


def _has_thumbnail(verdict: Verdict) -> bool:
    return verdict in USABLE or verdict in (Verdict.DUPLICATE, Verdict.SMALL)


def _offer(draft: TeachingDraft, price: int, expected_s: float | None) -> str:
    if not draft.enough:
        few = f"**{len(draft.hashes)} usable, and at least {PHOTOS_MIN} are needed.**"
        return (
            f"{few} Please send others with `/train`; four to eight from different sides are best. Nothing was charged."
        )
    time = f" · {about(expected_s)}" if expected_s is not None else ""
    keep = "are kept with the subject" if draft.lesson.keep_photos else "are deleted after the training"
    return (
        f"**{credits(price)}**{time} · {draft.lesson.steps} steps. "
        "You can stop at any time and pay for the steps that ran.\n"
        f"> {STATEMENT}\n-# By pressing 'I agree' you say so, and it is written down. The photos {keep}."
    )


def _said(text: str) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(text))
    return view


Sent = Callable[[discord.Interaction, list[discord.Attachment]], Awaitable[None]]


class PhotoForm(ui.Modal, title="Teach me something"):
    """The form that takes the photos.

    Parameters:
        sent: what happens with the photos once the form was sent and agreed to.
    """

    photos = ui.Label[ui.LayoutView](
        text="3 to 10 photos",
        description="Different sides, different places; PNG, JPEG or WebP",
        component=ui.FileUpload(min_values=1, max_values=10, required=True),
    )
    statement = ui.TextDisplay[ui.LayoutView](STATEMENT)
    agreed = ui.Label[ui.LayoutView](text="I agree", component=ui.Checkbox())

    def __init__(self, sent: Sent) -> None:
        super().__init__()
        self._sent = sent

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Pass the photos on if the statement was agreed to."""
        assert isinstance(self.agreed.component, ui.Checkbox)
        assert isinstance(self.photos.component, ui.FileUpload)
        if not self.agreed.component.value:
            text = "Without your agreement I do not look at the photos. Nothing was kept and nothing was charged."
            await interaction.response.send_message(text, ephemeral=True)
            return
        await self._sent(interaction, list(self.photos.component.values))

    async def on_error(self, interaction: discord.Interaction, error: Exception, /) -> None:  # type: ignore[override]
        """Explain an error."""
        await explain(interaction, error)
