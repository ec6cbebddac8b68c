"""The settings: names that are none, values that are not allowed, and the file of tiers that they name."""

from collections.abc import Iterator, Mapping

from bot.doctor.finding import Finding, Mark
from bot.settings import ENV_FILE, Settings
from bot.shared.tiers import TiersUnusable, read_tiers
from bot.start.setting_names import unknown_names


def check_settings(settings: Settings, wrong: Mapping[str, str]) -> Iterator[Finding]:
    """Report each setting that is not what it was meant to be.

    Args:
        settings: with defaults in place of wrong values.
        wrong: a sentence for each wrong value, by its field's name.
    """
    problems = [Finding(Mark.BAD, "settings", sentence) for sentence in wrong.values()]
    for unknown in unknown_names():
        sure = unknown.place != "the environment" and (unknown.meant or not unknown.name)
        problems.append(Finding(Mark.BAD if sure else Mark.NOTE, "settings", str(unknown)))
    yield from problems or [
        Finding(Mark.GOOD, "settings", f"no name is misspelt and no value wrong, in {ENV_FILE} and the environment")
    ]
    if settings.tiers:
        yield check_tiers(settings)


def check_tiers(settings: Settings) -> Finding:
    """Read the file that TIERS names."""
    assert settings.tiers
    try:
        tiers = read_tiers(settings.tiers)
    except TiersUnusable as error:
        return Finding(
            Mark.BAD, "TIERS", str(error), "Correct it (docs/tiers.md has an example), or the path in TIERS."
        )
    return Finding(Mark.GOOD, "TIERS", f"{len(tiers.tiers)} tiers, {len(tiers.guilds)} servers")
