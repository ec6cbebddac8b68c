"""Words on cards: members' text made harmless, times and sizes made readable. Pure."""

import datetime as dt
import math
import re
import unicodedata

from db.queue.job import Job, Pace

_FORMATTING = re.compile(r"([\\*_~`|<>\[\]])|^([-+#])|^(\d+)([.)])")
_SENTENCE_END = re.compile(r"\w{4}[.?!](?= )|[。？！]")  # after a word, not after 'Mr.' or 'e.g.'
BAR_CELLS = 12
ZERO_WIDTH_JOINER = "\u200d"  # holds many emoji together; the only format character that is kept


def clean(text: str) -> str:
    """Return the text on one line, without control, bidirectional or other invisible characters."""
    kept: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        if category in ("Zs", "Zl", "Zp") or character in "\t\r\n":
            kept.append(" ")
        elif character == ZERO_WIDTH_JOINER or category not in ("Cc", "Cf", "Cs", "Co", "Cn"):
            kept.append(character)
    return " ".join("".join(kept).split())


def harmless(text: str, limit: int) -> str:
    """Return members' text on one line, cut to `limit`, without what could end a code span.

    Inside a code span or block the platform parses no mention, link or formatting, so a back-tick is all to guard.
    """
    text = clean(text).replace("`", "ˋ")
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def inline(text: str, limit: int = 80) -> str:
    """Show members' text within a sentence."""
    return f"`{harmless(text, limit) or ' '}`"


def block(text: str, limit: int = 600) -> str:
    """Show members' text in a block of its own."""
    return f"```\n{harmless(text, limit) or ' '}\n```"


def plainly(text: str) -> str:
    """Return somebody's words so that the platform shows them as they are: no mention, no formatting."""
    escaped = _FORMATTING.sub(lambda at: f"{at[3]}\\{at[4]}" if at[3] else f"\\{at[0]}", clean(text))
    return escaped.replace("@", "@\u200b")  # a zero-width space: also '@everyone' is parsed outside of formatting


def first_part(text: str, limit: int) -> str:
    """Return a text, or its beginning up to the end of a sentence or word within `limit`, with an ellipsis."""
    if len(text) <= limit:
        return text
    start = text[: limit - 1]
    sentence = max((found.end() for found in _SENTENCE_END.finditer(start)), default=0)
    cut = sentence if sentence > limit // 2 else max(start.rfind(" "), limit // 2)
    return start[:cut].rstrip() + " …"


def last_part(text: str, limit: int) -> str:
    """Return a text, or its end from a word within `limit`, with an ellipsis."""
    if len(text) <= limit:
        return text
    end = text[1 - limit :]
    space = end.find(" ")
    return "… " + end[space + 1 if 0 <= space < limit // 2 else 0 :].lstrip()


def bar(done: int, total: int) -> str:
    """Draw a progress bar."""
    filled = 0 if total <= 0 else min(BAR_CELLS, max(0, done) * BAR_CELLS // total)
    return "▰" * filled + "▱" * (BAR_CELLS - filled)


def progress(job: Job, starting: str, count: str, *, together: int = 1) -> str:
    """Say how far a running job is.

    Args:
        job: the job.
        starting: what it does before there is anything to count.
        count: what is counted, such as 'step {} of {}'.
        together: how many things are made at once, each with as many steps; they are not added up.
    """
    if not job.progress_total:
        return f"{bar(0, 1)} {starting} …\n-# {inline(job.model)}"
    done, total = job.progress_done, job.progress_total
    steps = count.format(done // together, total // together)
    return f"{bar(done, total)} {min(99, 100 * done // total)}%\n-# {steps} · {inline(job.model)}"


def about(seconds: float) -> str:
    """Say a duration the way one would: 'a few seconds', 'about 40 s', 'about 3 min'."""
    if seconds < 5:
        return "a few seconds"
    if seconds < 55:
        return f"about {math.ceil(seconds / 5) * 5} s"
    if seconds < 55 * 60:
        return f"about {math.ceil(seconds / 60)} min"
    return f"about {math.ceil(seconds / 3600)} h"


def exactly(seconds: float) -> str:
    """Say a measured duration: '0.8 s', '12 s', '3 min 5 s'."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def credits(amount: int) -> str:
    """Say an amount of credits."""
    return "1 credit" if amount == 1 else f"{amount} credits"


def paid(job: Job, amount: int) -> str:
    """Say an amount of a job's credits; there is none for what is free."""
    return "free (relaxed)" if job.pace is Pace.RELAXED else credits(amount)


def given_back(job: Job) -> str:
    """Say how many of an ended job's reserved credits came back."""
    if job.pace is Pace.RELAXED:
        return "This was free"
    return f"{credits(job.price - job.charged)} refunded" + (f", {credits(job.charged)} spent" if job.charged else "")


def counted(number: int, noun: str) -> str:
    """Say how many of something there are."""
    return f"{number} {noun}{'s' * (number != 1)}"


def moment(at: dt.datetime) -> str:
    """Return a point in time that the reader's own client puts into words."""
    return f"<t:{int(at.timestamp())}:R>"
