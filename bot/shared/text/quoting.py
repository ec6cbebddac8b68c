"""Members' text within our own, on cards and in refusals: shown as it is, never as formatting. Pure."""

import unicodedata

ZERO_WIDTH_JOINER = "\u200d"  # holds many emoji together; the only format character that is kept


def clean(text: str) -> str:
    """Return the text on one line, without control, bidirectional or other invisible characters."""
    kept: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        if category in ("Zs", "Zl", "Zp") or character in "\t\r\n":
            kept.append(" ")
        elif character == ZERO_WIDTH_JOINER or category not in ("Cc", "Cf", "Cs", "Co", "Cn"):
            kept.append(character)
    return " ".join("".join(kept).split())


def harmless(text: str, limit: int) -> str:
    """Return members' text on one line, cut to `limit`, without what could end a code span.

    Inside a code span or block the platform parses no mention, link or formatting, so a back-tick is all to guard.
    """
    text = clean(text).replace("`", "ˋ")
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def inline(text: str, limit: int = 80) -> str:
    """Show members' text within a sentence."""
    return f"`{harmless(text, limit) or ' '}`"
