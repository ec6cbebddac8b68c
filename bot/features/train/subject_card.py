"""One's own subject, and what can be done with it: rename, share, stop sharing, export, delete."""

import io
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import discord
from discord import ui

from bot.features.train.film import choose_step, film_steps
from bot.features.train.job_card import step_menu
from bot.features.train.subjects import export, own_subject, picture_for, rename, share_with, take_back
from bot.shared.cards.job_buttons import redraw, show_job
from bot.shared.cards.layout import layout, said
from bot.shared.discord.commands import mention_of
from bot.shared.discord.forms import Form
from bot.shared.discord.interactions import acknowledge, context_of, is_age_restricted, limits_of, services_of
from bot.shared.discord.messages import tell
from bot.shared.discord.persistent_items import Answer, PersistentItem
from bot.shared.errors import BadParameter, SubjectGone
from bot.shared.results import delete_subject
from bot.shared.text.formatting import harmless, inline, moment
from db.people.shares import Scope, Share, shares_of
from db.people.subjects import Subject
from db.queue.finding import find_job

NAMED_MAX = 50  # of those it is shared with; the platform takes 4,000 characters


def subject_card(
    subject: Subject, shares: Sequence[Share], *, in_guild: bool, pictured: bool, steps: Sequence[int] = ()
) -> ui.LayoutView:
    """Show one of one's own subjects with all that can be done with it.

    Args:
        subject: whose card it is.
        shares: with whom it is shared.
        in_guild: whether the card is in a server, where it can be shared with all or with a role.
        pictured: whether its picture is sent along.
        steps: those of its training that it can be used from.
    """
    card = ui.Container[ui.LayoutView](accent_colour=discord.Colour.gold())
    facts = f"{inline(subject.class_noun)} · `{subject.model}` · step {subject.step} · {subject.photos} photos"
    text = ui.TextDisplay[ui.LayoutView](f"**{inline(subject.name)}**\n{facts} · {moment(subject.created_at)}")
    if pictured:
        thumbnail = ui.Thumbnail[ui.LayoutView](f"attachment://{file_name(subject)}", description=subject.name)
        card.add_item(ui.Section(text, accessory=thumbnail))
    else:
        card.add_item(text)
    whom = ", ".join(_whom(share) for share in shares[:NAMED_MAX]) or "nobody"
    more = f" and {len(shares) - NAMED_MAX} more" if len(shares) > NAMED_MAX else ""
    buttons = (RenameButton(subject.id), ExportButton(subject.id), DeleteSubjectButton(subject.id))
    rows: list[list[ui.Item[Any]]] = [
        [SubjectStepSelect.of(subject, steps)] * (len(steps) > 1),
        [ShareWithMemberSelect.of(subject.id)],
        [ShareWithRoleSelect.of(subject.id)] * in_guild,
        [*buttons, *[ShareWithGuildButton(subject.id)] * in_guild],
        [StopSharingButton(subject.id)] * bool(shares),
    ]
    card.add_item(ui.TextDisplay(f"Shared with {whom}{more}"))
    for row in filter(None, rows):
        card.add_item(ui.ActionRow(*row))
    return layout(card)


def _whom(share: Share) -> str:
    match share.scope:
        case Scope.MEMBER:
            return f"<@{share.target_id}>"
        case Scope.ROLE:
            return f"<@&{share.target_id}>"
        case Scope.GUILD:
            return "everybody in a server"


def file_name(subject: Subject) -> str:
    """Return what a subject's picture is called on a card."""
    return f"{subject.id}.png"


