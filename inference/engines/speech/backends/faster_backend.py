"""The same models in CTranslate2, the engine of faster-whisper: the quicker backend on a CPU, in int8.

faster-whisper itself batches windows of one file only. Here CTranslate2 is driven directly, so that windows of many
people's clips are decoded together. It encodes or decodes a batch in one call, which takes seconds on a busy machine
and cannot be interrupted; so calls are made in a thread of their own, and pictures go on beside them.

It never picks tokens at random. CTranslate2's random numbers come from a generator that each of its threads seeds
once: a text would depend on how many windows were decoded before it, and be another one after a crash.
"""

import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import ctranslate2
import numpy as np
import numpy.typing as npt
from whisper.tokenizer import Tokenizer

from inference.catalogue import SpeechModel
from inference.engines.speech.backends.backend import (
    INITIAL_TIMESTAMP_MAX,
    Alignment,
    Attempts,
    DecodedWindow,
    Window,
    prompt_tokens,
    suppressed_tokens,
    tokenizer_for,
)
from inference.errors import ModelUnusable

_CONTEXT = 448  # tokens, prompt included; every Whisper model has as many
_LANGUAGES_80, _LANGUAGES_128 = 99, 100  # large-v3 brought 128 mels and Cantonese
# How each attempt at a window searches: the likeliest token each time; five texts side by side, as whisper's own
# program does; and the same without saying three tokens twice, which ends the loops that a model falls into.
_SEARCHES: tuple[Mapping[str, int], ...] = (
    {"beam_size": 1},
    {"beam_size": 5},
    {"beam_size": 5, "no_repeat_ngram_size": 3},
)


@dataclass(slots=True)
class _EncodedWindow:
    """A window, encoded, and how it is to be decoded."""

    window: Window
    features: npt.NDArray[np.float32]  # (frames / 2, state)
    attempt: int
    language: str = ""
    language_probability: float = 1.0
    start: list[int] = field(default_factory=list)  # the prompt's tokens
    decoded: DecodedWindow | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """What the windows of one batch have in common."""
        return len(self.features), len(self.window.prompt), self.attempt


def load_faster(model: SpeechModel, folder: Path, device: str, threads: int) -> ctranslate2.models.Whisper:
    """Load a CTranslate2 model folder: int8 on the CPU, float16 on a GPU, or as the catalogue says.

    Args:
        model: its catalogue entry.
        folder: with `model.bin` and its neighbours.
        device: 'cpu' or 'cuda:N'.
        threads: for computing on the CPU.

    Raises:
        ModelUnusable: the folder holds no CTranslate2 Whisper model.
    """
    kind, _, index = device.partition(":")
    compute = model.precision or ("int8" if kind == "cpu" else "float16")
    try:
        return ctranslate2.models.Whisper(
            str(folder), device=kind, device_index=int(index or 0), compute_type=compute, intra_threads=threads
        )
    except (RuntimeError, ValueError) as error:
        raise ModelUnusable(f"The speech model '{model.name}' could not be loaded: {error}") from error


