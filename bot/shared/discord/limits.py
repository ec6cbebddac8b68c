"""How often a member may do what costs no credits: one table, and the count that every entry point keeps by it.

An entry point is a command by its name (`/queue`; of a message's menu: `menu Transcribe`), a button or menu by topic
and verb (`job:show`), a form by its title, or one of the names below. Counts are kept in memory: a restart forgets
them, but no member can bring one about.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from discord import app_commands
from discord.ext.commands import CooldownMapping

AUTOCOMPLETE = "autocomplete"  # what is offered while an option is being typed
PHOTOS = "photos"  # photos sent to be looked at, by the form or with the command
MESSAGE = "message"  # a clip that is heard because it was said to the bot, or where all clips are
REFUSAL = "refusal"  # the answer to such a clip that cannot be heard


@dataclass(frozen=True, slots=True)
class Limit:
    """So many times in so many seconds, for each member, whichever of the entry points they use."""

    name: str
    times: int
    per_s: float
    entries: tuple[str, ...]


LIMITS = (
    Limit(
        "requests",
        30,
        60,
        (
            "/imagine",
            "/train",
            "/transcribe",
            "menu Transcribe",
            "job:again",
            "job:translate",
            "job:timestamps",
            "job:language",
            "job:imagine",
            "form Imagine this",
            "form Train a subject",
            "draft:go",
            "draft:relax",
            "draft:other",
            "draft:leave",
            "offer:go",
            "offer:relax",
            "offer:leave",
            "licence:accept",
            "licence:decline",
        ),
    ),
    Limit("clips said", 20, 60, (MESSAGE,)),
    Limit("refusals of clips said", 5, 60, (REFUSAL,)),
    Limit("photos", 10, 600, (PHOTOS,)),
    Limit(
        "looking",
        30,
        60,
        (
            "/queue",
            "/history",
            "/models",
            "/help",
            "/quota mine",
            "/subjects",
            "subject:open",
            "job:info",
        ),
    ),
    Limit("results shown again", 20, 60, ("job:show",)),
    Limit(
        "changes",
        30,
        60,
        (
            "/cancel",
            "/fast",
            "/relax",
            "/gift",
            "/voice optout",
            "/voice optin",
            "job:cancel",
            "job:delete",
            "job:stop",
            "job:step",
            "subject:rename",
            "form Rename",
            "subject:delete",
            "subject:really",
            "subject:guild",
            "subject:member",
            "subject:role",
            "subject:back",
        ),
    ),
    Limit("adapters", 5, 600, ("subject:export",)),
    Limit("copies of one's data", 2, 600, ("/mydata export",)),
    Limit("deletion of one's data", 5, 600, ("/mydata delete", "mydata:delete")),
    Limit(
        "operators' acts",
        60,
        60,
        (
            "/atelier pause",
            "/atelier resume",
            "/atelier ban",
            "/atelier unban",
            "/atelier words add",
            "/atelier words remove",
            "/atelier words list",
            "/atelier channels allow",
            "/atelier channels forbid",
            "/atelier channels clear",
            "/atelier channels list",
            "/atelier find",
            "/atelier remove",
            "/atelier log",
            "/quota show",
            "/quota grant",
            "/quota set",
            "/transcribe-channel",
        ),
    ),
    Limit("suggestions", 120, 60, (AUTOCOMPLETE,)),
)
UNNAMED = LIMITS[0]  # counts what is in no row; a test sees that there is no such thing


class Limits:
    """Count what members do, and refuse what is too much.

    Parameters:
        table: the limits.
        clock: seconds that only grow.
    """

    def __init__(self, table: Iterable[Limit] = LIMITS, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        counts = {limit: _count(limit) for limit in (UNNAMED, *table)}
        self._unnamed = counts[UNNAMED]
        self._counts = {entry: count for limit, count in counts.items() for entry in limit.entries}

    def take(self, entry: str, user_id: int) -> None:
        """Count one use of an entry point.

        Raises:
            CommandOnCooldown: that was one too many; it says for how long.
        """
        bucket = self._counts.get(entry, self._unnamed).get_bucket(user_id, self._clock())
        assert bucket is not None  # only a mapping without a cooldown has none
        if (wait_s := bucket.update_rate_limit(self._clock())) is not None:
            raise app_commands.CommandOnCooldown(bucket, wait_s)


def entry_of(command: app_commands.Command[Any, ..., Any] | app_commands.ContextMenu) -> str:
    """Return the entry point that a command is."""
    menu = isinstance(command, app_commands.ContextMenu)
    return f"menu {command.qualified_name}" if menu else f"/{command.qualified_name}"


def _count(limit: Limit) -> CooldownMapping[int]:
    """Return the counts of all members by one limit; those whose time is over are dropped by the library."""
    return CooldownMapping.from_cooldown(limit.times, limit.per_s, lambda user_id: user_id)
