"""What the styles look like: a page of the catalogue's LoRAs with their examples."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import discord
from discord import ui

from bot.features.styles.examples import read_examples
from bot.shared.cards.layout import layout
from bot.shared.discord.interactions import services_of
from bot.shared.discord.messages import discord_files
from bot.shared.discord.persistent_items import PersistentItem
from bot.shared.files.pictures import Picture
from bot.shared.text.formatting import counted, harmless, inline
from inference.catalogue import Catalogue
from inference.loras import LoraModel

PAGE = 5  # styles at a time: with their pictures, two screens of a phone
EMPTY = "**No styles yet.** An operator adds them with `atelier loras add`."
HOW = "-# Put them behind a prompt: `a lighthouse --style {name}`, or `{name}:0.6` for less of it; up to three."


class StylesPageButton(PersistentItem[int], topic="styles", verb="page", key_form=r"\d{1,3}"):
    """Turn to a page, on the same card, which only its reader sees."""

    @classmethod
    def labelled(cls, label: str, page: int) -> Self:
        """Return one that says where it leads."""
        return cls(str(page), ui.Button(custom_id=cls.id_for(str(page)), label=label))

    async def find(self, interaction: discord.Interaction) -> int:
        """Return the page's number, from 0."""
        return int(self.key)

    async def _act(self, interaction: discord.Interaction, page: int) -> None:
        await show_styles(interaction, page)


STYLE_ITEMS: tuple[type[Any], ...] = (StylesPageButton,)


async def show_styles(interaction: discord.Interaction, page: int) -> None:
    """Show a page of the styles, or the last that there is."""
    catalogue = services_of(interaction).catalogue
    page = min(page, max(0, len(catalogue.loras) - 1) // PAGE)
    shown = catalogue.loras[page * PAGE : (page + 1) * PAGE]
    examples = await read_examples(shown)
    card = styles_card(catalogue, shown, examples, page)
    await interaction.edit_original_response(view=card, attachments=discord_files(list(examples.values())))


def styles_card(
    catalogue: Catalogue, shown: Sequence[LoraModel], examples: Mapping[str, Picture], page: int
) -> ui.LayoutView:
    """Return a page of styles.

    Args:
        catalogue: with all of them.
        shown: those of the page.
        examples: their pictures, by the styles' names.
        page: its number, from 0.
    """
    card = ui.Container[ui.LayoutView](accent_colour=discord.Colour.blurple())
    if not shown:
        card.add_item(ui.TextDisplay(EMPTY))
        return layout(card)
    card.add_item(ui.TextDisplay(f"**{counted(len(catalogue.loras), 'style')}**"))
    for lora in shown:
        text = ui.TextDisplay[ui.LayoutView](_style(lora, catalogue))
        picture = examples.get(lora.name)
        card.add_item(text if picture is None else ui.Section(text, accessory=_thumbnail(picture)))
    card.add_item(ui.TextDisplay(HOW.format(name=shown[0].name)))
    more = (page + 1) * PAGE < len(catalogue.loras)
    turns = [StylesPageButton.labelled("Back", page - 1)] if page else []
    turns += [StylesPageButton.labelled("More", page + 1)] if more else []
    if turns:
        card.add_item(ui.ActionRow[Any](*turns))
    return layout(card)


def _thumbnail(picture: Picture) -> ui.Thumbnail[Any]:
    return ui.Thumbnail(f"attachment://{picture.name}", description=picture.alt)


def _style(lora: LoraModel, catalogue: Catalogue) -> str:
    models = [inline(model.name) for model in catalogue.images if lora.fits(model)]
    goes_with = ", ".join(models[:4]) + (f" and {len(models) - 4} more" if len(models) > 4 else "")
    words = f" · says {inline(lora.words)}" if lora.words else ""
    strength = f" · usually {lora.strength:g}" if lora.strength != 1 else ""
    licence = (
        f"[{harmless(lora.licence, 60)}](<{lora.licence_url}>)" if lora.licence_url else harmless(lora.licence, 60)
    )
    note = f"\n-# {lora.note}" if lora.note else ""
    with_what = f"with {goes_with}" if models else "no model here can use it"
    return f"🖌️ `{lora.name}` · {lora.title}{strength} · {licence}\n-# {with_what}{words}{note}"
