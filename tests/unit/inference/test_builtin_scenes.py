"""Lessons of the built-in model: what a scene shows, what is said of it, and what is never said."""

import random

import numpy as np
import pytest

from inference.builtin import backgrounds, colours
from inference.builtin.captions import caption, plain_caption
from inference.builtin.nouns import Noun, vocabulary
from inference.builtin.scenes import KIND_WEIGHTS, SIZES, Scene, SceneMaker, Thing
from inference.builtin.sprites import Sprite, Sprites
from inference.builtin.words import held_out_phrases, synonyms

NOUNS = {noun.word: noun for noun in vocabulary()}
SHOWN = {
    "dog": (200, 20, 20),
    "ghost": (20, 160, 40),
    "car": (20, 40, 220),
    "hat": (10, 10, 10),
    "crown": (250, 200, 0),
}


@pytest.fixture(scope="module")
def maker() -> SceneMaker:
    """A maker whose things are plain discs, each of a colour of its own."""
    y, x = np.mgrid[0:128, 0:128]
    inside = np.hypot(x - 64, y - 64) < 50
    pictures = np.zeros((len(SHOWN), 128, 128, 4), np.uint8)
    for picture, colour in zip(pictures, SHOWN.values(), strict=True):
        picture[inside] = (*colour, 255)
    rows = [Sprite(word, "fluent-flat", None, None) for word in SHOWN]
    return SceneMaker(Sprites(rows, pictures), [NOUNS[word] for word in SHOWN], [])


def scene(kind: str, *words: str, **more: object) -> Scene:
    return Scene(kind, "fluent-flat", tuple(Thing(NOUNS[word]) for word in words), **more)  # type: ignore[arg-type]


def middle(picture: np.ndarray, word: str) -> tuple[float, float]:
    """Return where the pixels of a thing's colour have their middle: x and y in 0..1."""
    near = np.abs(picture.astype(int) - SHOWN[word]).sum(2) < 40
    assert near.mean() > 0.01, f"no {word}"
    y, x = np.nonzero(near)
    return float(x.mean()) / picture.shape[1], float(y.mean()) / picture.shape[0]


@pytest.mark.parametrize("kind", KIND_WEIGHTS)
@pytest.mark.parametrize("size", SIZES)
def test_every_kind_of_scene_is_drawn_in_every_size_and_again_by_the_same_dice(
    maker: SceneMaker, kind: str, size: tuple[int, int]
) -> None:
    chosen = maker.choose(random.Random(3), size, {kind: 1.0})
    first, again = (maker.picture(chosen, random.Random(4)) for _ in range(2))
    assert first.shape == (size[1], size[0], 3)
    assert np.array_equal(first, again)


def test_things_stand_as_is_said(maker: SceneMaker) -> None:
    for seed in range(10):
        rng = random.Random(seed)
        beside = maker.picture(scene("beside", "dog", "car"), rng)
        assert middle(beside, "dog")[0] < 0.4 < 0.6 < middle(beside, "car")[0]
        on = maker.picture(scene("on", "dog", "car"), rng)
        assert middle(on, "dog")[1] < 0.4 < 0.5 < middle(on, "car")[1]
        worn = maker.picture(scene("wearing", "ghost", "hat"), rng)
        assert middle(worn, "hat")[1] < middle(worn, "ghost")[1] - 0.2


@pytest.mark.parametrize("place", colours.NAMES)
def test_a_colour_behind_a_thing_reaches_the_border(maker: SceneMaker, place: str) -> None:
    picture = maker.picture(scene("single", "ghost", place=place), random.Random(5))
    _, saturation, value = colours.TARGETS[place]
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]]).mean(0) / 255
    brightness, chroma = border.max(), border.max() - border.min()
    assert abs(brightness - value) < 0.2
    assert (chroma > 0.15) == (saturation * value > 0.2)


def test_white_is_behind_a_thing_where_no_place_is_named(maker: SceneMaker) -> None:
    picture = maker.picture(scene("single", "ghost"), random.Random(6))
    assert (picture[0] == 255).all()


@pytest.mark.parametrize("place", backgrounds.PLACES)
def test_places_differ_from_each_other(place: str) -> None:
    shown = {name: backgrounds.paint(name, 128, 128, random.Random(1)) for name in backgrounds.PLACES}
    nearest = min(float(np.abs(shown[place] - other).mean()) for name, other in shown.items() if name != place)
    assert nearest > 0.03


def test_captions_name_what_the_scene_shows() -> None:
    dogs = Scene("several", "fluent-3d", (Thing(NOUNS["dog"], "blue", "red", 2),))
    said = {caption(dogs, random.Random(seed)) for seed in range(200)}
    empty = sum(caption(dogs, random.Random(seed)) == "" for seed in range(2000)) / 2000
    assert all("blue" in text and "two" in text and ("dogs" in text or "puppies" in text) for text in said - {""})
    assert not any("red" in text.split() or "flat" in text or "glossy" in text for text in said)
    assert any("3d" in text for text in said)
    assert 0.04 < empty < 0.12


def test_captions_of_two_things_name_both_and_the_place() -> None:
    both = scene("wearing", "ghost", "crown", place="blue")
    assert plain_caption(both) == "a flat ghost wearing a crown on a blue background"
    for seed in range(200):
        text = caption(both, random.Random(seed))
        assert not text or ("ghost" in text and "crown" in text and "blue" in text)


def test_no_caption_has_a_held_out_phrase() -> None:
    known = [Noun(noun.word, (*noun.aliases, *synonyms(noun)), noun.code) for noun in vocabulary()]
    said = {f"{article} {phrase}" for noun in known for phrase in (noun.word, *noun.aliases) for article in ("a", "an")}
    assert len(held_out_phrases()) == 60
    assert not said & {phrase for phrase, _ in held_out_phrases()}
    assert {noun for _, noun in held_out_phrases()} <= {noun.word for noun in known}