class FasterBackend:
    """Encodes and decodes windows in small batches, one call at a time, in a thread beside the one that computes."""

    attempts = Attempts(len(_SEARCHES), 2)  # what was kept from repeating itself is no prompt for the next window

    def __init__(self, model: ctranslate2.models.Whisper, *, batch: int, never: Sequence[int] = ()) -> None:
        """Take a model over.

        Args:
            model: loaded by `load_faster`.
            batch: how many windows are decoded together, at most.
            never: tokens that are never picked, besides those that whisper rules out; a test forces a length with it.
        """
        self.n_mels = model.n_mels
        self.tokens_max = _CONTEXT // 2
        self.multilingual = model.is_multilingual
        self.languages = _LANGUAGES_128 if model.n_mels == 128 else _LANGUAGES_80
        self._model = model
        self._batch = batch
        self._tokenizer = tokenizer_for(self, None)
        self._suppressed = [*suppressed_tokens(self._tokenizer), *never]
        self._arriving: list[Window] = []
        self._waiting: list[_EncodedWindow] = []  # encoded
        self._unaligned: list[tuple[_EncodedWindow, Callable[[], list[DecodedWindow]]]] = []
        self._reported: dict[str, _EncodedWindow] = {}
        self._encoding: tuple[list[Window], Future[list[_EncodedWindow]]] | None = None
        self._decoding: tuple[list[_EncodedWindow], Future[list[DecodedWindow]]] | None = None
        self._released: set[str] = set()  # of those in the call that runs
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ctranslate2")
        weakref.finalize(self, self._thread.shutdown, wait=False, cancel_futures=True)

    def free(self) -> int:
        """Return how many more windows may be begun now."""
        kept = len(self._waiting) + len(self._unaligned) + len(self._reported)
        return self._batch - len(self._arriving) - len(self._in_call()) - kept

    def busy(self) -> bool:
        """Return whether `advance` would do anything now, besides waiting for the call that runs."""
        if call := self._encoding or self._decoding:
            return call[1].done()
        return bool(self._arriving or self._waiting or self._unaligned)

    def begin(self, windows: Sequence[Window]) -> None:
        """Take windows in, to be encoded as `advance` is called."""
        self._arriving.extend(windows)

    def retry(self, key: str, attempt: int, seed: int) -> None:
        """Decode a reported window anew, in the way of another attempt."""
        encoded = self._reported.pop(key)
        encoded.attempt = attempt
        self._waiting.append(encoded)

    def align(self, key: str, tokenizer: Tokenizer, text_tokens: Sequence[int], frames: int) -> None:
        """Find when the text tokens of a reported window were spoken; it is reported once more, with its alignment.

        Args:
            key: the window's.
            tokenizer: of its language and task.
            text_tokens: its tokens without timestamps.
            frames: how many of its frames belong to the clip.
        """
        encoded = self._reported.pop(key)
        self._unaligned.append((encoded, lambda: self._align(encoded, tokenizer, text_tokens, frames)))

    def release(self, key: str) -> None:
        """Forget a window, wherever it is."""
        self._reported.pop(key, None)
        self._arriving = [window for window in self._arriving if window.key != key]
        self._waiting = [encoded for encoded in self._waiting if encoded.window.key != key]
        self._unaligned = [asked for asked in self._unaligned if asked[0].window.key != key]
        if key in self._in_call():
            self._released.add(key)

    def advance(self) -> list[DecodedWindow]:
        """Go on for a short while, and return the windows that are done."""
        done = self._collect()
        if self._encoding is None and self._decoding is None:
            self._call()
        return done

    def _in_call(self) -> list[str]:
        """Return the keys of the windows in the call that runs."""
        if self._encoding:
            return [window.key for window in self._encoding[0]]
        return [encoded.window.key for encoded in self._decoding[0]] if self._decoding else []

    def _collect(self) -> list[DecodedWindow]:
        """Take what the call that runs has given, if it has ended."""
        if self._encoding and self._encoding[1].done():
            (_, encoding), self._encoding = self._encoding, None
            self._waiting.extend(encoded for encoded in encoding.result() if encoded.window.key not in self._released)
            self._released.clear()
        elif self._decoding and self._decoding[1].done():
            (batch, decoding), self._decoding = self._decoding, None
            self._reported |= {each.window.key: each for each in batch if each.window.key not in self._released}
            self._released.clear()
            return [each for each in decoding.result() if each.key in self._reported]
        return []

    def _call(self) -> None:
        """Begin the next call: words are timed first, then newcomers encoded, then those that are alike decoded."""
        if self._unaligned:
            encoded, align = self._unaligned.pop(0)
            self._decoding = [encoded], self._thread.submit(align)
        elif self._arriving:
            frames = self._arriving[0].mel.shape[1]
            alike = [window for window in self._arriving if window.mel.shape[1] == frames]
            self._arriving = [window for window in self._arriving if window.mel.shape[1] != frames]
            self._encoding = alike, self._thread.submit(self._encode, alike)
        elif self._waiting:
            shape = self._waiting[0].shape
            batch = [encoded for encoded in self._waiting if encoded.shape == shape][: self._batch]
            self._waiting = [encoded for encoded in self._waiting if not any(encoded is taken for taken in batch)]
            self._decoding = batch, self._thread.submit(self._decode, batch)

    # -- in the thread -----------------------------------------------------------------------------------------------

    def _encode(self, windows: Sequence[Window]) -> list[_EncodedWindow]:
        features = np.array(self._model.encode(_storage([window.mel for window in windows]), to_cpu=True))
        return [
            _EncodedWindow(window, of_window.astype(np.float32), window.attempt, language=window.language or "")
            for window, of_window in zip(windows, features, strict=True)
        ]

    def _decode(self, batch: Sequence[_EncodedWindow]) -> list[DecodedWindow]:
        features = _storage([encoded.features for encoded in batch])
        self._detect(features, batch)
        for encoded in batch:
            tokenizer = tokenizer_for(self, encoded.language, translate=encoded.window.translate)
            encoded.start = prompt_tokens(tokenizer, encoded.window.prompt, self.tokens_max)
        results = self._model.generate(
            features,
            [encoded.start for encoded in batch],
            max_length=_CONTEXT,  # it takes half of that for a window, and what is left after the prompt at most
            return_scores=True,
            return_no_speech_prob=True,
            max_initial_timestamp_index=INITIAL_TIMESTAMP_MAX,
            suppress_tokens=self._suppressed,
            **_SEARCHES[batch[0].attempt],
        )
        for encoded, result in zip(batch, results, strict=True):
            encoded.decoded = _report(encoded, result)
        return [encoded.decoded for encoded in batch if encoded.decoded]

    def _detect(self, features: ctranslate2.StorageView, batch: Sequence[_EncodedWindow]) -> None:
        if all(encoded.language for encoded in batch):
            return
        best = [("<|en|>", 1.0)] * len(batch)
        if self.multilingual:
            best = [found[0] for found in self._model.detect_language(features)]
        for encoded, (token, probability) in zip(batch, best, strict=True):
            if not encoded.language:
                encoded.language, encoded.language_probability = token.strip("<|>"), float(probability)

    def _align(
        self, encoded: _EncodedWindow, tokenizer: Tokenizer, text_tokens: Sequence[int], frames: int
    ) -> list[DecodedWindow]:
        """Find when the tokens were spoken; CTranslate2 does the whole of it."""
        features = _storage([encoded.features])
        found = self._model.align(features, list(tokenizer.sot_sequence), [list(text_tokens)], frames)[0]
        steps = np.array(found.alignments, dtype=np.int64).reshape(-1, 2)
        assert encoded.decoded, "only what was decoded is aligned"
        alignment = Alignment(steps[:, 0], steps[:, 1], tuple(found.text_token_probs))
        return [replace(encoded.decoded, alignment=alignment)]


def _report(encoded: _EncodedWindow, result: ctranslate2.models.WhisperGenerationResult) -> DecodedWindow:
    tokens = tuple(result.sequences_ids[0])
    return DecodedWindow(
        key=encoded.window.key,
        tokens=tokens,
        mean_logprob=result.scores[0] * len(tokens) / (len(tokens) + 1),
        no_speech=result.no_speech_prob,
        language=encoded.language,
        language_probability=encoded.language_probability,
    )


def _storage(pieces: Sequence[npt.NDArray[np.float32]]) -> ctranslate2.StorageView:
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(np.stack(pieces)))
