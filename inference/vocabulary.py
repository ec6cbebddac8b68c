"""What a small model knows by name: the nouns that it was trained on, as its folder lists them."""

import difflib
import json
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

FILE = "nouns.json"
WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
PLURALS = (("s", ""), ("es", ""), ("ies", "y"), ("ves", "f"), ("ves", "fe"))
BEGUN_LETTERS_MIN = 2  # of a word that is completed
ALIKE = 0.8  # of difflib's ratio, from 0 to 1: 'zebrra' and 'zebra' have 0.91
TYPO_LETTERS_MIN = 4  # shorter words are like too many others
TYPO_WORDS_MAX = 12  # of a prompt, compared with each noun


@dataclass(frozen=True)
class Vocabulary:
    """The nouns of a small model, in lower case: singular and plural, of one word or several."""

    nouns: frozenset[str]

    @cached_property
    def singular(self) -> tuple[str, ...]:
        """Those that are no plural of another, by the alphabet."""
        return tuple(sorted(noun for noun in self.nouns if not self._is_plural(noun)))

    def complete(self, text: str) -> list[str]:
        """Return what a text may become when its last word, or its last few, become a noun; the likeliest first."""
        words = text.split()
        found: dict[str, None] = {}
        for count in range(min(len(words), _longest(self.nouns)), 0, -1):
            begun = " ".join(words[-count:]).casefold()
            if len(begun) >= BEGUN_LETTERS_MIN:
                nouns = (noun for noun in self.singular if noun.startswith(begun))
                found |= {" ".join([*words[:-count], noun]): None for noun in nouns}
        return list(found)

    def closest(self, text: str) -> tuple[str, str] | None:
        """Return a word of a text that names nothing, and the noun that may have been meant; None: none is close."""
        words = [word for word in WORD.findall(text.casefold()) if len(word) >= TYPO_LETTERS_MIN]
        nouns, best = sorted(self.nouns), (0.0, "", "")
        for word in words[:TYPO_WORDS_MAX]:
            for noun in difflib.get_close_matches(word, nouns, n=1, cutoff=ALIKE):
                best = max(best, (difflib.SequenceMatcher(None, noun, word).ratio(), word, noun))
        return best[1:] if best[0] else None

    def _is_plural(self, noun: str) -> bool:
        return any(noun.endswith(end) and noun.removesuffix(end) + singular in self.nouns for end, singular in PLURALS)


def names_any(nouns: frozenset[str], text: str) -> bool:
    """Return whether a text names any of these, in lower case, as words of their own."""
    words = WORD.findall(text.lower())
    counts = range(1, _longest(nouns) + 1)
    return any(" ".join(words[at : at + count]) in nouns for at in range(len(words)) for count in counts)


@lru_cache(maxsize=8)  # of each small model, for every prompt
def _longest(nouns: frozenset[str]) -> int:
    """Return how many words the longest noun has, such as 'slice of pizza'."""
    return max((len(noun.split()) for noun in nouns), default=0)


def read_vocabulary(folder: Path | None) -> Vocabulary | None:
    """Read what the model in a folder knows; None: it does not say, or not in a form that can be read."""
    if folder is None:
        return None
    try:
        nouns = json.loads((folder / FILE).read_text(encoding="utf-8"))["nouns"]
    except (OSError, ValueError, KeyError, TypeError):
        return None  # the worker, which loads the model, says what is wrong with its folder
    stated = isinstance(nouns, list) and nouns and all(isinstance(noun, str) for noun in nouns)
    return Vocabulary(frozenset(nouns)) if stated else None
