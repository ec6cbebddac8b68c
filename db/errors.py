"""What the store can refuse.

StoreError
├── NotEnoughCredits     the member's available credits do not cover the price
├── BudgetSpent          the guild's budget does not cover the price
├── TooManyQueued        the member has as many jobs waiting as allowed
├── UnknownJob           no job has this id
├── UnknownSubject       no subject has this id
├── UnknownOffer         the question was answered already, or is no longer kept
├── NameTaken            the member has a subject of that name
├── TooManySubjects      the member has as many subjects as one may keep
├── StoreBusy            the database stayed locked or kept conflicting; nothing was changed, trying again is safe
├── BadKey               a file key that is not one of ours
└── FileMissing          no file under this key

An error's docstring is its default message.
"""

import datetime as dt


class StoreError(Exception):
    """The store refused this."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class NotEnoughCredits(StoreError):
    """Not enough credits."""

    def __init__(self, *, available: int, price: int, renews_at: dt.datetime) -> None:
        super().__init__(f"Not enough credits: this costs {price}, {available} are available.")
        self.available = available
        self.price = price
        self.renews_at = renews_at


class BudgetSpent(StoreError):
    """This server's credits are used up for now."""

    def __init__(self, *, left: int, price: int, renews_at: dt.datetime) -> None:
        super().__init__(f"This server's budget has {left} credits left, and this costs {price}.")
        self.left = left
        self.price = price
        self.renews_at = renews_at


class TooManyQueued(StoreError):
    """Too many jobs are waiting already."""

    def __init__(self, *, limit: int) -> None:
        super().__init__(f"Too many jobs are waiting already: at most {limit} at once.")
        self.limit = limit


class UnknownJob(StoreError):
    """There is no such job."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job {job_id}.")
        self.job_id = job_id


class UnknownOffer(StoreError):
    """That question is no longer open; please ask once more."""


class UnknownSubject(StoreError):
    """That subject is no longer there."""


class NameTaken(StoreError):
    """You have a subject of that name already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"You have a subject called {name!r} already; please choose another name.")
        self.name = name


class TooManySubjects(StoreError):
    """The member has as many subjects as one may keep."""

    def __init__(self, *, limit: int) -> None:
        super().__init__(
            f"You have {limit} subjects, and that is as many as I keep for one person. "
            "Open one with `/subjects` and its `name`, and press *Delete* to make room."
        )
        self.limit = limit


class StoreBusy(StoreError):
    """The database is busy; nothing was changed."""


class BadKey(StoreError):
    """This is not a file key."""


class FileMissing(StoreError):
    """There is no such file."""
