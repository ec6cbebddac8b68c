"""What a member is asked before all that is kept of them goes, and the receipt."""

from typing import Any

import discord
from discord import ui

from bot.features.mydata.personal_data import DeletionReceipt, delete_everything
from bot.shared.cards.layout import layout, said
from bot.shared.discord.interactions import services_of
from bot.shared.discord.messages import remove_messages
from bot.shared.discord.persistent_items import PersistentItem
from bot.shared.errors import NotYours
from bot.shared.text.formatting import counted, credits
from db.queue.finding import jobs_of_member

SHOWN_MAX = 200  # messages that are taken back: the platform lets us do so about once a second


class DeleteEverythingButton(PersistentItem[int], topic="mydata", verb="delete", key_form=r"\d{1,20}"):
    """The yes, of the one who was asked."""

    label = "Delete everything"
    style = discord.ButtonStyle.danger

    async def find(self, interaction: discord.Interaction) -> int:
        """Return the id of the member, to that member.

        Raises:
            NotYours: somebody else was asked.
        """
        if interaction.user.id != int(self.key):
            raise NotYours
        return interaction.user.id

    async def _act(self, interaction: discord.Interaction, user_id: int) -> None:
        services = services_of(interaction)
        jobs = await services.db.read(jobs_of_member, user_id, limit=SHOWN_MAX)
        receipt = await delete_everything(services, user_id)
        await interaction.edit_original_response(view=said(receipt_text(receipt)))
        await remove_messages(interaction.client, jobs)


def delete_card(user_id: int, *, available: int) -> ui.LayoutView:
    """Ask whether really everything that is kept of a member should go."""
    text = (
        "**Delete everything I keep about you?**\n"
        "This deletes your jobs with their pictures and transcripts, your subjects with their photos and LoRAs, and "
        "your preferences. Queued and running jobs are cancelled, and you lose the "
        f"{credits(available)} you have left. Subjects you shared stop working for others. I also delete the latest "
        "messages with your results, where Discord lets me.\n"
        "What stays: the credits you spent, as part of an anonymous total. And until the end of the month, a note of "
        "which credits you already received.\n"
        "**This can't be undone.** To keep a copy, use `/mydata export` first."
    )
    row = ui.ActionRow[Any](DeleteEverythingButton(str(user_id)))
    return layout(ui.Container(ui.TextDisplay[ui.LayoutView](text), row, accent_colour=discord.Colour.red()))


def receipt_text(receipt: DeletionReceipt) -> str:
    """Count what was deleted, and say what is remembered."""
    ban = "\nYour ban stays, with your ID." if receipt.ban_stays else ""
    return (
        f"**Deleted:** {counted(receipt.jobs, 'job')}, {counted(receipt.files, 'file')}, "
        f"{counted(receipt.subjects, 'subject')} and your preferences. {counted(receipt.credits, 'credit transfer')} "
        "became part of an anonymous total.\nSo that nobody receives the same credits twice, I note until the end of "
        f"the month which ones you already had, under a code that only I can trace to you. Then I delete that too.{ban}"
    )
