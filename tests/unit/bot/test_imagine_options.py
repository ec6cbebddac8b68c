"""From the options of /imagine to a request."""

from dataclasses import replace

import pytest

from bot.features.imagine.options import ImagineOptions, KeptPicture, image_request
from bot.features.imagine.spread import spread
from bot.shared.errors import BadParameter
from inference.errors import UnknownModel
from inference.pricing import price_of
from inference.requests import ImageRequest, InitPicture, PictureOrigin, from_json, to_json
from tests.support.bot.catalogues import CATALOGUE, WITH_EDITING

KEPT = KeptPicture(key="uploads/1/picture")


def ask(**options: object) -> ImageRequest:
    return image_request(ImagineOptions(**options), CATALOGUE, random_seed=99)  # type: ignore[arg-type]


def test_wish_with_a_prompt_alone_takes_the_first_models_defaults() -> None:
    assert ask(prompt="a red heart") == ImageRequest(
        prompt="a red heart", model="tiny", width_px=128, height_px=128, steps=20, guidance=4.0, seed=99, count=4
    )


def test_options_are_kept_as_they_could_have_been_typed() -> None:
    typed = ask(prompt="x --seed 5 --cfg 3,5", aspect="3:2", negative="text,  blur", model="tiny")
    assert typed.parameters == ("--ar 3:2", "--no text, blur", "--cfg 3,5", "--seed 5", "--model tiny")
    assert image_request(
        ImagineOptions(prompt=" ".join([typed.words, *typed.parameters])), CATALOGUE, random_seed=1
    ) == replace(typed, seed=5)


def test_wish_with_options_is_taken_at_its_word() -> None:
    request = ask(prompt="x", negative="y", count=2, aspect="768x512", steps=30, guidance=3.25, seed=0, model="large")
    assert (request.negative, request.count, request.width_px, request.height_px) == ("y", 2, 768, 512)
    assert (request.steps, request.guidance, request.seed, request.model) == (30, 3.25, 0, "large")


def test_wish_with_trailing_parameters_is_the_same_as_with_options() -> None:
    trailing = ask(prompt="x --no y --count 2 --ar 3:2 --steps 30 --cfg 3.5 --seed 5 --model large")
    assert trailing == ask(
        prompt="x", negative="y", count=2, aspect="3:2", steps=30, guidance=3.5, seed=5, model="large"
    )
    assert "--ar 3:2" in trailing.parameters


def test_wish_with_an_option_and_a_parameter_for_the_same_is_refused() -> None:
    with pytest.raises(BadParameter, match="Please keep one"):
        ask(prompt="x --seed 5", seed=6)


@pytest.mark.parametrize(
    "options", [{"steps": 51}, {"count": 5}, {"seed": 2**32}, {"guidance": 31.0}, {"negative": "x" * 1001}]
)
def test_wish_out_of_bounds_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(BadParameter):
        ask(prompt="x", **options)


def test_wish_for_an_unknown_model_is_refused() -> None:
    with pytest.raises(UnknownModel):
        ask(prompt="x", model="nonesuch")


@pytest.mark.parametrize(("typed", "strength"), [(None, 0.6), (1, 0.01), ("35", 0.35), (" 70 % ", 0.7), (100, 1.0)])
def test_picture_to_begin_from_has_a_strength_in_percent(typed: int | str | None, strength: float) -> None:
    request = ask(prompt="x", image=KEPT, strength=typed)
    assert request.init == InitPicture(key="uploads/1/picture", strength=strength)
    assert from_json(to_json(request)) == request


@pytest.mark.parametrize("typed", [0, "0%", "00", 101, "-5", "half", "0.5", "%", ""])
def test_strength_that_is_none_is_refused(typed: int | str) -> None:
    with pytest.raises(BadParameter, match="`strength`"):
        ask(prompt="x", image=KEPT, strength=typed)


def test_strength_without_a_picture_is_refused() -> None:
    with pytest.raises(BadParameter, match="how much of an `image` changes"):
        ask(prompt="x --strength 40")


def test_picture_is_edited_by_words_where_the_model_can_and_no_strength_is_given() -> None:
    options = ImagineOptions(prompt="make it blue", image=KEPT, model="edits", count=1)
    request = image_request(options, WITH_EDITING, random_seed=99)
    assert (request.references, request.init) == (("uploads/1/picture",), None)
    assert price_of(request, WITH_EDITING) == 2  # each step looks at two pictures
    begun = image_request(replace(options, strength=60), WITH_EDITING, random_seed=99)
    assert (begun.references, begun.init) == ((), InitPicture(key="uploads/1/picture", strength=0.6))
    other = image_request(replace(options, model="tiny"), WITH_EDITING, random_seed=99)
    assert (other.references, other.init) == ((), InitPicture(key="uploads/1/picture", strength=0.6))


def test_words_about_a_finished_picture_keep_its_layout_its_flags_and_where_it_is_from() -> None:
    finished = KeptPicture(key="jobs/1/picture-2.png", flags=("gore",), job_id="1", number=2, size_px=(300, 200))
    options = ImagineOptions(prompt="make it night", image=finished, keeps_layout=True, model="tiny")
    (shaped,) = spread(options)
    begun = image_request(shaped, WITH_EDITING, random_seed=99)
    assert begun.init == InitPicture(key=finished.key, strength=0.5, flags=("gore",))
    assert begun.origin == PictureOrigin(job_id="1", picture=2, change="Image to image, strength 50%")
    assert shaped.aspect == "3:2"
    assert spread(replace(options, prompt="make it night --ar 1:1"))[0].aspect == "1:1"
    edited = image_request(replace(options, model="edits"), WITH_EDITING, random_seed=99)
    assert (edited.references, edited.reference_flags, edited.init) == ((finished.key,), ("gore",), None)
    assert edited.origin == PictureOrigin(job_id="1", picture=2, change="Edit by words")
    for request in (begun, edited):
        assert request.flags == ("gore",)
        assert from_json(to_json(request)) == request


def test_blend_that_is_drawn_again_stays_of_its_kind() -> None:
    averaged = KeptPicture(key="uploads/1/picture", average_of=3)
    again = image_request(ImagineOptions(prompt="x", image=averaged, model="edits"), WITH_EDITING, random_seed=99)
    assert again.init == InitPicture(key=averaged.key, strength=0.6, average_of=3)
    seen = KeptPicture(key="uploads/1/picture", also=("uploads/1/picture-2",))
    again = image_request(ImagineOptions(prompt="x", image=seen, model="edits"), WITH_EDITING, random_seed=99)
    assert again.references == ("uploads/1/picture", "uploads/1/picture-2")
    for options in ({"model": "tiny"}, {"model": "edits", "strength": 40}):
        with pytest.raises(BadParameter, match="use `/blend` with them again"):
            image_request(replace(ImagineOptions(prompt="x", image=seen), **options), WITH_EDITING, random_seed=99)


def test_picture_to_begin_from_costs_the_steps_that_are_made() -> None:
    whole, half = (ask(prompt="x", model="large", steps=50, count=1, image=image) for image in (None, KEPT))
    assert (whole.strength, half.strength) == (1.0, 0.6)
    assert (price_of(whole, CATALOGUE), price_of(half, CATALOGUE)) == (4, 3)  # 2 credits for 25 steps
