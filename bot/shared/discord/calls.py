"""Messages that are for the bot: said to it, or with its name; and those of them that are about a picture."""

import discord

from bot.shared.discord.attachments import clip_in, pictures_in


def calls(client: discord.Client, message: discord.Message) -> bool:
    """Tell whether a person wrote to the bot, or called it by name; a reply to one of its messages does not count."""
    if message.author.bot or message.webhook_id is not None or message.is_system():
        return False
    if message.guild is None:
        return clip_in(message) is None  # that is heard
    return client.user is not None and client.user.id in message.raw_mentions


def about_picture(message: discord.Message) -> bool:
    """Tell whether a message that calls the bot is about a picture: it has one, or replies to one.

    In a server, whoever replies with the bot's name means what they reply to; in direct messages every one is for it.
    """
    if pictures_in(message):
        return True
    if message.guild is not None:
        return message.type is discord.MessageType.reply
    replied = message.reference.resolved if message.reference is not None else None
    return isinstance(replied, discord.Message) and bool(pictures_in(replied))
