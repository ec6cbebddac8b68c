"""What a member is asked before all that is kept of them goes, and the receipt."""

import re
from typing import Any, Self

import discord
from discord import ui

from bot.cards.text import counted, credits
from bot.errors import explain
from bot.interactions import acknowledge, studio_of
from bot.messages import remove_messages
from bot.services.errors import NotYours
from bot.services.mydata import Receipt, delete_everything

SHOWN_MAX = 200  # messages that are taken back: the platform lets us do so about once a second


class DeleteEverything(ui.DynamicItem[ui.Button[ui.LayoutView]], template=r"mydata:delete:(?P<user_id>\d{1,20})"):
    """The yes, of the one who was asked."""

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id
        custom_id = f"mydata:delete:{user_id}"
        super().__init__(ui.Button(label="Delete everything", style=discord.ButtonStyle.danger, custom_id=custom_id))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[ui.LayoutView], match: re.Match[str]
    ) -> Self:
        """Build the button again from what it carries."""
        return cls(int(match["user_id"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Delete, and give a receipt."""
        try:
            if interaction.user.id != self.user_id:
                raise NotYours
            await acknowledge(interaction, update=True)
            studio = studio_of(interaction)
            jobs = await studio.desk.of_member(self.user_id, guild_id=None, limit=SHOWN_MAX)
            receipt = await delete_everything(studio, self.user_id)
            await interaction.edit_original_response(view=_said(receipt_text(receipt)))
            await remove_messages(interaction.client, jobs)
        except Exception as error:  # discord.py only logs what a dynamic item raises
            await explain(interaction, error)


def question_card(user_id: int, *, available: int) -> ui.LayoutView:
    """Ask once more."""
    text = (
        "**Delete everything that I keep of you?**\n"
        "Your jobs with their pictures and texts, your subjects with photos and adapters, your preferences. What waits "
        f"or runs is cancelled, and the {credits(available)} that you have left are gone. Subjects that you shared "
        "can no longer be used. Your latest messages with results are taken back where Discord lets me.\n"
        "What you spent stays as a number in a sum of everybody who left. There is no way back; "
        "`/mydata export` hands you a copy first."
    )
    view = ui.LayoutView(timeout=None)
    row = ui.ActionRow[Any](DeleteEverything(user_id))
    view.add_item(ui.Container(ui.TextDisplay[ui.LayoutView](text), row, accent_colour=discord.Colour.red()))
    return view


def receipt_text(receipt: Receipt) -> str:
    """Count what went."""
    ban = "\nA ban stays: without your name it would be none." if receipt.ban_stays else ""
    return (
        f"**Done.** Deleted: {counted(receipt.jobs, 'job')}, {counted(receipt.files, 'file')}, "
        f"{counted(receipt.subjects, 'subject')}, your preferences. {receipt.credits} entries of your credits became "
        f"part of an anonymous sum.{ban}"
    )


def _said(text: str) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(text))
    return view
