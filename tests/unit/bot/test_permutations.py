"""Prompts that stand for several: choices in braces, and `--repeat`."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.features.imagine.options import ImagineOptions, KeptPicture, image_request
from bot.features.imagine.permutations import escaped, expand
from bot.features.imagine.prompt import parse_prompt
from bot.features.imagine.spread import JOBS_MAX, spread
from bot.features.imagine.typed import as_typed
from bot.shared.errors import BadParameter
from tests.support.bot.catalogues import CATALOGUE


@pytest.mark.parametrize(
    ("text", "prompts"),
    [
        ("a red heart", ["a red heart"]),
        (r"no \{choice\, here", [r"no {choice, here"]),
        (r"a \, b", [r"a \, b"]),  # without braces, nothing is special
        ("{red, blue} {cat, dog}", ["red cat", "red dog", "blue cat", "blue dog"]),
        ("a {cat}", ["a cat"]),
        ("a{, red} cat", ["a cat", "ared cat"]),
        (r"{red\, hot, blue} \{x\}", ["red, hot {x}", "blue {x}"]),
        ("a {bird {in a tree, on a pier}, dog}", ["a bird in a tree", "a bird on a pier", "a dog"]),
        ("a cat --ar {1:1, 3:2}", ["a cat --ar 1:1", "a cat --ar 3:2"]),
    ],
)
def test_braces_stand_for_all_their_choices(text: str, prompts: list[str]) -> None:
    assert expand(text, 4) == prompts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a {cat", r"`\{` without its `\}`"),
        ("a cat}", r"`\}` without its `\{`"),
        ("{a, {b, c}", r"`\{` without its `\}`"),
        ("{a,b,c} {a,b}", "stands for 6 prompts, and the limit is 4"),
        ("{" + ",".join("ab" * 10) + "}" + "{a,b}" * 40, "millions of prompts"),
        ("{" * 9 + "a" + "}" * 9, "8 deep"),
        ("{" * 1000, "8 deep"),
    ],
)
def test_braces_that_cannot_be_expanded_are_refused(text: str, said: str) -> None:
    with pytest.raises(BadParameter, match=said):
        expand(text, 4)


words = st.text("ab {},\\", max_size=8)


@given(words)
def test_escaped_text_stands_for_itself(text: str) -> None:
    if "\\" not in text:
        assert expand(escaped(text), 1) == [text]


@given(st.lists(st.lists(st.sampled_from(["red", "a cat", r"x\, y"]), min_size=1, max_size=3), min_size=1, max_size=3))
def test_number_of_prompts_is_the_product_of_the_choices(choices: list[list[str]]) -> None:
    text = " ".join("{" + ", ".join(choice) + "}" for choice in choices)
    assert len(expand(text, 27)) == math.prod(map(len, choices))


def test_each_prompt_has_its_own_parameters() -> None:
    each = spread(ImagineOptions(prompt="a {red, blue} cat --seed {1, 2} --count 2"))
    assert [(one.prompt, one.seed, one.count) for one in each] == [
        ("a red cat", "1", "2"),
        ("a red cat", "2", "2"),
        ("a blue cat", "1", "2"),
        ("a blue cat", "2", "2"),
    ]


def test_repeat_is_so_many_jobs_of_the_same_words_and_not_kept_with_them() -> None:
    each = spread(ImagineOptions(prompt="a {red, blue} cat --r 3"))
    assert [one.prompt for one in each] == ["a red cat"] * 3 + ["a blue cat"] * 3
    assert {one.repeat for one in each} == {None}


@pytest.mark.parametrize(
    ("prompt", "image", "said"),
    [
        ("x --repeat 41", None, "`repeat` must be a whole number from 1 to 40"),
        ("{a, b} --repeat 21", None, "makes 42 jobs, and the limit is 40"),
        ("x --repeat 2 --seed 7", None, "would draw the same pictures again"),
        ("{a, b}", KeptPicture(key="uploads/1/picture"), "Only one prompt can begin from an `image`"),
    ],
)
def test_several_jobs_that_cannot_be_are_refused(prompt: str, image: KeptPicture | None, said: str) -> None:
    with pytest.raises(BadParameter, match=said):
        spread(ImagineOptions(prompt=prompt, image=image))
    assert JOBS_MAX == 40


def test_words_with_braces_are_edited_as_they_were_typed() -> None:
    (options,) = spread(ImagineOptions(prompt=r"a \{red\} heart --seed 7"))
    request = image_request(options, CATALOGUE, random_seed=1)
    assert request.words == "a {red} heart"
    (again,) = spread(ImagineOptions(prompt=as_typed(request, theirs=True)))
    assert parse_prompt(again.prompt).text == "a {red} heart"
    assert again.seed == "7"
