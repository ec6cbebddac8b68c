"""Parts of prompts are read as Midjourney writes them; what is none is words."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.errors import BadRequest
from inference.prompt_parts import as_sentence, check_prompts, prompt_parts
from tests.support.bot.catalogues import TINY
from tests.support.fakes.requests import image_request

SLOW_S = 2.0  # for 10,000 colons; they take milliseconds


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("a red heart", [("a red heart", 1.0)]),
        ("hot:: dog", [("hot", 1.0), ("dog", 1.0)]),
        ("hot::dog", [("hot", 1.0), ("dog", 1.0)]),
        ("hot::2 dog", [("hot", 2.0), ("dog", 1.0)]),
        ("cake::2 fire::1", [("cake", 2.0), ("fire", 1.0)]),
        ("flowers:: red::-.5", [("flowers", 1.0), ("red", -0.5)]),
        ("flowers::1.5, red::-0.5, blue", [("flowers", 1.5), ("red", -0.5), ("blue", 1.0)]),
        ("hot::3dogs", [("hot", 1.0), ("3dogs", 1.0)]),
        ("hot:: 3 dogs", [("hot", 1.0), ("3 dogs", 1.0)]),
        ("hot:: ::2 dog", [("hot", 1.0), ("dog", 1.0)]),
        (r"std\::vector", [("std::vector", 1.0)]),
        ("at 3:30: tea", [("at 3:30: tea", 1.0)]),
        ("::", [("", 1.0)]),
        ("", [("", 1.0)]),
    ],
)
def test_prompt_is_read_as_parts_with_weights(prompt: str, parts: list[tuple[str, float]]) -> None:
    assert [(part.text, part.weight) for part in prompt_parts(prompt)] == parts


@pytest.mark.parametrize("prompt", ["a::-1", "a::0", "a:: b::-1", "a::1 b::-.9", "a::0 b::0"])
def test_weights_that_leave_nothing_are_refused_with_a_sentence(prompt: str) -> None:
    with pytest.raises(BadRequest, match="must add up to well over 0"):
        prompt_parts(prompt)


def test_too_many_parts_are_refused_with_a_sentence() -> None:
    assert len(prompt_parts("a::" * 8)) == 8
    with pytest.raises(BadRequest, match="has 9 parts with `::` between them, and the limit is 8"):
        prompt_parts("a::" * 9)


@pytest.mark.parametrize("prompt", [":" * 10_000, "::9" * 3000, "a::" + "9" * 10_000, r"\::" * 3000])
def test_many_colons_are_read_in_no_time(prompt: str) -> None:
    began_s = time.thread_time()
    as_sentence(prompt)
    with suppress(BadRequest):
        prompt_parts(prompt)
    assert time.thread_time() - began_s < SLOW_S


@given(st.text(max_size=60).filter(lambda text: "::" not in text))
def test_prompt_without_colons_is_one_part_letter_by_letter(prompt: str) -> None:
    assert [part.text for part in prompt_parts(prompt)] == [prompt]


@given(st.text(alphabet="ab:.12- (\\", max_size=30))
def test_any_colons_are_read_or_refused(prompt: str) -> None:
    try:
        parts = prompt_parts(prompt)
    except BadRequest:
        return
    assert sum(part.weight for part in parts) > 0
    as_sentence(prompt)


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("a (red:1.3) heart (on blue)", "a red heart (on blue)"),
        ("hot::2 dog", "hot, dog"),
        ("flowers:: (red:2)::-.5 vase", "flowers, vase"),
        ("a::-1", "a"),
        ("(a:1e9)", "a"),
    ],
)
def test_models_that_read_sentences_get_one(prompt: str, sentence: str) -> None:
    assert as_sentence(prompt) == sentence


@pytest.mark.parametrize(
    "words", [{"prompt": "(a:5)"}, {"negative": "(a:5)"}, {"prompt": "a:: (b:5)"}, {"prompt": "a::-1"}]
)
def test_prompts_are_checked_for_models_that_read_weights(words: dict[str, str]) -> None:
    request = image_request(**words)
    with pytest.raises(BadRequest):
        check_prompts(request, TINY)
    check_prompts(request, TINY.model_copy(update={"family": "z-image"}))
