"""What can decode windows of sound: the interface of both backends, and what goes in and out of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from whisper.tokenizer import Tokenizer, get_tokenizer

Mel = npt.NDArray[np.float32]  # shape (n_mels, frames), 100 frames a second
FRAMES = 3000  # of a whole window: what Whisper was trained on
FRAMES_PER_SECOND = 100
FRAMES_PER_TIMESTAMP = 2  # a timestamp token is worth 0.02 s
INITIAL_TIMESTAMP_MAX = 50  # the first segment starts within a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of one clip to be decoded."""

    key: str  # the clip's; a clip has one window at a time
    mel: Mel  # 3000 frames, or fewer (an even number) for a short clip
    language: str | None  # None: detect
    translate: bool = False
    prompt: tuple[int, ...] = ()  # the clip's last tokens
    attempt: int = 0  # how often it was decoded before, in other ways
    seed: int = 0  # for a backend that picks tokens at random in later attempts


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which token was spoken when: a path of steps through (token, frame)."""

    token_steps: npt.NDArray[np.int64]
    frame_steps: npt.NDArray[np.int64]  # in units of 0.02 s
    probabilities: tuple[float, ...]  # of each text token


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedWindow:
    """The text of a window."""

    key: str
    tokens: tuple[int, ...]  # text and timestamps, without the prompt and the end
    mean_logprob: float  # of a token, the end included
    no_speech: float  # the probability of the no-speech token
    language: str
    language_probability: float
    alignment: Alignment | None = None  # of the text tokens, once it was asked for


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often a backend decodes a window whose text stays doubtful, each time in another way."""

    count: int
    trusted: int  # text of attempts after so many is no prompt for the next window


class SpeechBackend(Protocol):
    """A loaded Whisper model that decodes many windows together.

    A window that was reported keeps its place until `release`, so that it can be decoded anew without being encoded
    anew. Only `advance` computes, and not for long: pictures wait for it. What a window is decoded to depends on the
    window alone, so that after a crash it is the same again.
    """

    n_mels: int
    tokens_max: int  # of one window, and of its prompt: half of the decoder's context, as in the reference
    multilingual: bool
    languages: int
    attempts: Attempts

    def free(self) -> int:
        """Return how many more windows may be begun now."""
        ...

    def busy(self) -> bool:
        """Return whether `advance` would do anything now; not where it could only wait for another thread."""
        ...

    def begin(self, windows: Sequence[Window]) -> None:
        """Take windows in; they are encoded and join the ones being decoded as `advance` is called."""
        ...

    def retry(self, key: str, attempt: int, seed: int) -> None:
        """Decode a reported window anew, in the way of another attempt."""
        ...

    def advance(self) -> list[DecodedWindow]:
        """Go on for a short while, and return the windows that are done."""
        ...

    def release(self, key: str) -> None:
        """Forget a window, wherever it is. Unknown keys are ignored."""
        ...

    def align(self, key: str, tokenizer: Tokenizer, text_tokens: Sequence[int], frames: int) -> None:
        """Find when the text tokens of a reported window were spoken; it is reported once more, with its alignment.

        Args:
            key: the window's.
            tokenizer: of its language and task.
            text_tokens: its tokens without timestamps.
            frames: how many of its frames belong to the clip.
        """
        ...


def tokenizer_for(backend: SpeechBackend, language: str | None, *, translate: bool = False) -> Tokenizer:
    """Return whisper's tokenizer for a model, a language and a task."""
    task = "translate" if translate else "transcribe"
    return get_tokenizer(backend.multilingual, num_languages=backend.languages, language=language or "en", task=task)


def prompt_tokens(tokenizer: Tokenizer, previous: Sequence[int], tokens_max: int) -> list[int]:
    """Return the tokens that a window's decoding starts from: the text before it, then the start of transcript."""
    start = list(tokenizer.sot_sequence)
    return [tokenizer.sot_prev, *previous[-(tokens_max - 1) :], *start] if previous else start


def suppressed_tokens(tokenizer: Tokenizer) -> list[int]:
    """Return the tokens that are never chosen: symbols that are not speech, and the control tokens."""
    control = (tokenizer.transcribe, tokenizer.translate, tokenizer.sot, tokenizer.sot_prev, tokenizer.sot_lm)
    return sorted({*tokenizer.non_speech_tokens, *control, tokenizer.no_speech})
