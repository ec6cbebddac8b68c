"""The suffix: parameters that all of a member's prompts have, unless a prompt says otherwise."""

import pytest

from bot.features.imagine.habits.suffix import checked_suffix, with_suffix
from bot.features.imagine.options import ImagineOptions, with_trailing
from bot.shared.errors import BadParameter
from inference.errors import UnknownModel
from tests.support.bot.catalogues import CATALOGUE


def suffixed(prompt: str, suffix: str, **options: object) -> dict[str, object]:
    """Return what is set behind a prompt with a suffix."""
    read = with_suffix(with_trailing(ImagineOptions(prompt=prompt, **options)), suffix)  # type: ignore[arg-type]
    return {
        name: getattr(read, name) for name in read.__slots__ if getattr(read, name) is not None and name != "prompt"
    }


@pytest.mark.parametrize(
    ("prompt", "suffix", "options"),
    [
        ("x", "", {}),
        ("x", "--ar 3:2 --no text", {"aspect": "3:2", "negative": "text"}),
        ("x --ar 1:1", "--ar 3:2 --no text", {"aspect": "1:1", "negative": "text"}),
        ("x --steps 5", "--draft --chaos 9", {"steps": "5", "chaos": "9"}),
        ("x --cfg 5", "--stylize 9 --chaos 9 --raw", {"guidance": "5", "raw": ""}),
        ("x --s 9", "--cfg 5 --chaos 9", {"stylize": "9", "chaos": "9"}),
        ("x --subject Rex", "--model large", {"subject": "Rex"}),
    ],
)
def test_suffix_gives_way_to_what_is_typed(prompt: str, suffix: str, options: dict[str, str]) -> None:
    assert suffixed(prompt, suffix) == options


def test_suffix_gives_way_to_the_options_of_the_command() -> None:
    assert suffixed("x", "--count 2 --q 2", count=1, steps=9) == {"count": 1, "steps": 9}


def test_suffix_is_kept_on_one_line_and_none_is_empty() -> None:
    assert checked_suffix(" —ar  3:2\n--draft ", CATALOGUE) == "—ar 3:2 --draft"
    assert checked_suffix("  ", CATALOGUE) == ""


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("in oil", "parameters alone"),
        ("in oil --ar 3:2", "parameters alone"),
        ("--seed 7", "`--seed` belongs to one prompt"),
        ("--repeat 2", "`--repeat` belongs to one prompt"),
        ("--iw 2", "`--iw` belongs to one prompt"),
        ("--chaos 101", "from 0 to 100"),
        ("--sede 7", "Did you mean `--seed`"),
        ("--no " + "x" * 200, "200 characters"),
    ],
)
def test_suffix_that_cannot_be_used_is_refused(typed: str, said: str) -> None:
    with pytest.raises(BadParameter, match=said):
        checked_suffix(typed, CATALOGUE)


def test_suffix_with_an_unknown_model_is_refused() -> None:
    with pytest.raises(UnknownModel):
        checked_suffix("--model nonesuch", CATALOGUE)
