"""The help card: where to begin, and a menu of topics."""

from collections.abc import Sequence
from typing import Any, Self

import discord
from discord import ui

from bot.features.help.pictures import strip_of
from bot.features.help.topics import START, HelpTopic, topics_for
from bot.shared.cards.layout import layout
from bot.shared.discord.commands import Mention, mention_of
from bot.shared.discord.interactions import is_operator
from bot.shared.discord.messages import discord_files
from bot.shared.discord.persistent_items import Answer, PersistentItem
from bot.shared.files.pictures import Picture

PRESS = "Or press one of these, and I draw it:"


class TopicSelect(PersistentItem[HelpTopic], topic="help", verb="topic", key_form="all"):
    """Show another topic on the same card, which only its reader sees."""

    @classmethod
    def of(cls, key: str = "all", *, operator: bool = False, chosen: str = "") -> Self:
        """Return the menu of topics, one of them chosen; where to begin, its question stands there instead."""
        options = [
            discord.SelectOption(
                label=one.title,
                value=one.key,
                description=one.hint,
                emoji=one.emoji,
                default=one.key == chosen and one is not START,
            )
            for one in topics_for(operator=operator).values()
        ]
        hint = "What would you like to know?"
        return cls(key, ui.Select(custom_id=cls.id_for(key), placeholder=hint, options=options))

    async def find(self, interaction: discord.Interaction) -> HelpTopic:
        """Return the topic; where to begin, if it is no longer one."""
        return topics_for(operator=is_operator(interaction)).get(self.item.values[0], START)

    async def _act(self, interaction: discord.Interaction, topic: HelpTopic) -> None:
        mention, picture = mention_of(interaction.client, interaction.guild_id), await strip_of(topic)
        view = help_card(mention, topic=topic, operator=is_operator(interaction), picture=picture)
        await interaction.edit_original_response(view=view, attachments=discord_files([picture]))


class TopicForOneSelect(TopicSelect, verb="one"):
    """Show a topic to the one who chose it, where the card is everybody's."""

    answer = Answer.PRIVATE


HELP_ITEMS: tuple[type[Any], ...] = (TopicSelect, TopicForOneSelect)


def help_card(
    mention: Mention, *, topic: HelpTopic = START, operator: bool = False, picture: Picture | None = None
) -> ui.LayoutView:
    """Show a topic to one member, with a menu of the others.

    Args:
        mention: makes a command's mention.
        topic: what to show.
        operator: whether they can read about what operators do.
        picture: what is shown above it.
    """
    return _card(topic.text(mention), picture, [TopicSelect.of(operator=operator, chosen=topic.key)])


def greeting_card(
    mention: Mention, *, in_guild: bool, examples: Sequence[ui.Item[Any]] = (), picture: Picture | None = None
) -> ui.LayoutView:
    """Answer somebody who says hello, for everybody to see.

    Args:
        mention: makes a command's mention.
        in_guild: whether others see it, so that what they choose is shown to them alone.
        examples: buttons that draw something at once.
        picture: what is shown above them.
    """
    menu = TopicForOneSelect.of() if in_guild else TopicSelect.of()
    text = f"Hello! {START.body(mention)}"
    return _card(f"{text}\n{PRESS}" if examples else text, picture, examples, [menu])


def _card(text: str, picture: Picture | None, *rows: Sequence[ui.Item[Any]]) -> ui.LayoutView:
    card = ui.Container[ui.LayoutView](accent_colour=discord.Colour.blurple())
    if picture is not None:
        gallery = ui.MediaGallery[ui.LayoutView]()
        card.add_item(gallery.add_item(media=f"attachment://{picture.name}", description=picture.alt))
    card.add_item(ui.TextDisplay(text))
    for row in filter(None, rows):
        card.add_item(ui.ActionRow[Any](*row))
    return layout(card)
