"""Languages by code and by name."""

import pytest

from bot.features.voice.languages import COMMON, LANGUAGES, language_name, parse_language
from bot.shared.errors import BadParameter


@pytest.mark.parametrize("typed", ["de", "German", " GERMAN "])
def test_language_typed_as_code_or_name_is_found(typed: str) -> None:
    assert parse_language(typed) == "de"


@pytest.mark.parametrize("typed", ["Klingon", "", "d", "<@1>"])
def test_language_that_nobody_speaks_is_refused(typed: str) -> None:
    with pytest.raises(BadParameter):
        parse_language(typed)


def test_languages_offered_first_are_known_and_fit_a_select() -> None:
    assert len(set(COMMON)) == 25
    assert set(COMMON) <= set(LANGUAGES)
    assert language_name("de") == "German"
    assert language_name("xx") == "xx"


def test_languages_are_those_that_whisper_knows() -> None:
    from whisper.tokenizer import LANGUAGES as KNOWN  # only here: it loads torch

    assert set(LANGUAGES) == set(KNOWN)
