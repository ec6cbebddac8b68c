"""What a member's subjects look like, and what can be done with one: rename, share, take back, export, delete."""

import io
import re
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import discord
from discord import ui

from bot.cards.text import inline, moment
from bot.errors import explain
from bot.interactions import acknowledge, origin_of, studio_of
from bot.services.errors import BadParameter
from bot.services.pictures import Picture
from bot.services.sharing import share_with, take_back
from bot.services.subjects import delete_subject, export, own_subject, picture_of, rename
from db.subjects import Scope, Share, Subject

SUBJECT_ID = r"(?P<subject_id>[0-9a-z]{26})"
SHOWN_MAX = 8  # a section with a picture each, within the platform's 40 components
Seen = Sequence[tuple[Subject, bytes | None]]  # with what it looks like


def subjects_card(seen: Seen, user_id: int) -> ui.LayoutView:
    """Show subjects; those of one's own can be opened."""
    if not seen:
        return _said("**Nothing yet.** Teach me something with `/train`: a name, a kind, and three to ten photos.")
    card = ui.Container[ui.LayoutView]()
    card.add_item(ui.TextDisplay("**Subjects** you can use: `/imagine` with `subject`"))
    for subject, picture in seen[:SHOWN_MAX]:
        text = ui.TextDisplay[ui.LayoutView](_line(subject, user_id))
        if picture:
            thumbnail = ui.Thumbnail[ui.LayoutView](f"attachment://{_file(subject)}", description=subject.name)
            card.add_item(ui.Section(text, accessory=thumbnail))
        else:
            card.add_item(text)
        if subject.owner_id == user_id:
            card.add_item(ui.ActionRow(OpenButton(subject.id)))
    if len(seen) > SHOWN_MAX:
        card.add_item(ui.TextDisplay(f"-# and {len(seen) - SHOWN_MAX} more, offered while you type"))
    view = ui.LayoutView(timeout=None)
    view.add_item(card)
    return view


def subjects_files(seen: Seen) -> list[Picture]:
    """Return the pictures that `subjects_card` names."""
    return [Picture(_file(subject), picture, subject.name) for subject, picture in seen[:SHOWN_MAX] if picture]


def subject_card(subject: Subject, shares: Sequence[Share], *, in_guild: bool, pictured: bool) -> ui.LayoutView:
    """Show one of one's own subjects with all that can be done with it."""
    card = ui.Container[ui.LayoutView](accent_colour=discord.Colour.gold())
    facts = f"{inline(subject.class_noun)} · `{subject.model}` · step {subject.step} · {subject.photos} photos"
    text = ui.TextDisplay[ui.LayoutView](f"**{inline(subject.name)}**\n{facts} · {moment(subject.created_at)}")
    if pictured:
        thumbnail = ui.Thumbnail[ui.LayoutView](f"attachment://{_file(subject)}", description=subject.name)
        card.add_item(ui.Section(text, accessory=thumbnail))
    else:
        card.add_item(text)
    whom = ", ".join(_whom(share) for share in shares) or "nobody"
    card.add_item(ui.TextDisplay(f"Shared with {whom}"))
    card.add_item(ui.ActionRow(ShareWithMember(subject.id)))
    if in_guild:
        card.add_item(ui.ActionRow(ShareWithRole(subject.id)))
    buttons: list[ui.Item[Any]] = [RenameButton(subject.id), ExportButton(subject.id), DeleteSubject(subject.id)]
    if in_guild:
        buttons.append(ShareWithGuild(subject.id))
    card.add_item(ui.ActionRow(*buttons))
    if shares:
        card.add_item(ui.ActionRow(TakeBackButton(subject.id)))
    view = ui.LayoutView(timeout=None)
    view.add_item(card)
    return view


def _line(subject: Subject, user_id: int) -> str:
    whose = "yours" if subject.owner_id == user_id else f"from <@{subject.owner_id}>"
    return (
        f"**{inline(subject.name)}** · {inline(subject.class_noun)} · {whose}\n-# `{subject.model}` · {subject.phrase}"
    )


def _whom(share: Share) -> str:
    match share.scope:
        case Scope.MEMBER:
            return f"<@{share.target_id}>"
        case Scope.ROLE:
            return f"<@&{share.target_id}>"
        case Scope.GUILD:
            return "everybody in a server"


