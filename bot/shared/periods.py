"""For how long what was made is kept."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """How long things are kept after their job's end; None: until somebody deletes them."""

    results: dt.timedelta | None = None  # pictures, filmstrips
    transcripts: dt.timedelta | None = None
