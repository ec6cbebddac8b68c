"""From tokens to segments, and what is believed of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.engines.speech.backends.alignment import cheapest_path
from inference.engines.speech.backends.backend import DecodedWindow
from inference.engines.speech.hallucination import is_credible, overlap_s
from inference.engines.speech.windows import compression_ratio, is_silent, needs_retry, split_window

BEGIN = 50364  # <|0.00|>


def at(seconds: float) -> int:
    return BEGIN + round(seconds / 0.02)


def decoded(*, logprob: float = -0.3, no_speech: float = 0.0) -> DecodedWindow:
    return DecodedWindow(
        key="k", tokens=(), mean_logprob=logprob, no_speech=no_speech, language="en", language_probability=1.0
    )


def test_two_timestamps_in_a_row_cut_a_window() -> None:
    made = split_window([at(0), 1, 2, at(2), at(2), 3, at(5)], timestamp_begin=BEGIN, seek=1000, frames=3000)
    assert [(each.start_s, each.end_s, each.tokens[1:-1]) for each in made.segments] == [
        (10.0, 12.0, (1, 2)),
        (12.0, 15.0, (3,)),
    ]


def test_a_single_timestamp_at_the_end_means_silence_follows() -> None:
    made = split_window([at(0), 1, at(2), at(2), 2, at(3)], timestamp_begin=BEGIN, seek=0, frames=3000)
    assert (made.frames, made.ended) == (3000, True)


def test_an_unfinished_segment_is_left_to_the_next_window() -> None:
    made = split_window([at(0), 1, at(28), at(28), 2, 3], timestamp_begin=BEGIN, seek=0, frames=3000)
    assert len(made.segments) == 1
    assert made.frames == 2800


def test_a_window_without_timestamps_is_one_segment() -> None:
    made = split_window([1, 2, 3], timestamp_begin=BEGIN, seek=300, frames=700)
    assert [(each.start_s, each.end_s) for each in made.segments] == [(3.0, 10.0)]
    assert made.frames == 700


@given(st.lists(st.integers(0, BEGIN + 1500), max_size=60), st.integers(1, 3000))
def test_every_window_goes_forward(tokens: list[int], frames: int) -> None:
    assert split_window(tokens, timestamp_begin=BEGIN, seek=0, frames=frames).frames > 0


@pytest.mark.parametrize(
    ("heard", "text", "doubtful"),
    [
        (decoded(), "A sentence that anybody could have said.", False),
        (decoded(logprob=-1.2), "Mumbling.", True),
        (decoded(), "no no no no no no no no no no no no no no no no no no no no no no no no", True),
        (decoded(logprob=-1.2, no_speech=0.9), "Thanks for watching!", False),  # silence: hotter would only invent
    ],
)
def test_doubtful_windows_are_decoded_again(heard: DecodedWindow, text: str, doubtful: bool) -> None:
    assert needs_retry(heard, text) is doubtful


def test_a_window_is_silent_only_where_the_model_is_unsure_of_its_text() -> None:
    assert is_silent(decoded(logprob=-1.5, no_speech=0.9))
    assert not is_silent(decoded(logprob=-0.2, no_speech=0.9))


def test_repetition_compresses_well() -> None:
    assert compression_ratio("la " * 100) > 2.4 > compression_ratio("The quick brown fox jumps over the lazy dog.")


def test_text_where_nobody_speaks_is_not_believed() -> None:
    assert not is_credible(20.0, 25.0, "Thank you for watching.", [(0.0, 5.0)])


def test_text_faster_than_anybody_talks_is_not_believed() -> None:
    assert not is_credible(0.0, 1.0, "words " * 40, [(0.0, 1.0)])
    assert is_credible(0.0, 10.0, "words " * 30, [(0.0, 10.0)])


def test_overlap_adds_up_over_stretches_of_speech() -> None:
    assert overlap_s(1.0, 6.0, [(0.0, 2.0), (3.0, 4.0), (5.5, 9.0)]) == pytest.approx(2.5)


@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 10_000))
def test_time_is_warped_along_the_cheapest_path(rows: int, columns: int, seed: int) -> None:
    cost = np.random.default_rng(seed).random((rows, columns))
    steps = list(zip(*cheapest_path(cost), strict=True))

    def cheapest(i: int, j: int) -> float:
        before = [cheapest(i - a, j - b) for a, b in ((1, 1), (1, 0), (0, 1)) if i >= a and j >= b]
        return float(cost[i, j]) + (min(before) if before else 0.0)

    assert (steps[0], steps[-1]) == ((0, 0), (rows - 1, columns - 1))
    assert sum(cost[i, j] for i, j in steps) == pytest.approx(cheapest(rows - 1, columns - 1))
