"""What `find` shows, with buttons; and the form that says what would be removed before it is."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import discord
from discord import ui

from bot.features.operator import admin
from bot.features.operator.admin import SearchResult
from bot.features.operator.cards import removal_text, removed_text
from bot.features.operator.shown import Shown
from bot.features.operator.withheld import LookButton
from bot.shared.cards.job import MARKS, title
from bot.shared.cards.job_buttons import ShowButton
from bot.shared.cards.layout import layout, said
from bot.shared.discord.forms import Form
from bot.shared.discord.interactions import acknowledge, in_time, operator_of, services_of
from bot.shared.discord.messages import remove_messages
from bot.shared.discord.persistent_items import ID, Answer, PersistentItem
from bot.shared.errors import JobGone
from bot.shared.text.formatting import counted, harmless, inline, moment
from db.moderation.targets import Target, TargetKind
from db.people.subjects import Subject
from db.queue.job import Job, State
from inference.requests import from_json

JOBS_SHOWN = 6  # at a time, which is a phone's screen; each takes up to 5 of the 40 components of a message
REASON_MAX = 200  # characters
OPTIONS_MAX = 25  # of a menu


class FoundItem(
    PersistentItem[Shown],
    topic="found",
    key_form=rf"(?:(?:job|subject)-{ID}|member-\d{{1,20}})-\d{{1,6}}(?:-{ID})?",
):
    """What the buttons under what was found share."""

    async def find(self, interaction: discord.Interaction) -> Shown:
        """Return what they are about, to operators.

        Raises:
            CheckFailure: somebody else pressed.
        """
        operator_of(interaction)
        return Shown.from_key(self.key)


class PageButton(FoundItem, verb="page"):
    """Show other jobs of those that were found."""

    @classmethod
    def named(cls, label: str, shown: Shown) -> "PageButton":
        """Return the button to the jobs from there on."""
        return cls(shown.key, ui.Button(label=label, custom_id=cls.id_for(shown.key)))

    async def _act(self, interaction: discord.Interaction, shown: Shown) -> None:
        await show_found(interaction, shown.target, shown.first)


class RemoveButton(FoundItem, verb="remove"):
    """Say what would be removed, and ask."""

    answer = Answer.FORM

    @classmethod
    def named(cls, label: str, shown: Shown) -> "RemoveButton":
        """Return the button that asks about one job, or the red one about all that was found."""
        style = discord.ButtonStyle.secondary if shown.job_id else discord.ButtonStyle.danger
        return cls(shown.key, ui.Button(label=label, custom_id=cls.id_for(shown.key), style=style))

    async def _act(self, interaction: discord.Interaction, shown: Shown) -> None:
        await ask_to_remove(interaction, shown)


class SubjectSelect(FoundItem, verb="subject"):
    """Choose one of the subjects of the member whose jobs were found, to see everything made with it."""

    answer = Answer.PRIVATE

    @classmethod
    def of(cls, key: str, subjects: Sequence[Subject]) -> "SubjectSelect":
        """Return the menu of these subjects."""
        options = [
            discord.SelectOption(label=harmless(one.name, 100), description=harmless(one.class_noun, 100), value=one.id)
            for one in subjects[:OPTIONS_MAX]
        ]
        return cls(key, ui.Select(custom_id=cls.id_for(key), placeholder="Their subjects …", options=options))

    async def _act(self, interaction: discord.Interaction, shown: Shown) -> None:
        await show_found(interaction, Target(TargetKind.SUBJECT, self.item.values[0]))


class RemoveForm(Form, title="Remove for good"):
    """Say what would be removed, ask why, and remove it."""

    def __init__(self, shown: Shown, found: SearchResult) -> None:
        super().__init__()
        self._shown = shown
        self._reason = ui.TextInput[Any](min_length=1, max_length=REASON_MAX)
        self.add_item(ui.TextDisplay(removal_text(shown.meant, found)))
        self.add_item(ui.Label(text="Reason", description="Kept in the log of operators", component=self._reason))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Remove it, say what was, and show what is left where a list was pressed."""
        listed = interaction.message is not None
        await acknowledge(interaction, private=True, update=listed)
        services, operator, shown = services_of(interaction), operator_of(interaction), self._shown
        removed = await admin.remove(services, operator, shown.meant, self._reason.value)
        messages = await remove_messages(interaction.client, removed.jobs)
        view = said(removed_text(removed, messages))
        if listed and shown.job_id:
            with suppress(JobGone):  # that was the last one
                left = found_card(shown, await admin.look(services, operator, shown.target))
                for item in left.children:
                    view.add_item(item)
        await interaction.edit_original_response(view=view)


