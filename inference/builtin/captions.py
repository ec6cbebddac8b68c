"""Captions of scenes, as people would type them, and the tokenizer that reads them."""

from __future__ import annotations

import random
from collections.abc import Iterable

from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from inference.builtin.artwork import VENDORS, Emoji
from inference.builtin.backgrounds import PLACES
from inference.builtin.colours import NAMES
from inference.builtin.nouns import Noun
from inference.builtin.scenes import Scene, Thing
from inference.builtin.words import synonyms

CAPTION_TOKENS = 24
VOCABULARY_SIZE = 2400
EMPTY_SHARE = 0.08  # of captions: guidance needs a model that also draws without one; more would leak into adapters
STYLE_SHARE = 0.6
FILLER_SHARE = 0.18
OTHER_WORDS_SHARE = 0.3

_STYLE_OF = {vendor.name: vendor.style for vendor in VENDORS}
_STYLE_BEFORE = {
    "flat": ("flat", "simple flat"),
    "glossy": ("glossy", "shiny glossy"),
    "3d": ("3d",),
    "cartoon": ("cartoon",),
}
_STYLE_AFTER = {
    "flat": ("flat", "flat style", "flat icon", "flat design"),
    "glossy": ("glossy", "glossy style", "glossy icon"),
    "3d": ("3d", "3d style", "3d render", "3d icon"),
    "cartoon": ("cartoon", "cartoon style", "comic style"),
}
# Words that people add and that change nothing here: the model must learn to draw the thing all the same.
_ADJECTIVES = ("cute", "nice", "small", "big", "little", "beautiful", "lovely", "happy", "funny", "my", "old", "new")
_SUFFIXES = (
    "emoji", "icon", "sticker", "please", "high quality", "digital art", "with a smile", "for my friend", "picture",
    "drawing", "illustration",
)  # fmt: skip
_ON_WHITE = ("on a white background", "on white", "white background")
_ON_COLOUR = (
    "on a {} background", "with a {} background", "on a {} background", "{} background", "against a {} background",
    "in front of a {} wall", "on {}",
)  # fmt: skip
_ASKING = ("a picture of", "a drawing of", "a photo of", "draw", "an image of", "i want")
_COUNTS = {2: "two", 3: "three"}
_SAME_IN_PLURAL = frozenset({"sheep", "fish", "scissors", "glasses", "fries", "grapes", "sushi", "dice"})
_PAIRS_IN_ONE = frozenset({"glasses", "sunglasses"})  # worn without an article
_JOINED = {
    "beside": ("and", "and", "and", "and", "next to", "beside", "with", "together with"),
    "on": ("on", "on top of", "sitting on", "standing on"),
    "behind": ("in front of",),
    "wearing": ("wearing", "with", "wearing", "in"),
}


def caption(scene: Scene, rng: random.Random) -> str:
    """Return a caption of a scene, in one of the many ways people would put it."""
    if rng.random() < EMPTY_SHARE:
        return ""
    style = _STYLE_OF[scene.vendor] if rng.random() < STYLE_SHARE else None
    style_first = rng.random() < 0.6
    before = rng.choice(_STYLE_BEFORE[style]) if style and style_first else None
    text = _joined(
        scene, [_phrase(thing, rng, before if i == 0 else None) for i, thing in enumerate(scene.things)], rng
    )
    if scene.place:
        text += f" {_placed(scene.place, rng)}"
    if style and not style_first:
        text += rng.choice((", ", " ")) + rng.choice(_STYLE_AFTER[style])
    if rng.random() < FILLER_SHARE:
        text += rng.choice((", ", " ")) + rng.choice(_SUFFIXES if scene.place else _SUFFIXES + _ON_WHITE)
    return f"{rng.choice(_ASKING)} {text}" if rng.random() < 0.08 else text


def plain_caption(scene: Scene) -> str:
    """Return a complete caption in the plainest words, such as 'a flat red car on a blue background'."""
    phrases = []
    for index, thing in enumerate(scene.things):
        words = [_STYLE_OF[scene.vendor]] if index == 0 else []
        words += [thing.colour] if thing.colour else []
        words.append(plural(thing.noun.word) if thing.count > 1 else thing.noun.word)
        phrases.append(
            with_article(" ".join(words)) if thing.count == 1 else f"{_COUNTS[thing.count]} {' '.join(words)}"
        )
    text = f" {_JOINED[scene.kind][0]} ".join(phrases) if len(phrases) > 1 else phrases[0]
    if scene.place:
        text += f" on {with_article(scene.place)} background" if scene.place in NAMES else f" {PLACES[scene.place][0]}"
    return text


