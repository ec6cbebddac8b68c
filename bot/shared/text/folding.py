"""How words are compared with those that operators blocked: by what is read, not by how it is encoded. Pure.

Texts are folded for the comparison alone; what a member wrote is drawn as it stands.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

import regex
from confusable_homoglyphs.confusables import confusables_data

_INVISIBLE = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Me}]+")
# What takes up room and shows nothing, though Unicode does not call it white space: Braille's blank, Hangul's fillers,
# a note without a head, the blanks of Khitan and of hieroglyphs. They may stand within a word, or between two.
_BLANK = regex.compile("[\u2800\u115f\u1160\U0001d159\U00016fe4\U00013441\U00013442]+")


def fold(text: str) -> str:
    """Return a text as words are compared: without case, accents, invisible characters and double spaces."""
    return _without_case(_visible(text, blank=""))


@lru_cache(maxsize=1024)  # the blocked words, mostly
def readings(text: str) -> frozenset[str]:
    """Return the ways in which a text may be read: blanks within or between words, letters for what looks like them."""
    return frozenset(_readings(text))


def _readings(text: str) -> Iterator[str]:
    for blank in ("", " "):
        visible = _visible(text, blank)
        yield _without_case(visible)
        yield _without_case(" ".join(_in_latin(word) for word in visible.split()))


def _visible(text: str, blank: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    seen = _INVISIBLE.sub("", _BLANK.sub(blank, decomposed))
    return "".join(c for c in seen if not unicodedata.combining(c))


def _in_latin(word: str) -> str:
    """Return a word in the Latin letters that it looks like; a number stays one."""
    return word.translate(_look_alikes()) if any(c.isalpha() for c in word) else word


def _without_case(text: str) -> str:
    return " ".join(text.casefold().split())


@cache
def _look_alikes() -> dict[int, str]:
    """Return the Latin letters that other characters look like, by Unicode's list of confusables (UTS #39).

    Of ASCII's own characters only `0`, `1`, `|` and a capital `I` count: the list also takes an m for 'rn', but then
    'modem' and 'modern' would be one word.
    """
    found: dict[int, str] = {}
    for character, others in confusables_data.items():
        latin = [other["c"] for other in others if other["c"].isascii() and other["c"].isalpha()]
        if len(character) == 1 and latin and (not character.isascii() or (character in "01|I" and len(latin[0]) == 1)):
            found[ord(character)] = latin[0]
    return found