def _file(subject: Subject) -> str:
    return f"{subject.id}.png"


def _said(text: str) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(text))
    return view


async def show_subject(interaction: discord.Interaction, subject_id: str, *, update: bool) -> None:
    """Show a subject's card to its owner, anew or in place of the one that was pressed."""
    studio = studio_of(interaction)
    subject = await own_subject(studio, subject_id, interaction.user.id)
    picture = await picture_of(studio, subject)
    shares = await studio.subjects.shares(subject.id)
    view = subject_card(subject, shares, in_guild=interaction.guild_id is not None, pictured=picture is not None)
    content = picture or b""
    files = [discord.File(io.BytesIO(content), _file(subject))] if picture else []
    if not interaction.response.is_done():
        await acknowledge(interaction, private=True, update=update)
    await interaction.edit_original_response(view=view, attachments=files)


class SubjectButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=rf"subject:none:{SUBJECT_ID}"):
    """What the buttons of a subject share: find it, check whose it is, answer errors."""

    verb: ClassVar[str] = "none"
    label: ClassVar[str] = ""
    style: ClassVar[discord.ButtonStyle] = discord.ButtonStyle.secondary

    def __init__(self, subject_id: str) -> None:
        self.subject_id = subject_id
        super().__init__(ui.Button(label=self.label, style=self.style, custom_id=f"subject:{self.verb}:{subject_id}"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[ui.LayoutView], match: re.Match[str]
    ) -> Self:
        """Build the button again from what it carries."""
        return cls(match["subject_id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        """Do what the button says, for the subject's owner."""
        try:
            subject = await own_subject(studio_of(interaction), self.subject_id, interaction.user.id)
            await self.act(interaction, subject)
        except Exception as error:  # discord.py only logs what a dynamic item raises
            await explain(interaction, error)

    async def act(self, interaction: discord.Interaction, subject: Subject) -> None:
        """Do it."""
        raise NotImplementedError


class OpenButton(SubjectButton, template=rf"subject:open:{SUBJECT_ID}"):
    """Show what can be done with a subject."""

    verb = "open"
    label = "Open"

    async def act(self, interaction: discord.Interaction, subject: Subject) -> None:
        await show_subject(interaction, subject.id, update=False)


class RenameButton(SubjectButton, template=rf"subject:rename:{SUBJECT_ID}"):
    """Ask for another name."""

    verb = "rename"
    label = "Rename"

    async def act(self, interaction: discord.Interaction, subject: Subject) -> None:
        await interaction.response.send_modal(RenameForm(subject))


class ExportButton(SubjectButton, template=rf"subject:export:{SUBJECT_ID}"):
    """Hand out the adapter as a file that other tools read."""

    verb = "export"
    label = "Export"

    async def act(self, interaction: discord.Interaction, subject: Subject) -> None:
        await acknowledge(interaction, private=True)
        adapter = await export(studio_of(interaction), subject)
        if len(adapter) > interaction.filesize_limit:
            raise BadParameter("The adapter is larger than a message here may carry; an operator can copy it for you.")
        file = discord.File(io.BytesIO(adapter), f"{subject.trigger}-{subject.step}.safetensors")
        text = f"{inline(subject.name)} as a LoRA for `{subject.model}`; its words are {inline(subject.phrase)}."
        await interaction.edit_original_response(content=text, attachments=[file])


class DeleteSubject(SubjectButton, template=rf"subject:delete:{SUBJECT_ID}"):
    """Ask once more, then delete."""

    verb = "delete"
    label = "Delete"
    style = discord.ButtonStyle.danger

    async def act(self, interaction: discord.Interaction, subject: Subject) -> None:
        view = _said(f"Delete {inline(subject.name)} with its photos, film and adapter? It cannot be undone.")
        view.add_item(ui.ActionRow(ReallyDelete(subject.id)))
        await interaction.response.send_message(view=view, ephemeral=True)


class ReallyDelete(SubjectButton, template=rf"subject:really:{SUBJECT_ID}"):
    """Delete a subject for good."""

    verb = "really"
    label = "Delete for good"
    style = discord.ButtonStyle.danger

    async def act(self, interaction: discord.Interaction, subject: Subject) -> None:
        await acknowledge(interaction, update=True)
        await delete_subject(studio_of(interaction), subject)
        await interaction.edit_original_response(view=_said(f"{inline(subject.name)} is gone, with everything of it."))


class ShareWithGuild(SubjectButton, template=rf"subject:guild:{SUBJECT_ID}"):
    """Let everybody in this server use a subject."""

    verb = "guild"
    label = "Share with this server"

    async def act(self, interaction: discord.Interaction, subject: Subject) -> None:
        if interaction.guild_id is None:
            raise BadParameter("There is no server here to share it with.")
        origin = origin_of(interaction, private=True)
        await share_with(studio_of(interaction), subject, Share(Scope.GUILD, interaction.guild_id), origin)
        await show_subject(interaction, subject.id, update=True)


class TakeBackButton(SubjectButton, template=rf"subject:back:{SUBJECT_ID}"):
    """End all shares of a subject."""

    verb = "back"
    label = "Take back from all"

    async def act(self, interaction: discord.Interaction, subject: Subject) -> None:
        studio = studio_of(interaction)
        await take_back(studio, subject, await studio.subjects.shares(subject.id))
        await show_subject(interaction, subject.id, update=True)


class _ShareSelect(ui.DynamicItem[Any], template=rf"subject:whom:{SUBJECT_ID}"):
    """What choosing somebody to share with has in common."""

    verb: ClassVar[str] = "whom"
    scope: ClassVar[Scope] = Scope.MEMBER
    hint: ClassVar[str] = ""
    kind: ClassVar[type[ui.Select[Any] | ui.UserSelect[Any] | ui.RoleSelect[Any]]] = ui.UserSelect

    def __init__(self, subject_id: str) -> None:
        self.subject_id = subject_id
        super().__init__(self.kind(custom_id=f"subject:{self.verb}:{subject_id}", placeholder=self.hint))

    @classmethod
    async def from_custom_id(cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str]) -> Self:
        """Build it again from what it carries."""
        return cls(match["subject_id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        """Share with whoever was chosen; choosing somebody again takes it back."""
        try:
            studio = studio_of(interaction)
            subject = await own_subject(studio, self.subject_id, interaction.user.id)
            share = Share(self.scope, self.item.values[0].id)
            if share in await studio.subjects.shares(subject.id):
                await take_back(studio, subject, [share])
            else:
                await share_with(studio, subject, share, origin_of(interaction, private=True))
            await show_subject(interaction, subject.id, update=True)
        except Exception as error:  # discord.py only logs what a dynamic item raises
            await explain(interaction, error)


class ShareWithMember(_ShareSelect, template=rf"subject:member:{SUBJECT_ID}"):
    """Share with a member, or take it back."""

    verb = "member"
    scope = Scope.MEMBER
    hint = "Share with a member, or take it back …"
    kind = ui.UserSelect


class ShareWithRole(_ShareSelect, template=rf"subject:role:{SUBJECT_ID}"):
    """Share with a role, or take it back."""

    verb = "role"
    scope = Scope.ROLE
    hint = "Share with a role, or take it back …"
    kind = ui.RoleSelect


class RenameForm(ui.Modal, title="Rename"):
    """Ask for a subject's new name."""

    name = ui.Label[ui.LayoutView](text="Name", component=ui.TextInput(min_length=1, max_length=32))

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self._subject = subject
        assert isinstance(self.name.component, ui.TextInput)
        self.name.component.default = subject.name

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Rename it."""
        assert isinstance(self.name.component, ui.TextInput)
        origin = origin_of(interaction, private=True)
        name = await rename(studio_of(interaction), self._subject, self.name.component.value, origin)
        await interaction.response.send_message(f"It is called {inline(name)} now.", ephemeral=True)

    async def on_error(self, interaction: discord.Interaction, error: Exception, /) -> None:  # type: ignore[override]
        """Explain an error."""
        await explain(interaction, error)


SUBJECT_ITEMS = (
    OpenButton,
    RenameButton,
    ExportButton,
    DeleteSubject,
    ReallyDelete,
    ShareWithGuild,
    TakeBackButton,
    ShareWithMember,
    ShareWithRole,
)
