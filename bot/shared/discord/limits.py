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
PICTURES = "pictures"  # sent with /imagine to begin from
REPLY = "reply"  # words to the bot about a picture, as a reply to it or with it
MESSAGE = "message"  # a clip that is heard because it was said to the bot, or where all clips are
REFUSAL = "refusal"  # the answer to such a clip that cannot be heard, or to such words that cannot be drawn
NOTICE = "notice"  # a direct message about what somebody else did for a member; counted for who receives it
ENVELOPE = "reaction envelope"  # a result that is sent by direct message
STAR = "reaction star"  # one that is kept among the favourites, or no more
CROSS = "reaction cross"  # one that is cancelled or deleted
GREETING = "greeting"  # the answer to what else is said to the bot, or with its name


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many times in so many seconds, for each member, whichever of the entry points they use."""

    name: str
    times: int
    per_s: float
    entries: tuple[str, ...]


def _each(beginning: str, *ends: str) -> tuple[str, ...]:
    """Return entry points that begin alike."""
    return tuple(f"{beginning}{end}" for end in ends)


LIMITS = (
    RateLimit(
        "requests",
        30,
        60,
        (
            *_each("/", "imagine", "blend", "train", "transcribe"),
            *_each("menu ", "Transcribe", "Use this picture"),
            REPLY,
            *_each("job:", "again", "exact", "today", "mine", "edit", "translate", "language", "imagine"),
            *("job:change", "job:remix"),
            *_each("picture:", "upscale", "subtle", "strong", "region", "cells", "recells", "around", "canvas"),
            *("typed:edit", "example:draw"),
            *_each("form ", "Edit prompt", "Remix", "Imagine this", "Change a picture", "Vary (Region)"),
            *_each("form ", "Train a subject", "Use this picture"),
            *_each("draft:", "go", "relax", "other", "leave"),
            *_each("offer:", "use", "typed", "go", "relax", "leave"),
            *_each("licence:", "accept", "decline"),
        ),
    ),
    RateLimit("clips said", 20, 60, (MESSAGE,)),
    RateLimit("refusals of what is said", 5, 60, (REFUSAL,)),
    RateLimit("greetings", 3, 60, (GREETING,)),
    RateLimit("notices of gifts and shares", 5, 600, (NOTICE,)),
    RateLimit("photos", 10, 600, (PHOTOS,)),
    RateLimit("pictures sent along", 30, 600, (PICTURES,)),
    RateLimit(
        "looking",
        30,
        60,
        (
            *_each("/", "queue", "models", "help", "quota mine", "subjects"),
            *_each("/", "favourites", "info", "settings", "styles"),
            *(
                "subject:open",
                "job:info",
                "job:more",
                "job:back",
                "model:nouns",
                "model:page",
                "help:topic",
                "help:one",
                "favourite:page",
                "styles:page",
            ),
        ),
    ),
    RateLimit(
        "pages of one's history",
        30,
        60,
        ("/history", "history:page", "history:search", "form Search what you made"),
    ),
    RateLimit("results shown again", 20, 60, ("/show", "job:show", "job:open", "job:relative", "job:timestamps")),
    RateLimit("results sent", 10, 60, (ENVELOPE,)),
    RateLimit(
        "changes",
        30,
        60,
        (
            *_each("/", "cancel", "fast", "relax", "gift", "voice optout", "voice optin", "prefer suffix"),
            *_each("job:", "cancel", "delete", "keep", "stop", "step"),
            *_each("subject:", "rename", "delete", "really", "guild", "member", "role", "back", "step"),
            *_each("settings:", "fast", "relax", "clear", "suffix"),
            *("form Rename", "form Prompt suffix", "favourite:remove", STAR, CROSS),
        ),
    ),
    RateLimit("adapters", 5, 600, ("subject:export",)),
    RateLimit("copies of one's data", 2, 600, ("/mydata export",)),
    RateLimit("deletion of one's data", 5, 600, ("/mydata delete", "mydata:delete")),
    RateLimit(
        "operators' acts",
        60,
        60,
        (
            *_each("/atelier ", "pause", "resume", "ban", "unban", "find", "remove", "withheld", "log"),
            *_each("found:", "page", "remove", "subject"),
            "withheld:look",
            "form Remove for good",
            *_each("/atelier words ", "add", "remove", "list"),
            *_each("/atelier channels ", "allow", "forbid", "clear", "list"),
            *_each("/atelier-credits ", "show", "grant", "set"),
            "/transcribe-channel",
        ),
    ),
    RateLimit("suggestions", 120, 60, (AUTOCOMPLETE,)),
)
UNNAMED = LIMITS[0]  # counts what is in no row; a test sees that there is no such thing


class RateLimits:
    """Count what members do, and refuse what is too much."""

    def __init__(self, table: Iterable[RateLimit] = LIMITS, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to count by the limits of a table; the clock's seconds only grow."""
        self._clock = clock
        counts = {  # of all members; those whose time is over are dropped by the library
            limit: CooldownMapping[int].from_cooldown(limit.times, limit.per_s, lambda user_id: user_id)
            for limit in (UNNAMED, *table)
        }
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
