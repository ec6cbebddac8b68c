"""What a member is asked before all that is kept of them goes, and the receipt."""

from typing import Any

import discord
from discord import ui

from bot.cards.items import LastingItem
from bot.cards.layout import layout, said
from bot.cards.text import counted, credits
from bot.interactions import studio_of
from bot.messages import remove_messages
from bot.services.mydata import Receipt, delete_everything
from bot.shared.errors import NotYours

SHOWN_MAX = 200  # messages that are taken back: the platform lets us do so about once a second


class DeleteEverything(LastingItem[int], topic="mydata", verb="delete", key_form=r"\d{1,20}"):
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

    async def act(self, interaction: discord.Interaction, user_id: int) -> None:
        """Delete, and give a receipt."""
        studio = studio_of(interaction)
        jobs = await studio.desk.of_member(user_id, guild_id=None, limit=SHOWN_MAX)
        receipt = await delete_everything(studio, user_id)
        await interaction.edit_original_response(view=said(receipt_text(receipt)))
        await remove_messages(interaction.client, jobs)


def question_card(user_id: int, *, available: int) -> ui.LayoutView:
    """Ask once more."""
    text = (
        "**Delete everything that I keep of you?**\n"
        "Your jobs with their pictures and texts, your subjects with photos and adapters, your preferences. What waits "
        f"or runs is cancelled, and the {credits(available)} that you have left are gone. Subjects that you shared "
        "can no longer be used. Your latest messages with results are taken back where Discord lets me.\n"
        "What you spent stays as a number in a sum of everybody who left, and until the month is over I remember "
        "which credits you already had. There is no way back; `/mydata export` hands you a copy first."
    )
    row = ui.ActionRow[Any](DeleteEverything(str(user_id)))
    return layout(ui.Container(ui.TextDisplay[ui.LayoutView](text), row, accent_colour=discord.Colour.red()))


def receipt_text(receipt: Receipt) -> str:
    """Count what went."""
    ban = "\nA ban stays: without your name it would be none." if receipt.ban_stays else ""
    return (
        f"**Done.** Deleted: {counted(receipt.jobs, 'job')}, {counted(receipt.files, 'file')}, "
        f"{counted(receipt.subjects, 'subject')}, your preferences. {receipt.credits} entries of your credits became "
        "part of an anonymous sum.\nSo that nobody gets the same day's credits twice, a code that only I can trace to "
        f"you keeps what you already had until the month is over; then it goes too.{ban}"
    )
