"""What every use case needs, built once by `bot.run`."""

import asyncio
import datetime as dt
import secrets
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

from pydantic import TypeAdapter

from bot.shared.files.clips import Clips
from bot.shared.files.downloads import Downloads
from bot.shared.files.init_pictures import InitPictures
from bot.shared.files.photos import Photos
from bot.shared.forecast import Forecast
from bot.shared.paint_links import PaintLinks
from bot.shared.tiers import Rules
from db.engine import Database
from db.files import FileStore
from db.moderation.moderation import Moderation
from db.queue.job_store import JobStore
from inference.catalogue import Catalogue
from inference.checks import CheckRules
from inference.live_catalogue import LiveCatalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPeriods:
    """How long things are kept after their job's end; None: until somebody deletes them."""

    results: dt.timedelta | None = None  # pictures, filmstrips
    transcripts: dt.timedelta | None = None


class KeyedLocks:
    """A lock for each key, such as a member or a question: let one through at a time, in the order they came."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()  # kept while somebody waits

    def of(self, key: Hashable) -> asyncio.Lock:
        """Return the lock of one key, to be held by `async with`."""
        return self._locks.setdefault(key, asyncio.Lock())


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The stores, the catalogue and the rules."""

    db: Database
    jobs: JobStore
    files: FileStore
    live_catalogue: LiveCatalogue
    downloads: Downloads
    clips: Clips
    photos: Photos
    init_pictures: InitPictures
    moderation: Moderation
    rules: Rules
    order_requests: TypeAdapter[Any]  # reads and writes what members ask for, of all features
    upscaled_px_max: int = 16 << 20  # pixels of the largest upscaled picture
    check_rules: CheckRules = field(default_factory=CheckRules)  # what becomes of flagged pictures
    periods: RetentionPeriods = field(default_factory=RetentionPeriods)
    forecast: Forecast = field(default_factory=Forecast)
    random_seed: Callable[[], int] = lambda: secrets.randbelow(2**32)
    paint_links: PaintLinks = field(default_factory=PaintLinks)
    locks: KeyedLocks = field(default_factory=KeyedLocks)  # of a member's files of a kind, of a question

    @property
    def catalogue(self) -> Catalogue:
        """The models that members can choose now."""
        return self.live_catalogue.catalogue
