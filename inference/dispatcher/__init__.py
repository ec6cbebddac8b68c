"""The dispatcher: claims jobs, has them computed by a pool, and settles them.

Knows: the job store, the file store and the pool. Does not know: Discord, prices' tables, torch. It is the only part of
`inference` that imports `db`. Bot and dispatcher talk through the database, the files and wake-ups alone, so it runs
inside the bot's process or, as `python -m inference.dispatcher`, in one of its own.

Read `job_runner` first: it is the life of one job in one coroutine. `dispatcher` holds the loops around all of them.
"""

from inference.dispatcher.dispatcher import Dispatcher, Intervals, new_owner

__all__ = ["Dispatcher", "Intervals", "new_owner"]
