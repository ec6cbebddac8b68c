"""'Did you mean …?': the known name that is most like one that nobody knows."""

import difflib
from collections.abc import Iterable

ALIKE = 0.6  # difflib's own default: for a name that must be one of the known


def nearest(name: str, known: Iterable[str], *, alike: float = ALIKE) -> str | None:
    """Return the known name that is most like another, in whatever case; None if none is.

    Args:
        name: what somebody wrote.
        known: what they may have meant.
        alike: how much alike the two must be, from 0 to 1 (`difflib.SequenceMatcher.ratio`).
    """
    spelt = {one.casefold(): one for one in known}
    found = difflib.get_close_matches(name.casefold(), spelt, n=1, cutoff=alike)
    return spelt[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ' Did you mean X?', or nothing where no known name is like it."""
    meant = nearest(name, known)
    return f" Did you mean {meant}?" if meant else ""
