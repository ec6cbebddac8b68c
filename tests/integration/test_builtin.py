"""The built-in model as it is shipped: opens anywhere, stays small, draws what is asked in the colour that is asked."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline

from inference.builtin import classifier, colours
from inference.builtin.captions import known_words
from inference.builtin.export import WEIGHTS, open_exported
from inference.builtin.nouns import tail, vocabulary
from inference.builtin.recipe import draw
from inference.engines.image.models.folders import check_folder

CHECKOUT = Path(__file__).parents[2]
LARGEST_FILE_BYTES = 16 * 1024 * 1024
LARGEST_FOLDER_BYTES = 30_000_000


@pytest.fixture(scope="module")
def model() -> StableDiffusionPipeline:
    """The shipped model."""
    return open_exported()


def files() -> list[Path]:
    """Every file of the shipped model."""
    return [path for path in WEIGHTS.rglob("*") if path.is_file()]


def test_weights_hold_safetensors_and_text_only() -> None:
    assert {path.suffix for path in files()} == {".safetensors", ".json"}


def test_weights_say_what_the_model_was_trained_on() -> None:
    assert check_folder(WEIGHTS, "sd").nouns == frozenset(known_words((*vocabulary(), *tail())))


def test_weights_fit_the_package() -> None:
    sizes = [path.stat().st_size for path in files()]
    assert max(sizes) <= LARGEST_FILE_BYTES
    assert sum(sizes) <= LARGEST_FOLDER_BYTES


def test_weights_are_finite(model: StableDiffusionPipeline) -> None:
    for part in (model.unet, model.text_encoder, model.vae):
        assert all(bool(weight.isfinite().all()) for weight in part.state_dict().values())


def test_code_in_the_model_card_draws_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (CHECKOUT / "inference/builtin/README.md").read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    monkeypatch.chdir(CHECKOUT)
    exec(code, names)  # noqa: S102 - the very code that a reader would run
    assert names["picture"].size == (128, 128)
    assert len(names["picture"].getcolors(128 * 128)) > 100


def test_size_is_128_px_unless_asked_otherwise(model: StableDiffusionPipeline) -> None:
    picture = model("a red heart", num_inference_steps=2).images[0]
    assert picture.size == (128, 128)


def test_same_seed_draws_the_same_picture(model: StableDiffusionPipeline) -> None:
    first, again, other = draw(model, ["a cat"] * 3, seeds=[5, 5, 6])
    assert torch.allclose(first, again, atol=1e-3)
    assert not torch.allclose(first, other, atol=1e-2)


def test_background_is_white(model: StableDiffusionPipeline) -> None:
    drawn = draw(model, ["a red heart", "a blue car"], seeds=[1, 1])
    corners = drawn[:, :, [2, 2, -3, -3], [2, -3, 2, -3]]
    assert corners.mean() > 0.8


@pytest.mark.parametrize("colour", ["red", "green", "blue", "yellow"])
def test_colour_asked_for_is_the_main_one(model: StableDiffusionPipeline, colour: str) -> None:
    drawn = draw(model, [f"a {colour} heart", f"a {colour} car", f"a {colour} balloon"], seeds=[1, 2, 3])
    main = colours.shares((drawn + 1) / 2).argmax(1)
    assert int((main == colours.NAMES.index(colour)).sum()) >= 2


def test_judge_recognises_hearts_cars_and_stars(model: StableDiffusionPipeline) -> None:
    judge, held_out_top1 = classifier.load()
    words = ["heart", "car", "star", "apple", "rocket", "mushroom"]
    drawn = draw(model, [f"a {word}" for word in words], seeds=list(range(len(words))))
    answers = torch.tensor([judge.words.index(word) for word in words])
    assert held_out_top1 > 0.5
    assert classifier.top_share(judge, drawn, answers, 5) >= 4 / 6


def test_words_it_never_met_still_draw_something(model: StableDiffusionPipeline) -> None:
    drawn = draw(model, ["ein Blåhaj 🦈 \u202e zzzz " * 30], seeds=[1])
    assert drawn.isfinite().all()
    assert drawn.std() > 0.05
