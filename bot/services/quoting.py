"""Members' text within our own, on cards and in refusals: shown as it is, never as formatting. Pure."""

from bot.services.prompt import clean


def harmless(text: str, limit: int) -> str:
    """Return members' text on one line, cut to `limit`, without what could end a code span.

    Inside a code span or block the platform parses no mention, link or formatting, so a back-tick is all to guard.
    """
    text = clean(text).replace("`", "ˋ")
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def inline(text: str, limit: int = 80) -> str:
    """Show members' text within a sentence."""
    return f"`{harmless(text, limit) or ' '}`"
