"""Styles as they are typed, and what becomes of them in a request."""

from pathlib import Path

import pytest

from bot.features.imagine.options import ImagineOptions, image_request
from bot.features.styles.cards import PAGE, StylesPageButton, styles_card
from bot.features.styles.examples import EXAMPLE_MAX_BYTES, read_examples
from bot.shared.discord.choices import style_choices
from bot.shared.errors import BadParameter
from inference.catalogue import Catalogue
from inference.loras import LoraModel
from inference.pricing import price_of
from inference.requests import ImageRequest, LoraUse, from_json, to_json
from tests.support.bot.catalogues import CATALOGUE, INK, WITH_STYLES


def ask(prompt: str, catalogue: Catalogue = WITH_STYLES, **options: object) -> ImageRequest:
    return image_request(ImagineOptions(prompt=prompt, **options), catalogue, random_seed=99)  # type: ignore[arg-type]


def test_style_is_one_option_under_two_names_and_has_its_own_strength() -> None:
    typed = [ask("x --style ink"), ask("x --lora ink"), ask("x", style="INK"), ask("x --style Ink drawing")]
    assert [request.loras for request in typed] == [(LoraUse("ink", 0.8),)] * 4
    assert ask("x --style ink:1.25, pixels:-0.5").loras == (LoraUse("ink", 1.25), LoraUse("pixels", -0.5))
    assert typed[0].parameters == ("--style ink",)


def test_words_that_call_a_style_are_put_before_the_prompt_once_and_not_shown() -> None:
    request = ask("a lighthouse --style ink, pixels")
    assert (request.prompt, request.words) == ("ink drawing, a lighthouse", "a lighthouse")
    assert ask("an Ink Drawing of a lighthouse --style ink").prompt == "an Ink Drawing of a lighthouse"


def test_style_costs_nothing_more_and_survives_the_database() -> None:
    request = ask("x --style ink:0.5")
    assert price_of(request, WITH_STYLES) == price_of(ask("x"), WITH_STYLES)
    assert from_json(to_json(request)) == request


def test_style_brings_a_model_where_none_is_chosen_and_the_usual_one_does_not_fit() -> None:
    assert ask("x --style pixels").model == "tiny"  # of the family, and the usual one
    assert ask("x --style wide").model == "large"
    assert ask("x --style wide --model large").model == "large"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("inc", "There is no style `inc`. Did you mean `ink`?"),
        ("pix", r"There is no style `pix`. Did you mean `pixels`\?"),
        ("w", "could mean `wide` or `watercolour`"),
        ("nothing-like-it", "`/styles` shows them all"),
        ("raw", "Midjourney's"),
        ("ink:2.5", "from -2 to 2"),
        ("ink:1.2.3", "`1.2.3` is not a weight"),
        ("ink, ink:0.5", "twice"),
        ("ink, pixels, wide, watercolour", "at most 3 styles"),
        ("wide --model tiny", "`wide` is not for A tiny model. It goes with `model` `large`."),
        ("edited --model tiny", "`edited` is not for A tiny model. No model here can use it."),
    ],
)
def test_style_that_cannot_be_used_is_refused_with_what_would_do(typed: str, told: str) -> None:
    with pytest.raises(BadParameter, match=told):
        ask(f"x --style {typed}")


def test_without_styles_the_refusal_says_so() -> None:
    with pytest.raises(BadParameter, match="no styles to choose from"):
        ask("x --lora ink", CATALOGUE)


def test_styles_are_offered_by_name_and_title_for_the_chosen_model_and_only_the_last_is_completed() -> None:
    def offered(typed: str, model: str | None = None) -> list[str]:
        return [choice.value for choice in style_choices(WITH_STYLES, model, typed)]

    assert offered("draw") == ["ink"]
    assert offered("pixels, in") == ["pixels, ink"]
    assert "wide" in offered("")
    assert "wide" not in offered("", "tiny")


async def test_examples_that_are_no_small_pictures_are_left_out(tmp_path: Path) -> None:
    sound, large, text = tmp_path / "ink.webp", tmp_path / "large.png", tmp_path / "notes.txt"
    sound.write_bytes(b"a picture")
    large.write_bytes(b"x" * (EXAMPLE_MAX_BYTES + 1))
    text.write_text("secret")
    loras = [
        INK.model_copy(update={"name": file.stem, "picture": str(file)})
        for file in (sound, large, text, tmp_path / "no.png")
    ]
    assert {name: each.content for name, each in (await read_examples(loras)).items()} == {"ink": b"a picture"}


def test_page_of_styles_is_within_the_platforms_limits_and_names_what_is_after_it() -> None:
    long = LoraModel(
        name="x" * 32, title="y" * 90, file="/x", family="sd", licence="z" * 90, words="w" * 200, note="n" * 200
    )
    many = Catalogue(images=CATALOGUE.images, speech=(), loras=(long,) * (2 * PAGE))
    card = styles_card(many, many.loras[:PAGE], {}, 0)
    assert card.content_length() < 4000
    assert [item.item.label for item in card.walk_children() if isinstance(item, StylesPageButton)] == ["More"]
