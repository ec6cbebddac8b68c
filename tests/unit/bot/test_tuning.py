"""Parameters that are said in steps, guidance or strength, and those that one model or place cannot follow."""

from dataclasses import replace

import pytest

from bot.features.imagine.options import ImagineOptions, image_request
from bot.features.imagine.tuning import chosen_guidance, chosen_steps, chosen_strength
from bot.shared.errors import BadParameter
from inference.pricing import price_of
from inference.requests import ImageRequest
from tests.support.bot.catalogues import CATALOGUE, LARGE, TINY, WITH_UPSCALER

DISTILLED = TINY.model_copy(update={"title": "Quick", "guidance": 1.0, "steps": 1})


def ask(prompt: str, **options: object) -> ImageRequest:
    return image_request(ImagineOptions(prompt=prompt, **options), WITH_UPSCALER, random_seed=9)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "steps"), [("--draft", 10), ("--q 0.25", 5), ("--quality 1", 20), ("--q 2,5", 50), ("", 20)]
)
def test_quality_and_draft_are_shares_of_the_models_steps(typed: str, steps: int) -> None:
    assert ask(f"x {typed}").steps == steps


def test_draft_costs_half() -> None:
    whole, draft = (price_of(ask(f"x --model large {typed}"), WITH_UPSCALER) for typed in ("", "--draft"))
    assert (whole, draft) == (8, 4)


@pytest.mark.parametrize(
    ("stylize", "chaos", "guidance"),
    [
        (None, None, 4.0),
        ("100", "0", 4.0),
        ("0", None, 5.5),  # nearer to the prompt
        ("1000", None, 2.2),
        (None, "100", 1.6),  # always above 1, where guidance would be off
        ("1000", "100", 1.24),
    ],
)
def test_stylize_and_chaos_are_said_in_guidance(stylize: str | None, chaos: str | None, guidance: float) -> None:
    assert chosen_guidance(TINY, stylize=stylize, chaos=chaos) == guidance


@pytest.mark.parametrize(("weight", "strength"), [("0", 1.0), ("0.5", 0.8), ("1", 0.6), ("2", 0.35), ("3", 0.1)])
def test_weight_of_a_picture_is_what_stays_of_it(weight: str, strength: float) -> None:
    assert chosen_strength(weight=weight) == pytest.approx(strength)
    request = ask(f"x --iw {weight}", image="uploads/1/picture")
    assert request.init is not None
    assert request.init.strength == pytest.approx(strength)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("--q 3", "`quality` must be a number from 0.25 to 2.5"),  # 50 steps of 20
        ("--chaos 101", "`chaos` must be a whole number from 0 to 100"),
        ("--stylize 1001", "`stylize` must be a whole number from 0 to 1000"),
        ("--iw 1", "Please add one, or leave `--iw` out"),
        ("--draft --q 2", "`--quality` and `--draft` both choose the steps"),
        ("--steps 5 --draft", "`steps` and `--draft` both choose the steps"),
        ("--cfg 3 --chaos 5", "`--chaos` and `guidance` both say how closely"),
    ],
)
def test_parameter_that_cannot_be_followed_is_refused_with_the_range_or_the_other(typed: str, said: str) -> None:
    with pytest.raises(BadParameter, match=said):
        ask(f"x {typed}")


def test_weight_out_of_range_and_beside_a_strength_is_refused() -> None:
    with pytest.raises(BadParameter, match="`iw` must be a number from 0 to 3"):
        chosen_strength(weight="4")
    with pytest.raises(BadParameter, match="Please keep one"):
        chosen_strength(weight="1", strength=50)


def test_model_without_guidance_says_what_it_cannot_do() -> None:
    with pytest.raises(BadParameter, match="Quick works without guidance, so `--chaos` changes nothing"):
        chosen_guidance(DISTILLED, chaos="20")
    with pytest.raises(BadParameter, match="Quick takes one step already"):
        chosen_steps(DISTILLED, draft="")


def test_hd_needs_an_upscaler() -> None:
    assert ask("x --hd").parameters == ("--hd",)
    with pytest.raises(BadParameter, match="I have no upscaler here"):
        image_request(ImagineOptions(prompt="x --hd"), CATALOGUE, random_seed=9)


def test_parameters_are_kept_as_they_could_have_been_typed() -> None:
    typed = ask("x --hd --chaos 20 --raw --s 250 --draft --model large")
    assert typed.parameters == ("--draft", "--stylize 250", "--chaos 20", "--raw", "--hd", "--model large")
    assert ask(" ".join([typed.words, *typed.parameters])) == replace(typed, seed=9)
    assert typed.steps == round(LARGE.steps / 2)
