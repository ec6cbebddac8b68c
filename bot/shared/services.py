"""What every use case needs, built once by `bot.run`."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from bot.shared.files.clips import Clips
from bot.shared.files.downloads import Downloads
from bot.shared.files.photos import Photos
from bot.shared.forecast import Forecast
from bot.shared.periods import Periods
from bot.shared.tiers import Rules
from bot.shared.turns import Turns
from db.engine import Database
from db.files import FileStore
from db.moderation.moderation import Moderation
from db.queue.job_store import JobStore
from inference.catalogue import Catalogue


def _random_seed() -> int:
    return secrets.randbelow(2**32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The stores, the catalogue and the rules."""

    db: Database
    jobs: JobStore
    files: FileStore
    catalogue: Catalogue
    downloads: Downloads
    clips: Clips
    photos: Photos
    moderation: Moderation
    rules: Rules
    asked: TypeAdapter[
        Any
    ]  # reads and writes what members ask for, of all features (`bot.shared.orders.order_request`)
    periods: Periods = field(default_factory=Periods)
    forecast: Forecast = field(default_factory=Forecast)
    random_seed: Callable[[], int] = _random_seed
    turns: Turns = field(default_factory=Turns)  # of a member for files of a kind, of a yes or a no to a question
