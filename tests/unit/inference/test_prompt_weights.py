"""Weights in prompts are read as AUTOMATIC1111 and ComfyUI write them; what is none is words."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.errors import BadRequest
from inference.prompt_weights import WeightedText, plain_text, weighted_texts, without_weights

BRACKETS = st.text(alphabet="ab:.1([])\\ ", max_size=40)
SLOW_S = 2.0  # for 10,000 brackets; they take 40 ms


@pytest.mark.parametrize(
    ("prompt", "pieces"),
    [
        ("a red heart", [("a red heart", 1.0)]),
        ("a (red:1.3) heart", [("a ", 1.0), ("red", 1.3), (" heart", 1.0)]),
        ("a (red: 1.3 ) heart", [("a ", 1.0), ("red", 1.3), (" heart", 1.0)]),
        ("a (red) [big] heart", [("a ", 1.0), ("red", 1.1), (" ", 1.0), ("big", 1 / 1.1), (" heart", 1.0)]),
        ("((red))", [("red", 1.1 * 1.1)]),
        ("((red:1.5) heart:0.5)", [("red", 0.75), (" heart", 0.5)]),
        ("(red:.5)", [("red", 0.5)]),
        ("(red:0)", [("red", 0.0)]),
        ("a (red:1) heart", [("a red heart", 1.0)]),
        ("(a:b)", [("a:b", 1.1)]),
        ("(a, b:c:1.2)", [("a, b:c", 1.2)]),
        (r"a \(red\) heart \[x\] \\", [("a (red) heart [x] \\", 1.0)]),
        (r"(red\):1.2)", [("red)", 1.2)]),
        ("((((", [("((((", 1.0)]),
        ("a heart :)", [("a heart :)", 1.0)]),
        ("a heart :( and (red", [("a heart :( and (red", 1.0)]),
        ("(a [b:1.2)", [("a [b", 1.2)]),
        (r"C:\red", [(r"C:\red", 1.0)]),
        ("()", [("", 1.0)]),
        ("", [("", 1.0)]),
    ],
)
def test_prompt_is_read_as_pieces_with_weights(prompt: str, pieces: list[tuple[str, float]]) -> None:
    read = weighted_texts(prompt)
    assert [piece.text for piece in read] == [text for text, _ in pieces]
    assert [piece.weight for piece in read] == pytest.approx([weight for _, weight in pieces])


@pytest.mark.parametrize("prompt", ["(a:1e9)", "(a:5)", "(a:-1)", "((a:3):2)", "(" * 15 + "a" + ")" * 15, "(16:9)"])
def test_weight_out_of_range_is_refused_with_a_sentence(prompt: str) -> None:
    with pytest.raises(BadRequest, match=r"must be from 0 to 4, also .* Write `\\\(` for"):
        weighted_texts(prompt)


@pytest.mark.parametrize(
    "prompt",
    ["(" * 10_000, ")" * 10_000, "[" * 5000 + ")" * 5000, "[" * 5000 + "a" + "]" * 5000, "()" * 5000, "(:1" * 5000],
)
def test_many_brackets_are_read_in_no_time(prompt: str) -> None:
    began_s = time.thread_time()  # of computing, on a busy machine as on an idle one
    weighted_texts(prompt)
    assert time.thread_time() - began_s < SLOW_S


@given(st.text(max_size=60).filter(lambda text: not set(text) & set("()[]\\")))
def test_prompt_without_brackets_is_one_piece_letter_by_letter(prompt: str) -> None:
    assert weighted_texts(prompt) == (WeightedText(prompt),)
    assert without_weights(prompt) == plain_text(prompt) == prompt


@given(BRACKETS)
def test_any_brackets_are_read_or_refused(prompt: str) -> None:
    try:
        read = weighted_texts(prompt)
    except BadRequest:
        return
    assert "".join(piece.text for piece in read) == plain_text(prompt)
    assert all(first.weight != second.weight for first, second in itertools.pairwise(read))


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("a (red:1.3) heart (on a [blue] sky)", "a red heart (on a [blue] sky)"),
        ("(a (red) heart:2)", "a (red) heart"),
        ("(a:1e9)", "a"),
        (r"\(red\)", "(red)"),
    ],
)
def test_models_that_read_sentences_get_no_weights_but_brackets(prompt: str, words: str) -> None:
    assert without_weights(prompt) == words
