"""Messages of components; they hold no state here, so they never time out."""

from typing import Any

from discord import ui


def layout(*items: ui.Item[Any]) -> ui.LayoutView:
    """Return a message of these components."""
    view = ui.LayoutView(timeout=None)
    for item in items:
        view.add_item(item)
    return view


def said(text: str) -> ui.LayoutView:
    """Return a message that is a text and nothing else."""
    return layout(ui.TextDisplay(text))
