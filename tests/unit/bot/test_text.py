"""Members' text on cards, and figures in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.shared.text.formatting import about, bar, block, exactly, inline

NASTY = ["`", "```", "@everyone", "<@1>", "[x](http://y)", "\n# big", "\u202e", "||s||", "**b**", "a"]


@given(st.lists(st.sampled_from(NASTY), max_size=40).map("".join) | st.text(max_size=200))
def test_inline_text_cannot_leave_its_code_span(text: str) -> None:
    shown = inline(text, 80)
    assert shown[0] == shown[-1] == "`"
    assert "`" not in shown[1:-1]
    assert "\n" not in shown
    assert 3 <= len(shown) <= 82


@given(st.lists(st.sampled_from(NASTY), max_size=40).map("".join) | st.text(max_size=200))
def test_block_text_cannot_leave_its_code_block(text: str) -> None:
    shown = block(text, 100)
    assert shown.startswith("```\n")
    assert shown.endswith("\n```")
    assert "`" not in shown[4:-4]
    assert len(shown) <= 108


@pytest.mark.parametrize(("done", "total", "filled"), [(0, 20, 0), (10, 20, 6), (20, 20, 12), (30, 20, 12), (1, 0, 0)])
def test_bar_is_filled_by_share(done: int, total: int, filled: int) -> None:
    assert bar(done, total) == "▰" * filled + "▱" * (12 - filled)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "a few seconds"), (41, "about 45 s"), (61, "about 2 min"), (3500, "about 1 h"), (7000, "about 2 h")],
)
def test_about_is_how_one_would_say_it(seconds: float, words: str) -> None:
    assert about(seconds) == words


@pytest.mark.parametrize(("seconds", "words"), [(0.84, "0.8 s"), (12.3, "12 s"), (185, "3 min 5 s")])
def test_exactly_is_how_one_would_write_it(seconds: float, words: str) -> None:
    assert exactly(seconds) == words