def with_article(phrase: str) -> str:
    """Return a phrase with its indefinite article."""
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def _phrase(thing: Thing, rng: random.Random, style: str | None) -> str:
    noun = thing.noun.word
    others = (*thing.noun.aliases, *(synonyms(thing.noun) if thing.count == 1 else ()))
    if thing.colour:  # nobody asks for a blue 'red rose'
        others = tuple(phrase for phrase in others if not set(phrase.split()) & set(NAMES))
    if others and rng.random() < OTHER_WORDS_SHARE:
        noun = rng.choice(others)
    colour = thing.colour or (thing.natural if rng.random() < 0.25 else None)
    words = [style] if style else []
    if rng.random() < FILLER_SHARE:
        words.append(rng.choice(_ADJECTIVES))
    words += [colour] if colour and colour not in noun.split() else []
    words.append(plural(noun) if thing.count > 1 else noun)
    return _counted(" ".join(words), thing.count, rng)


def _joined(scene: Scene, phrases: list[str], rng: random.Random) -> str:
    """Join the phrases of two things; of two side by side, the left one mostly comes first."""
    if len(phrases) == 1:
        return phrases[0]
    first, second = phrases
    word = rng.choice(_JOINED[scene.kind])
    if scene.kind == "behind" and rng.random() < 0.5:
        return f"{second} behind {first}"
    if scene.kind == "beside" and word == "and" and rng.random() < 0.15:
        return f"{second} and {first}"
    if scene.kind == "wearing" and scene.things[1].noun.word in _PAIRS_IN_ONE:
        second = second.removeprefix("a ").removeprefix("an ")
    if scene.kind == "wearing" and word == "with" and rng.random() < 0.3:
        return f"{first} with {second} on"
    return f"{first} {word} {second}"


def _placed(place: str, rng: random.Random) -> str:
    return (
        rng.choice(_ON_COLOUR).format(place).replace("a orange", "an orange")
        if place in NAMES
        else rng.choice(PLACES[place])
    )


def plural(noun: str) -> str:
    """Return the plural of an English noun, well enough for this vocabulary."""
    if noun in _SAME_IN_PLURAL:
        return noun
    if noun.endswith("mouse"):
        return noun.removesuffix("mouse") + "mice"
    if noun.endswith("leaf"):
        return noun.removesuffix("f") + "ves"
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def known_words(nouns: Iterable[Noun]) -> list[str]:
    """Return all words for the nouns, singular and plural, in alphabetical order."""
    words = {word for noun in nouns for word in (noun.word, *noun.aliases)}
    return sorted(words | {plural(word) for word in words})


def build_tokenizer(nouns: Iterable[Noun], emojis: Iterable[Emoji]) -> CLIPTokenizer:
    """Train a byte-pair tokenizer like CLIP's: words of captions in one piece, names of other emoji in few."""
    nouns = list(nouns)
    sentences = [word for noun in nouns for word in (noun.word, plural(noun.word), *noun.aliases)] * 200
    sentences += [phrase for noun in nouns for phrase in synonyms(noun)] * 50
    said = [*_SUFFIXES, *_ON_WHITE, *_ON_COLOUR, *_ASKING, *(word for words in PLACES.values() for word in words)]
    joining = [word for words in _JOINED.values() for word in words]
    sentences += [*NAMES, *_ADJECTIVES, *said, *joining, *_COUNTS.values(), "a", "an", "the"] * 500
    sentences += [
        style for styles in (_STYLE_AFTER, _STYLE_BEFORE) for words in styles.values() for style in words
    ] * 500
    sentences += [text for emoji in emojis for text in (emoji.label, *emoji.tags)]
    blank = CLIPTokenizer()
    trained = Tokenizer(models.BPE(continuing_subword_prefix="", end_of_word_suffix="</w>"))
    trained.normalizer, trained.pre_tokenizer = (
        blank.backend_tokenizer.normalizer,
        blank.backend_tokenizer.pre_tokenizer,
    )
    trained.train_from_iterator(
        sentences,
        trainers.BpeTrainer(
            vocab_size=VOCABULARY_SIZE - 2,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            end_of_word_suffix="</w>",
            show_progress=False,
        ),
    )
    return _as_clip(trained)


def _as_clip(trained: Tokenizer) -> CLIPTokenizer:
    import json

    model = json.loads(trained.to_str())["model"]
    vocabulary = dict(model["vocab"])
    for special in ("<|startoftext|>", "<|endoftext|>"):
        vocabulary[special] = len(vocabulary)
    return CLIPTokenizer(
        vocab=vocabulary, merges=[tuple(pair) for pair in model["merges"]], model_max_length=CAPTION_TOKENS
    )


def _counted(phrase: str, count: int, rng: random.Random) -> str:
    if count > 1:
        return f"{_COUNTS[count]} {phrase}"
    return with_article(phrase) if rng.random() < 0.65 else phrase