async def show_subject(interaction: discord.Interaction, subject_id: str) -> None:
    """Show a subject's card to its owner, in an answer that was acknowledged; its training's, while that runs."""
    services = services_of(interaction)
    subject = await own_subject(services, subject_id, interaction.user.id)
    job = await services.db.read(find_job, subject.job_id)
    if job is not None and not subject.ready:
        await show_job(interaction, job)
        return
    steps = await film_steps(services, job) if job is not None else []
    picture = await picture_for(services, subject, age_restricted=is_age_restricted(interaction.channel))
    shares = await services.db.read(shares_of, subject.id)
    in_guild = interaction.guild_id is not None
    view = subject_card(subject, shares, in_guild=in_guild, pictured=picture is not None, steps=steps)
    content = picture or b""
    files = [discord.File(io.BytesIO(content), file_name(subject))] if picture else []
    await interaction.edit_original_response(view=view, attachments=files)


class SubjectItem(PersistentItem[Subject], topic="subject"):
    """What all buttons and menus of a subject share."""

    async def find(self, interaction: discord.Interaction) -> Subject:
        """Return the subject to its owner.

        Raises:
            SubjectGone, NotYours: it is not there, or not theirs.
        """
        return await own_subject(services_of(interaction), self.key, interaction.user.id)


class OpenButton(SubjectItem, verb="open"):
    """Show what can be done with a subject."""

    label = "Open"
    answer = Answer.PRIVATE

    async def _act(self, interaction: discord.Interaction, subject: Subject) -> None:
        await show_subject(interaction, subject.id)


class RenameButton(SubjectItem, verb="rename"):
    """Ask for another name."""

    label = "Rename"
    answer = Answer.FORM

    async def _act(self, interaction: discord.Interaction, subject: Subject) -> None:
        await RenameForm(subject).open(interaction)


class ExportButton(SubjectItem, verb="export"):
    """Hand out the adapter as a file that other tools read."""

    label = "Export"
    answer = Answer.PRIVATE

    async def _act(self, interaction: discord.Interaction, subject: Subject) -> None:
        adapter = await export(services_of(interaction), subject)
        if len(adapter) > interaction.filesize_limit:
            raise BadParameter("This LoRA is too large for a Discord message. An operator can copy the file for you.")
        file = discord.File(io.BytesIO(adapter), f"{subject.trigger}.safetensors")
        text = (
            f"{inline(subject.name)} as a LoRA for `{subject.model}`, from step {subject.step}. Its trigger word is "
            f"{inline(subject.phrase)}; in the settings of pictures it appears as `<lora:{subject.trigger}:1>`."
        )
        await interaction.edit_original_response(content=text, attachments=[file])


class SubjectStepSelect(SubjectItem, verb="step"):
    """Choose which step of its training a subject is used from."""

    @classmethod
    def of(cls, subject: Subject, steps: Sequence[int]) -> Self:
        """Return the menu of these steps."""
        return cls(subject.id, step_menu(cls.id_for(subject.id), steps, subject.step))

    async def _act(self, interaction: discord.Interaction, subject: Subject) -> None:
        services = services_of(interaction)
        job = await services.db.read(find_job, subject.job_id)
        if job is None:
            raise SubjectGone
        job = await choose_step(services, job, int(self.item.values[0]), by_user=interaction.user.id)
        await show_subject(interaction, subject.id)
        await redraw(interaction, job)


class DeleteSubjectButton(SubjectItem, verb="delete"):
    """Ask once more, then delete."""

    label = "Delete"
    style = discord.ButtonStyle.danger
    answer = Answer.PRIVATE

    async def _act(self, interaction: discord.Interaction, subject: Subject) -> None:
        view = said(f"Delete {inline(subject.name)} with its photos, previews and LoRA? This can't be undone.")
        view.add_item(ui.ActionRow(DeleteForeverButton(subject.id)))
        await interaction.edit_original_response(view=view)


class DeleteForeverButton(SubjectItem, verb="really"):
    """Delete a subject for good."""

    label = "Delete forever"
    style = discord.ButtonStyle.danger

    async def _act(self, interaction: discord.Interaction, subject: Subject) -> None:
        await delete_subject(services_of(interaction), subject)
        await interaction.edit_original_response(view=said(f"Deleted {inline(subject.name)} with all its files."))


