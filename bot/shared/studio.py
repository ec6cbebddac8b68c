"""What every use case needs, built once by `bot.run`."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from bot.shared.clips import Clips
from bot.shared.downloads import Downloads
from bot.shared.forecast import Forecast
from bot.shared.periods import Periods
from bot.shared.photos import Photos
from bot.shared.tiers import Rules
from db.belongings import Belongings
from db.channels import Channels
from db.desk import Desk
from db.files import FileStore
from db.house import House
from db.jobs import JobStore
from db.ledger import Ledger
from db.members import Members
from db.offers import Offers
from db.subjects import Subjects
from inference.catalogue import Catalogue


def _random_seed() -> int:
    return secrets.randbelow(2**32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """The stores, the catalogue and the house rules."""

    jobs: JobStore
    ledger: Ledger
    subjects: Subjects
    files: FileStore
    catalogue: Catalogue
    downloads: Downloads
    clips: Clips
    photos: Photos
    members: Members
    channels: Channels
    offers: Offers
    house: House
    desk: Desk
    belongings: Belongings
    rules: Rules
    periods: Periods = field(default_factory=Periods)
    forecast: Forecast = field(default_factory=Forecast)
    random_seed: Callable[[], int] = _random_seed
    _draft_locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def draft_lock(self, draft_id: str) -> asyncio.Lock:
        """Return the lock under which a draft is begun or thrown away: the one or the other."""
        return self._draft_locks.setdefault(draft_id, asyncio.Lock())
