"""All checks in their order, and what they found, printed a line each."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping

from bot.doctor.account import check_discord
from bot.doctor.computing import check_computing, check_decoding
from bot.doctor.finding import Finding, Mark
from bot.doctor.ports import check_all_ports
from bot.doctor.settings import check_settings
from bot.doctor.storage import check_data_folder, check_database, check_files, check_holders
from bot.settings import Settings


async def examine(settings: Settings, wrong: Mapping[str, str]) -> AsyncIterator[Finding]:
    """Yield a finding for each thing that was looked at.

    Args:
        settings: the operator's, with defaults in place of wrong values.
        wrong: a sentence for each of those, by its field's name.
    """
    for finding in check_settings(settings, wrong):
        yield finding
    async for finding in _check_storage(settings):
        yield finding
    running = list(check_holders(settings))
    for finding in (*running, *check_all_ports(settings, running=bool(running))):
        yield finding
    yield await asyncio.to_thread(check_decoding)
    async for finding in check_computing(settings):
        yield finding
    async for finding in check_discord(settings):
        yield finding


async def _check_storage(settings: Settings) -> AsyncIterator[Finding]:
    """Check what is in the data folder only where there is one: one cause is one problem."""
    folder = list(check_data_folder(settings))
    for finding in folder:
        yield finding
    usable = folder[0].mark is Mark.GOOD
    if usable or settings.database_url:
        yield await check_database(settings)
    if usable or settings.files_url:
        yield await check_files(settings)


async def report(settings: Settings, wrong: Mapping[str, str]) -> int:
    """Print the findings as they come, and a last line that sums them up.

    Returns:
        The command's exit status: 1 with any problem, 0 without.
    """
    marks: Counter[Mark] = Counter()
    async for finding in examine(settings, wrong):
        print(finding, flush=True)
        marks[finding.mark] += 1
    print(f"\n{summary(marks)}")
    return int(marks[Mark.BAD] > 0)


def summary(marks: Mapping[Mark, int]) -> str:
    """Return the last line."""
    problems, notes = marks.get(Mark.BAD, 0), marks.get(Mark.NOTE, 0)
    worth = f"{notes or 'no'} note{'s' * (notes != 1)}"
    if problems:
        return f"{problems} problem{'s' * (problems != 1)} to mend, {worth}."
    return f"No problems, {worth}."