async def ask_to_remove(interaction: discord.Interaction, shown: Shown) -> None:
    """Count what would be removed, and ask by a form.

    Raises:
        JobGone, StoreBusy: it is not there, or that took too long.
    """
    async with in_time():
        found = await admin.look(services_of(interaction), operator_of(interaction), shown.meant)
    if not found.jobs and found.subject is None:
        raise JobGone(f"{shown.meant} has no jobs in this server.")
    await RemoveForm(shown, found).open(interaction)


async def show_found(interaction: discord.Interaction, target: Target, first: int = 0) -> None:
    """Find something and show it in an answer that was acknowledged."""
    found = await admin.find(services_of(interaction), operator_of(interaction), target)
    await interaction.edit_original_response(view=found_card(Shown(target, first), found))


def found_card(shown: Shown, found: SearchResult) -> ui.LayoutView:
    """List some of the jobs that were found, each with buttons to see and to remove it."""
    total, first = len(found.jobs), min(shown.first, max(0, len(found.jobs) - 1) // JOBS_SHOWN * JOBS_SHOWN)
    jobs = found.jobs[first : first + JOBS_SHOWN]
    card = ui.Container[ui.LayoutView](accent_colour=discord.Colour.blurple())
    card.add_item(ui.TextDisplay(_head(shown.target, found, first, first + len(jobs))))
    for job in jobs:
        card.add_item(ui.TextDisplay(_line(job, whose=shown.target.kind is not TargetKind.MEMBER)))
        one = Shown(shown.target, first, job.id)
        show = ShowButton(job.id, disabled=job.state is not State.DONE)
        look = [LookButton(job.id)] if job.withheld else []
        card.add_item(ui.ActionRow(show, *look, RemoveButton.named("Remove", one)))
    buttons: list[ui.Item[Any]] = []
    if first:
        buttons.append(PageButton.named("Newer", Shown(shown.target, first - JOBS_SHOWN)))
    if first + JOBS_SHOWN < total:
        buttons.append(PageButton.named("Older", Shown(shown.target, first + JOBS_SHOWN)))
    if found.subject is not None:
        label = f"Remove the subject and {counted(total, 'job')}" if total else "Remove the subject"
        buttons.append(RemoveButton.named(label, Shown(shown.target)))
    elif shown.target.kind is TargetKind.MEMBER and total:
        buttons.append(RemoveButton.named(f"Remove all {total}", Shown(shown.target)))
    if found.subjects:
        card.add_item(ui.ActionRow(SubjectSelect.of(Shown(shown.target).key, found.subjects)))
    if buttons:
        card.add_item(ui.ActionRow(*buttons))
    return layout(card)


def _head(target: Target, found: SearchResult, first: int, end: int) -> str:
    jobs = counted(len(found.jobs), "job") if found.jobs else "no jobs"
    which = f"{first + 1} to {end}" if end > first + 1 else f"{end}"
    range_ = f"\n-# {which} of {len(found.jobs)}, newest first" if end - first < len(found.jobs) else ""
    if found.subject is not None:
        return f"**Subject {inline(found.subject.name)}** of <@{found.subject.owner_id}> · {jobs} with it{range_}"
    if target.kind is TargetKind.MEMBER:
        return f"**{jobs}** of {target} in this server{range_}"
    return "**One job**"


def _line(job: Job, *, whose: bool) -> str:
    words = inline(title(from_json(job.request)), 100)
    facts = [f"<#{job.channel_id}>", moment(job.queued_at), str(job.state), *["private"] * job.private]
    owner = f"<@{job.user_id}> in " if whose else ""
    return f"{MARKS[job.state]} {words}\n-# {owner}{' · '.join(facts)}"


FOUND_ITEMS = (PageButton, RemoveButton, SubjectSelect, LookButton)
