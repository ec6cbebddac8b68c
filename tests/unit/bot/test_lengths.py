"""What grows when capitals no longer matter still fits where it is kept, or is refused with a sentence."""

import sys

from bot.features.train.subjects import tidy_name
from bot.shared.errors import BadParameter
from db.people.subjects import name_key
from db.tables.people import subjects

TYPED_MAX = 32  # characters that the platform takes
GROWING = [c for c in map(chr, range(sys.maxunicode + 1)) if len(c.casefold()) > 1 and not c.isspace()]


def room(column: str) -> int:
    return int(subjects.c[column].type.length)  # type: ignore[attr-defined]


def test_no_letter_grows_past_the_column() -> None:
    assert max(len(c.casefold()) for c in GROWING) == 3  # else 32 of them would fit
    for letter in GROWING:
        for count in range(1, TYPED_MAX + 1):
            try:
                kept = tidy_name(letter * count)
            except BadParameter:
                assert len(name_key(letter * count)) > room("name_key")
            else:
                assert len(name_key(kept)) <= room("name_key")
