"""What is typed into `prompt`: cleaning, trailing parameters, and what is refused."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.features.imagine.parameters import CANNOT, PARAMETERS
from bot.features.imagine.prompt import PROMPT_MAX, parse_guidance, parse_number, parse_prompt, parse_whole
from bot.shared.errors import BadParameter
from bot.shared.text.formatting import clean

DOCS = Path(__file__).parents[3] / "docs/parameters.md"


def test_prompt_without_parameters_is_the_text() -> None:
    parsed = parse_prompt("  a red\nheart ")
    assert parsed.text == "a red heart"
    assert parsed.values == {}


def test_prompt_with_parameters_in_any_order_is_split() -> None:
    parsed = parse_prompt("a red heart --seed 7 --no text, blur --ar 3:2 --cfg 4,5")
    assert parsed.text == "a red heart"
    assert parsed.values == {"seed": "7", "negative": "text, blur", "aspect": "3:2", "guidance": "4,5"}


@pytest.mark.parametrize("dash", ["--", "—", "–", "―", "—-"])
def test_prompt_with_the_dash_of_a_phone_is_understood(dash: str) -> None:
    parsed = parse_prompt(f"a dog {dash}ar 1:1 {dash}draft {dash}c 20")
    assert parsed.values == {"aspect": "1:1", "draft": "", "chaos": "20"}


EVERY = {
    "--ar 3:2": ("aspect", "3:2"),
    "--seed 7": ("seed", "7"),
    "--no text, blur": ("negative", "text, blur"),
    "--chaos 20": ("chaos", "20"),
    "--stylize 250": ("stylize", "250"),
    "--iw 1.5": ("weight", "1.5"),
    "--raw": ("raw", ""),
    "--hd": ("hd", ""),
    "--quality 2": ("quality", "2"),
}


@given(st.permutations(list(EVERY)), st.lists(st.sampled_from(["--", "—", "–"]), min_size=9, max_size=9))
def test_parameters_are_read_in_any_order_with_any_dash(order: list[str], dashes: list[str]) -> None:
    typed = " ".join(one.replace("--", dash) for one, dash in zip(order, dashes, strict=True))
    assert parse_prompt(f"a red heart {typed}").values == dict(EVERY[one] for one in order)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("--seed 7 a red heart", {"seed": "7"}),
        ("--seed 7 a red heart --ar 3:2", {"seed": "7", "aspect": "3:2"}),
        ("--count 2 --ar=3:2 a red heart", {"count": "2", "aspect": "3:2"}),
        ("--raw a --seed 7 red heart", {"raw": "", "seed": "7"}),
    ],
)
def test_prompt_behind_its_parameters_is_found(text: str, values: dict[str, str]) -> None:
    parsed = parse_prompt(text)
    assert (parsed.text, parsed.values) == ("a red heart", values)


@pytest.mark.parametrize("text", ["a dog -- and a cat", "well-known --", "x--y", "1 --2"])
def test_prompt_with_dashes_that_are_no_parameter_stays_whole(text: str) -> None:
    assert parse_prompt(text).values == {}


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a dog --se 5", "could mean `--seed`"),
        ("a dog --st 5", "could mean `--steps`"),
        ("a dog --sty 5", "could mean `--style` or `--stylize`"),
        ("a dog --weird 5", "`--weird` only works in Midjourney"),
        ("a dog --v 6 --ar 3:2 --w 2 --v 7", "`--v` and `--w` only work in Midjourney"),
        ("a dog --v 6 --w 2 --stop 7", "`--v`, `--w` and `--stop` only work in Midjourney"),
        ("a dog --sparkle 5", "There is no parameter"),
        ("a dog --sede 5", "There is no parameter `--sede`. Did you mean `--seed`?"),
        ("a dog --choas 5", "Did you mean `--chaos`?"),
        ("a dog --tile", "without a seam. Please leave `--tile` out"),
        ("a dog --sw 100", "style reference"),
        ("a dog --draft please", "`--draft` takes no value"),
        ("a dog --seed 1 --seed 2", "twice"),
        ("a dog --ar 1:1 --aspect 3:2", "twice"),
        ("a dog --seed", "needs a value"),
        ("--seed 5", "what you want to see"),
        ("--no text a red heart", "Parameters come after it"),
        ("  ", "what you want to see"),
        ("x" * (PROMPT_MAX + 1), "characters"),
    ],
)
def test_prompt_that_cannot_be_used_is_refused_with_a_hint(text: str, hint: str) -> None:
    with pytest.raises(BadParameter, match=hint):
        parse_prompt(text)


def test_documented_parameters_are_those_of_the_code() -> None:
    rows = [line for line in DOCS.read_text("utf-8").splitlines() if line.startswith("| `--")]
    names = [set(re.findall(r"`--([a-z]+)", row.split("|")[1])) for row in rows]
    assert sorted(map(sorted, names)) == sorted(sorted(one.names) for one in PARAMETERS)
    text = DOCS.read_text("utf-8")
    assert [name for name in CANNOT if f"`--{name}`" not in text] == []


def test_clean_takes_invisible_characters_out_and_keeps_joined_emoji() -> None:
    assert clean("a\u202edog\u0000 \u2066b\u2069\ufeff 👩\u200d🚀") == "adog b 👩\u200d🚀"


@given(st.text(max_size=300))
def test_clean_text_is_one_line_and_clean_already(text: str) -> None:
    cleaned = clean(text)
    assert cleaned == clean(cleaned)
    assert "\n" not in cleaned
    assert "\u202e" not in cleaned


@given(st.text(max_size=300))
def test_parse_prompt_of_anything_gives_a_prompt_or_a_kind_refusal(text: str) -> None:
    try:
        parsed = parse_prompt(text)
    except BadParameter:
        return
    assert parsed.text
    assert len(parsed.text) <= PROMPT_MAX


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "99999999999999999999", "١٢", "0x10"])
def test_parse_whole_of_something_else_is_refused(text: str) -> None:
    with pytest.raises(BadParameter):
        parse_whole("seed", text, 0, 2**32 - 1, 0)


@pytest.mark.parametrize("value", ["", "nan", "1e3", "-1", "31", float("nan"), float("inf"), -0.5])
def test_parse_guidance_of_something_else_is_refused(value: str | float) -> None:
    with pytest.raises(BadParameter):
        parse_guidance(value, 5.0)


def test_parse_guidance_with_a_decimal_comma_is_understood() -> None:
    assert parse_guidance("4,5", 5.0) == 4.5


@pytest.mark.parametrize("value", ["", ".", "nan", "-1", "0.2", "4.1", "1.2.3"])
def test_parse_number_of_something_else_is_refused_with_the_range(value: str) -> None:
    with pytest.raises(BadParameter, match=r"`quality` must be a number from 0.25 to 4\."):
        parse_number("quality", value, 0.25, 4, 1)


def test_parse_number_without_a_leading_zero_is_understood() -> None:
    assert parse_number("quality", ".25", 0.25, 4, 1) == 0.25
