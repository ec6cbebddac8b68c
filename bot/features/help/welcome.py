"""What is said once where the bot was added: how to begin, for all who read it, and where its operators look."""

import logging

import discord
from discord import ui

from bot.shared.cards.layout import layout
from bot.shared.discord.commands import Mention, mention_of

log = logging.getLogger(__name__)


async def welcome(client: discord.Client, guild: discord.Guild) -> None:
    """Say hello in a server that the bot was just added to, where its operators read."""
    channel = operators_channel(guild)
    if channel is None:
        log.info("server %d has no channel that I can write in", guild.id)
        return
    try:
        await channel.send(view=welcome_card(mention_of(client, guild.id)), nonce=f"j{guild.id}")
    except discord.HTTPException as error:
        log.info("server %d was not greeted: %d", guild.id, error.status)


def operators_channel(guild: discord.Guild) -> discord.TextChannel | None:
    """Return where the platform tells a server's operators something, else where it greets people, else the first.

    None: the bot can write in none of them.
    """
    candidates = [guild.public_updates_channel, guild.system_channel, *guild.text_channels]
    return next((one for one in candidates if one is not None and _is_open(one, guild)), None)


def _is_open(channel: discord.TextChannel, guild: discord.Guild) -> bool:
    allowed = channel.permissions_for(guild.me)
    return allowed.view_channel and allowed.send_messages


def welcome_card(mention: Mention) -> ui.LayoutView:
    """Say which three commands there are to begin with, and where operators decide."""
    lines = (
        "### ✨ Thanks for adding me!",
        f"🎨 {mention('imagine')} draws pictures from a few words",
        f"🐕 {mention('train')} learns your dog, or anything else, from a few photos",
        f"🎙️ {mention('transcribe')} turns speech into text",
        f"-# **Operators:** {mention('atelier channels allow')} keeps me in some channels, "
        f"{mention('atelier words add')} blocks a word, {mention('atelier pause')} stops me for a while; "
        f"{mention('help')} tells the rest.",
    )
    return layout(ui.Container(ui.TextDisplay[ui.LayoutView]("\n".join(lines)), accent_colour=discord.Colour.blurple()))
