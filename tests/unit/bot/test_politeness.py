"""What people say around a prompt is taken off; what is no request stays."""

import pytest

from bot.features.imagine.politeness import without_politeness


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Could you please draw me a red castle on a hill?", "a red castle on a hill"),
        ("can you make a picture of two cats", "two cats"),
        ("I'd like to see a dragon, please.", "a dragon"),
        ("I’d love a cup of tea", "a cup of tea"),
        ("draw a red heart", "a red heart"),
        ("Imagine a world of cheese", "a world of cheese"),
        ("Hello. Could you draw me a castle? Thank you very much.", "a castle"),
        ("please draw me three ducks thanks", "three ducks"),
        ("Um, can you just generate some images of blue cars?", "blue cars"),
        ("I want you to paint us a forest for me, please", "a forest"),
        ("can we have a pink elephant?", "a pink elephant"),
    ],
)
def test_polite_request_leaves_what_is_to_be_seen(said: str, left: str) -> None:
    assert without_politeness(said) == left


@pytest.mark.parametrize(
    "said",
    [
        "a red castle on a hill",
        "Imagine dragons playing",
        "So the castle stood on a hill.",
        "I was thinking about a castle, please",
        "Draw.",
        "could you please",
        "",
    ],
)
def test_what_is_no_request_stays(said: str) -> None:
    assert without_politeness(said) == said
