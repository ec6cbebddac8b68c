"""What somebody looks for among what they made: said on the page that shows it, and read there by its buttons. Pure."""

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from bot.features.history.dates import parse_dates
from bot.shared.cards.job import title
from bot.shared.errors import NotASubject
from bot.shared.text.formatting import inline
from db.people.subjects import Subject
from db.queue.history import HistoryFilter
from inference.requests import from_json

SEARCHED = "-# Found by "
TEXT_MAX = 80  # characters of each thing that is looked for
FIELDS = ("words", "model", "subject", "date")
_SAID = re.compile(rf"({'|'.join(FIELDS)}) `([^`\n]*)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySearch:
    """What is looked for, as it was typed; empty: all."""

    words: str = ""
    model: str = ""
    subject: str = ""  # its name
    date: str = ""

    def said(self) -> str:
        """Return the line that says what is looked for; empty: nothing is."""
        told = [f"{name} {inline(text, TEXT_MAX)}" for name in FIELDS if (text := getattr(self, name).strip())]
        return f"{SEARCHED}{' · '.join(told)}" if told else ""

    def filter(self, subjects: Collection[Subject], now: dt.datetime, timezone: str) -> HistoryFilter:
        """Return it as the store understands it.

        Args:
            subjects: those that the member may use, which is how a name becomes an id.
            now: the moment.
            timezone: where days begin.

        Raises:
            BadParameter: the date says no days.
            NotASubject: they have no subject of that name.
        """
        since, until = parse_dates(self.date, now, timezone) if self.date.strip() else (None, None)
        name = self.subject.strip().casefold()
        ids = tuple(subject.id for subject in subjects if subject.name.casefold() == name)
        if name and not ids:
            raise NotASubject
        wanted = tuple(self.words.casefold().split())
        return HistoryFilter(
            model=self.model.strip(),
            subject_ids=ids,
            since=since,
            until=until,
            matches=(lambda request: _has_words(request, wanted)) if wanted else None,
        )


def search_on(components: Sequence[Any]) -> HistorySearch:
    """Return what the page with these components was found by."""
    for one in components:
        if isinstance(one, discord.TextDisplay) and one.content.startswith(SEARCHED):
            return HistorySearch(**dict(_SAID.findall(one.content)))
        if (found := search_on(getattr(one, "children", ()))) != HistorySearch():
            return found
    return HistorySearch()


def _has_words(request: Mapping[str, Any], wanted: Sequence[str]) -> bool:
    """Tell whether all words stand in what was asked for, as its member typed it."""
    asked = from_json(dict(request))
    said = f"{title(asked)} {getattr(asked, 'words', '')}".casefold()  # a title is cut where it is long
    return all(word in said for word in wanted)
