"""What a lesson is called: captions as people type them, and the tokenizer that reads them."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from inference.builtin.artwork import VENDORS, Emoji
from inference.builtin.colours import NAMES
from inference.builtin.nouns import Noun

CAPTION_TOKENS = 24
VOCABULARY_SIZE = 2400
EMPTY_SHARE = 0.08  # of captions: guidance needs a model that also draws without one; more would leak into adapters
STYLE_SHARE = 0.6
FILLER_SHARE = 0.18

_STYLE_OF = {vendor.name: vendor.style for vendor in VENDORS}
_STYLE_BEFORE = {
    "flat": ("flat", "simple flat"),
    "glossy": ("glossy", "shiny glossy"),
    "3d": ("3d",),
}
_STYLE_AFTER = {
    "flat": ("flat", "flat style", "flat icon", "flat design"),
    "glossy": ("glossy", "glossy style", "glossy icon"),
    "3d": ("3d", "3d style", "3d render", "3d icon"),
}
# Words that people add and that change nothing here: the model must learn to draw the thing all the same.
_ADJECTIVES = ("cute", "nice", "small", "big", "little", "beautiful", "lovely", "happy", "funny", "my", "old", "new")
_SUFFIXES = (
    "on a white background", "emoji", "icon", "sticker", "please", "high quality", "digital art", "in the sky",
    "in a garden", "on a table", "with a smile", "in the sun", "for my friend", "picture", "drawing", "in space",
)  # fmt: skip
_ASKING = ("a picture of", "a drawing of", "a photo of", "draw", "an image of", "i want")
_COUNTS = {2: "two", 3: "three"}
_SAME_IN_PLURAL = frozenset({"sheep", "fish", "scissors", "glasses", "fries", "grapes", "sushi", "dice"})


@dataclass(frozen=True, slots=True)
class Subject:
    """What one lesson shows, as far as its caption can say."""

    noun: Noun
    vendor: str
    colour: str | None  # what it was recoloured to
    natural: str | None  # the colour it has by nature, where one is plainly its main colour
    count: int


def caption(subject: Subject, dice: random.Random) -> str:
    """Say what a lesson shows in one of the many ways people would."""
    if dice.random() < EMPTY_SHARE:
        return ""
    noun = subject.noun.word
    if subject.noun.aliases and dice.random() < 0.25:
        noun = dice.choice(subject.noun.aliases)
    colour = subject.colour or (subject.natural if dice.random() < 0.25 else None)
    style = _STYLE_OF[subject.vendor] if dice.random() < STYLE_SHARE else None
    style_first = dice.random() < 0.6
    words = [dice.choice(_STYLE_BEFORE[style])] if style and style_first else []
    if dice.random() < FILLER_SHARE:
        words.append(dice.choice(_ADJECTIVES))
    words += [colour] if colour else []
    words.append(plural(noun) if subject.count > 1 else noun)
    text = _counted(" ".join(words), subject.count, dice)
    if style and not style_first:
        text += dice.choice((", ", " ")) + dice.choice(_STYLE_AFTER[style])
    if dice.random() < FILLER_SHARE:
        text += dice.choice((", ", " ")) + dice.choice(_SUFFIXES)
    return f"{dice.choice(_ASKING)} {text}" if dice.random() < 0.08 else text


def plain(subject: Subject) -> str:
    """Say all there is to say of a lesson, in the plainest way: 'a flat red car'."""
    words = [_STYLE_OF[subject.vendor], *([subject.colour] if subject.colour else [])]
    words.append(plural(subject.noun.word) if subject.count > 1 else subject.noun.word)
    return " ".join([_COUNTS.get(subject.count, "a"), *words])


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


def known(nouns: Iterable[Noun]) -> list[str]:
    """Return all that the nouns are called, one or several of them, in alphabetical order."""
    words = {word for noun in nouns for word in (noun.word, *noun.aliases)}
    return sorted(words | {plural(word) for word in words})


def build_tokenizer(nouns: Iterable[Noun], emojis: Iterable[Emoji]) -> CLIPTokenizer:
    """Train CLIP's kind of byte-pair tokenizer: words of the captions whole, names of other emoji in few pieces."""
    nouns = list(nouns)
    sentences = [word for noun in nouns for word in (noun.word, plural(noun.word), *noun.aliases)] * 200
    sentences += [*NAMES, *_ADJECTIVES, *_SUFFIXES, *_ASKING, *_COUNTS.values(), "a", "an", "the"] * 500
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


def _counted(phrase: str, count: int, dice: random.Random) -> str:
    if count > 1:
        return f"{_COUNTS[count]} {phrase}"
    article = "an" if phrase[0] in "aeiou" else "a"
    return f"{article} {phrase}" if dice.random() < 0.65 else phrase
