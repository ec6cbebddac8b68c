"""What is offered while a language is being typed. Pure."""

from discord.app_commands import Choice

from bot.features.voice.languages import COMMON, LANGUAGES
from bot.shared.discord.choices import choices


def language_choices(typed: str) -> list[Choice[str]]:
    """Offer the languages whose name or code begins with what was typed, the most spoken ones first."""
    wanted = typed.casefold().strip()
    codes = [*COMMON, *(code for code in LANGUAGES if code not in COMMON)]
    found = [code for code in codes if LANGUAGES[code].casefold().startswith(wanted) or code == wanted]
    return choices((LANGUAGES[code], code) for code in found)
