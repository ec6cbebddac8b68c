"""Blocked words are found however they are written, and what is another word is not taken for one."""

import unicodedata

import pytest
import regex

from bot.shared.policy import blocked_word
from bot.shared.text.folding import fold
from db.moderation.decisions import Decision

IGNORABLE = regex.compile(r"\p{Default_Ignorable_Code_Point}")
ASSIGNED = [chr(c) for c in range(0x110000) if IGNORABLE.match(chr(c)) and unicodedata.category(chr(c)) != "Cn"]
BLANKS = ["\u2800", "\u3164", "\u115f", "\u1160", "\uffa0", "\U0001d159"]

RUSSIAN = (
    "кот сидит на окне и смотрит на снег", "старая лодка у реки, туман, рассвет", "роса на траве", "сорока на сосне",
    "Петух и курица во дворе", "РЫЖИЙ ПЁС В ПОЛЕ", "хор поёт песню", "оса на розе",
)  # fmt: skip
GREEK = ("μια κόκκινη καρδιά", "γάτα στο παράθυρο", "ΘΑΛΑΣΣΑ ΚΑΙ ΟΥΡΑΝΟΣ", "το πλοίο στο λιμάνι", "ένα ποτήρι νερό")
OTHERS = ("가을 하늘", "日本の庭", "क़िला और नदी", "قلعة على التل", "ein Haus am Bach", "señor con sombrero")
ENGLISH = (
    "blood", "cat", "cop", "dead", "drug", "gore", "gun", "hate", "kill", "knife", "nude", "naked", "pop", "sex", "xxx",
    "weapon", "war", "corpse", "poop", "hell", "a hole", "modem", "porn",
)  # fmt: skip


def found(text: str, *words: str) -> str | None:
    return blocked_word(text, [Decision(fold(word), word) for word in words])


@pytest.mark.parametrize("hidden", ["\ufe0f", "\u034f", "\u180b", *BLANKS, "\u200d", "\u00ad", "\u20dd", "\u0336"])
def test_word_is_found_with_something_invisible_in_it(hidden: str) -> None:
    assert found(f"a gor{hidden}e scene", "gore") == "gore"


def test_word_is_found_with_any_ignorable_character_in_it() -> None:
    assert len(ASSIGNED) > 300
    assert [hex(ord(one)) for one in ASSIGNED if found(f"a g{one}ore scene", "gore") is None] == []


@pytest.mark.parametrize("blank", BLANKS)
def test_word_is_found_between_blanks_that_are_no_spaces(blank: str) -> None:
    assert found(f"much{blank}gore{blank}here", "gore") == "gore"


@pytest.mark.parametrize(
    "written",
    ["gоrе", "GОRЕ", "ɡore", "𝓰𝓸𝓻𝓮", "ｇｏｒｅ", "g0re", "gοre", "GΟRΕ", "góŕe", "gσre", "Ꮐore"],
)
def test_word_is_found_in_letters_that_look_like_its_own(written: str) -> None:
    assert found(f"much {written} here", "gore") == "gore"


@pytest.mark.parametrize("written", ["kiIl", "ki11", "ki||", "kil1"])
def test_word_is_found_with_what_looks_like_an_l(written: str) -> None:
    assert found(written, "kill") == "kill"


def test_word_that_was_blocked_in_other_letters_is_found_in_its_own() -> None:
    assert found("much gore", "gоrе") == "gоrе"
    assert found("Кровь на снегу", "кровь") == "кровь"
    assert found("ΑΊΜΑ", "αίμα") == "αίμα"


@pytest.mark.parametrize("prompt", [*RUSSIAN, *GREEK, *OTHERS])
def test_prompt_in_another_script_is_not_refused_for_english_words(prompt: str) -> None:
    assert found(prompt, *ENGLISH) is None


@pytest.mark.parametrize(
    ("text", "word"),
    [("a modern house", "modem"), ("the gorest", "gore"), ("10 cats", "lo"), ("burn", "bum"), ("", "gore")],
)
def test_other_word_is_not_taken_for_the_blocked_one(text: str, word: str) -> None:
    assert found(text, word) is None


def test_word_of_nothing_visible_blocks_nothing() -> None:
    assert found("a red heart", "\u2800") is None
