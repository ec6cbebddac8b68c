"""What a small model knows: completed while it is typed, and guessed where it is misspelt."""

from pathlib import Path

import pytest

from inference.catalogue import read_catalogue
from inference.vocabulary import Vocabulary, names_any, read_vocabulary

SMALL = Vocabulary(
    frozenset({"heart", "hearts", "headphones", "hot dog", "hot dogs", "zebra", "zebras", "cherry", "cherries"})
)


def test_shipped_model_states_what_it_knows() -> None:
    vocabulary = read_catalogue().vocabularies["builtin"]
    assert len(vocabulary.singular) > 500
    assert {"heart", "hot dog"} <= set(vocabulary.singular)
    assert not {"hearts", "hot dogs"} & set(vocabulary.singular)


def test_singulars_are_in_order_and_without_plurals() -> None:
    assert SMALL.singular == ("cherry", "headphones", "heart", "hot dog", "zebra")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("a red hea", ["a red headphones", "a red heart"]),
        ("a HOT d", ["a hot dog"]),
        ("a hot", ["a hot dog"]),
        ("h", []),
        ("", []),
        ("a lighthouse", []),
    ],
)
def test_last_words_are_completed(typed: str, offered: list[str]) -> None:
    assert SMALL.complete(typed) == offered


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a zebrra in the snow", ("zebrra", "zebra")),
        ("a hotdog", ("hotdog", "hot dog")),
        ("an astronaut", None),
        ("", None),
    ],
)
def test_word_that_is_nearly_known_is_guessed(typed: str, meant: tuple[str, str] | None) -> None:
    assert SMALL.closest(typed) == meant


def test_names_are_whole_words() -> None:
    assert names_any(SMALL.nouns, "two HOT dogs!")
    assert not names_any(SMALL.nouns, "a heartless hotdog")


@pytest.mark.parametrize("content", [None, "[]", "{}", '{"nouns": "cat"}', '{"nouns": [1]}', '{"nouns": []}', "{"])
def test_folder_that_does_not_say_has_no_vocabulary(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "nouns.json").write_text(content)
    assert read_vocabulary(tmp_path) is None
    assert read_vocabulary(None) is None


def test_number_of_a_small_models_words_is_said_by_its_vocabulary_alone() -> None:
    catalogue = read_catalogue()
    notes = [model.note for model in catalogue.images if model.name in catalogue.vocabularies]
    assert notes
    assert [note for note in notes if any(letter.isdigit() for letter in note)] == []