class ShareWithGuildButton(SubjectItem, verb="guild"):
    """Let everybody in this server use a subject."""

    label = "Share with this server"

    async def _act(self, interaction: discord.Interaction, subject: Subject) -> None:
        if interaction.guild_id is None:
            raise BadParameter("There is no server to share it with in direct messages.")
        context = await context_of(interaction, private=True)
        await share_with(services_of(interaction), subject, Share(Scope.GUILD, interaction.guild_id), context.policy)
        await show_subject(interaction, subject.id)


class StopSharingButton(SubjectItem, verb="back"):
    """End all shares of a subject."""

    label = "Stop sharing with all"

    async def _act(self, interaction: discord.Interaction, subject: Subject) -> None:
        services = services_of(interaction)
        await take_back(services, subject, await services.db.read(shares_of, subject.id))
        await show_subject(interaction, subject.id)


class _ShareSelect(SubjectItem):
    """What choosing somebody to share with has in common."""

    scope: ClassVar[Scope]
    hint: ClassVar[str]
    kind: ClassVar[type[ui.UserSelect[Any] | ui.RoleSelect[Any]]]

    @classmethod
    def of(cls, subject_id: str) -> Self:
        """Return the menu with nobody chosen."""
        return cls(subject_id, cls.kind(custom_id=cls.id_for(subject_id), placeholder=cls.hint))

    async def _act(self, interaction: discord.Interaction, subject: Subject) -> None:
        """Share with whoever was chosen; choosing somebody again takes it back."""
        services = services_of(interaction)
        share, told = Share(self.scope, self.item.values[0].id), False
        if share in await services.db.read(shares_of, subject.id):
            await take_back(services, subject, [share])
        else:
            policy = (await context_of(interaction, private=True)).policy
            await share_with(services, subject, share, policy)
            told = not policy.banned
        await show_subject(interaction, subject.id)
        if told:
            await self._tell(interaction, subject)

    async def _tell(self, interaction: discord.Interaction, subject: Subject) -> None:
        """Tell those it is shared with, where they can be told without a mention of many."""


class ShareWithMemberSelect(_ShareSelect, verb="member"):
    """Share with a member, or stop sharing."""

    scope = Scope.MEMBER
    hint = "Share with a member, or stop sharing …"
    kind = ui.UserSelect

    async def _tell(self, interaction: discord.Interaction, subject: Subject) -> None:
        """Tell the member in a direct message."""
        member, mention = self.item.values[0], mention_of(interaction.client)
        if member.bot or member.id == subject.owner_id:
            return
        text = (
            f"🤝 <@{subject.owner_id}> shared their subject {inline(subject.name)} with you. Put it into pictures with "
            f"{mention('imagine')} and `subject: {harmless(subject.name, 50)}`; {mention('subjects')} lists it."
        )
        # Named by the subject, so that sharing it again at once does not say so again.
        await tell(interaction.client, limits_of(interaction), member.id, text, once=f"s{subject.id[-24:]}")


class ShareWithRoleSelect(_ShareSelect, verb="role"):
    """Share with a role, or stop sharing."""

    scope = Scope.ROLE
    hint = "Share with a role, or stop sharing …"
    kind = ui.RoleSelect


class RenameForm(Form, title="Rename"):
    """Ask for a subject's new name."""

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self._subject = subject
        self._name = ui.TextInput[Any](min_length=1, max_length=32, default=subject.name)
        self.add_item(ui.Label(text="Name", component=self._name))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Rename the subject to what was typed, and say how it is written now."""
        await acknowledge(interaction, private=True)
        context = await context_of(interaction, private=True)
        name = await rename(services_of(interaction), self._subject, self._name.value, context.policy)
        await interaction.edit_original_response(content=f"Renamed to {inline(name)}.")


SUBJECT_ITEMS = (
    OpenButton,
    RenameButton,
    ExportButton,
    SubjectStepSelect,
    DeleteSubjectButton,
    DeleteForeverButton,
    ShareWithGuildButton,
    StopSharingButton,
    ShareWithMemberSelect,
    ShareWithRoleSelect,
)
