"""What a small model knows, to leaf through: a few pages by the alphabet."""

from itertools import groupby
from typing import Any

import discord
from discord import ui

from bot.shared.cards.layout import layout
from bot.shared.discord.interactions import services_of
from bot.shared.discord.persistent_items import Answer, PersistentItem
from bot.shared.errors import Refused
from bot.shared.text.formatting import first_part, inline, plainly
from inference.vocabulary import Vocabulary

KEY = "[a-z0-9][a-z0-9._-]{0,31}:[0-4]"  # a model's name, and a page
PAGES_MAX = 5  # as many buttons as fit into a row
PAGE_MAX = 3400  # characters; the platform takes 4,000 on a card
PAGE_LETTERS = 1000  # characters that a page has if there are enough


class WordsPageButton(PersistentItem[Vocabulary], topic="model", key_form=KEY, verb="page"):
    """Turn to a page."""

    async def find(self, interaction: discord.Interaction) -> Vocabulary:
        """Return what the model knows.

        Raises:
            Refused: it is not there any more, or does not say.
        """
        found = services_of(interaction).catalogue.vocabularies.get(self.key.partition(":")[0])
        if found is None:
            raise Refused(
                "That model is no longer here, or doesn't say what it knows. `/models` lists those there are."
            )
        return found

    async def _act(self, interaction: discord.Interaction, vocabulary: Vocabulary) -> None:
        model, _, page = self.key.partition(":")
        await interaction.edit_original_response(view=vocabulary_card(model, vocabulary, int(page)))


class BrowseWordsButton(WordsPageButton, verb="nouns"):
    """Show the first page."""

    label = "Browse its words"
    emoji = "📖"
    answer = Answer.PRIVATE


VOCABULARY_BUTTONS = (WordsPageButton, BrowseWordsButton)


def vocabulary_card(model: str, vocabulary: Vocabulary, page: int) -> ui.LayoutView:
    """Show a page of what a model knows, with buttons to the others."""
    pages = vocabulary_pages(vocabulary)
    page = min(page, len(pages) - 1)
    words = first_part(plainly(", ".join(pages[page])), PAGE_MAX)
    head = f"**{inline(model)} knows {len(vocabulary.singular)} words for things**, and their plurals."
    hint = "-# Put colours and numbers before them: *two red hearts*, *a flat green car*."
    buttons: list[ui.Item[Any]] = [_page_button(model, number, one, page) for number, one in enumerate(pages)]
    card = ui.Container[ui.LayoutView](
        ui.TextDisplay(f"{head}\n{words}\n{hint}"), ui.ActionRow(*buttons), accent_colour=discord.Colour.blurple()
    )
    return layout(card)


def vocabulary_pages(vocabulary: Vocabulary) -> list[list[str]]:
    """Return the nouns by pages; no letter is torn apart, and there is one page at least."""
    length = max(PAGE_LETTERS, sum(len(noun) + 2 for noun in vocabulary.singular) // PAGES_MAX + 1)
    pages: list[list[str]] = [[]]
    for _, alike in groupby(vocabulary.singular, key=lambda noun: noun[:1]):
        if sum(len(noun) + 2 for noun in pages[-1]) >= length and len(pages) < PAGES_MAX:
            pages.append([])
        pages[-1] += alike
    return pages


def _page_button(model: str, number: int, nouns: list[str], shown: int) -> WordsPageButton:
    key = f"{model}:{number}"
    first, last = nouns[0][:1].upper(), nouns[-1][:1].upper()
    label = first if first == last else f"{first} – {last}"
    button = ui.Button[Any](custom_id=WordsPageButton.id_for(key), label=label, disabled=number == shown)
    return WordsPageButton(key, button)
