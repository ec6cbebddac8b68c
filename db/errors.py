"""What the store can refuse.

StoreError
├── NotEnoughCredits     the member's available credits do not cover the price
│   ├── GiftTooLarge     a member gives more than they have
│   └── TakesTooMuch     an operator takes back more than the member has
├── BudgetSpent          the guild's budget does not cover the price
├── TooManyQueued        the member has as many jobs waiting as allowed
├── UnknownJob           no job has this id
├── UnknownSubject       no subject has this id
├── UnknownOrder         the question was answered already, or is no longer kept
├── NameTaken            the member has a subject of that name
├── TooManySubjects      the member has as many subjects as one may keep
├── TooManyFavourites    the member has as many favourites as one may keep
├── StoreBusy            the database stayed locked or kept conflicting; nothing was changed, trying again is safe
├── TablesTooNew         the tables were made by a newer version of the program
├── DatabaseInUse        another bot runs on the same database
├── BadKey               a file key that is not one of ours
└── FileMissing          no file under this key
"""

import datetime as dt

from common.errors import AtelierError


class StoreError(AtelierError):
    """The store refused this."""

    message = "That could not be saved. Please try again."


class NotEnoughCredits(StoreError):
    """The member's available credits do not cover the price."""

    message = "Not enough credits."

    def __init__(self, *, available: int, price: int, renews_at: dt.datetime) -> None:
        super().__init__(f"Not enough credits: this costs {price}, and {available} are available.")
        self.available = available
        self.price = price
        self.renews_at = renews_at


class GiftTooLarge(NotEnoughCredits):
    """A member gives more credits than they have."""


class TakesTooMuch(NotEnoughCredits):
    """An operator takes back more credits than the member has."""


class BudgetSpent(StoreError):
    """The guild's budget does not cover the price."""

    message = "This server has used up its credits for now."

    def __init__(self, *, left: int, price: int, renews_at: dt.datetime) -> None:
        super().__init__(f"This server has {left} credits left, and this costs {price}.")
        self.left = left
        self.price = price
        self.renews_at = renews_at


class TooManyQueued(StoreError):
    """The member has as many jobs in the queue as they may."""

    message = "You already have as many jobs in the queue as you can."

    def __init__(self, *, limit: int) -> None:
        super().__init__(f"You already have {limit} jobs in the queue, and that is the limit.")
        self.limit = limit


class TooManyFavourites(StoreError):
    """The member has as many favourites as one may keep."""

    message = "You have as many favourites as you can. `/favourites` lets you remove some."

    def __init__(self, *, limit: int) -> None:
        super().__init__(f"You have {limit} favourites, and that is the limit. `/favourites` lets you remove some.")


class UnknownJob(StoreError):
    """No job has this id."""

    message = "There is no such job."

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job {job_id}.")
        self.job_id = job_id


class UnknownOrder(StoreError):
    """The question was answered already, or is no longer kept."""

    message = "This question was already answered or has expired. Please run the command again."


class UnknownSubject(StoreError):
    """No subject has this id."""

    message = "That subject no longer exists."


class NameTaken(StoreError):
    """The member has a subject of that name."""

    message = "You already have a subject with that name. Please choose another `name`."

    def __init__(self, name: str) -> None:
        super().__init__(f"You already have a subject called {name!r}. Please choose another `name`.")
        self.name = name


class TooManySubjects(StoreError):
    """The member has as many subjects as one may keep."""

    message = "You can't keep any more subjects."

    def __init__(self, *, limit: int) -> None:
        super().__init__(
            f"You have {limit} subjects, the most I keep for one person. "
            "Delete one first: open it with `/subjects` and its `name`, then press *Delete*."
        )
        self.limit = limit


class StoreBusy(StoreError):
    """The database stayed locked or kept conflicting; nothing was changed, and trying again is safe."""

    message = "I'm very busy right now and couldn't do that. Please try again in a moment."


class TablesTooNew(StoreError):
    """The tables were made by a newer version of the program."""

    message = "The database's tables were made by a newer version."

    def __init__(self, *, found: str, newest: str) -> None:
        super().__init__(
            f"The database's tables are of version {found}, and this Atelier knows them up to {newest}. "
            "Start the newer Atelier again, or go back to a copy of the database from before it."
        )


class DatabaseInUse(StoreError):
    """Another bot runs on the same database."""

    message = (
        "Another Atelier runs on the same database. Stop it first, or set DATABASE_URL to another database for this "
        "one; `python -m inference.dispatcher` may run as often as you like."
    )


class BadKey(StoreError):
    """A file key that is not one of ours."""

    message = "That is not a file key."


class FileMissing(StoreError):
    """No file is under this key."""

    message = "There is no such file."
