"""The same models in CTranslate2, the engine of faster-whisper: the quicker backend on a CPU, in int8.

faster-whisper itself batches windows of one file only. Here CTranslate2 is driven directly, so that windows of many
people's clips are decoded together. It decodes a batch in one call and cannot be interrupted in it, so batches are
small.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import ctranslate2
import numpy as np
import numpy.typing as npt
from whisper.tokenizer import Tokenizer

from inference.catalogue import SpeechModel
from inference.engines.speech.backend import (
    INITIAL_TIMESTAMP_MAX,
    Alignment,
    Decoded,
    Window,
    prompt_for,
    suppressed,
    tokenizer_for,
)
from inference.errors import ModelUnusable

_CONTEXT = 448  # tokens, prompt included; every Whisper model has as many
_LANGUAGES_80, _LANGUAGES_128 = 99, 100  # large-v3 brought 128 mels and Cantonese


@dataclass(slots=True)
class _Seat:
    """A window, encoded, and how it is to be decoded."""

    window: Window
    features: npt.NDArray[np.float32]  # (frames / 2, state)
    temperature: float
    seed: int
    language: str = ""
    language_probability: float = 1.0
    start: list[int] = field(default_factory=list)  # the prompt's tokens

    @property
    def shape(self) -> tuple[int, int, float]:
        """What the windows of one batch have in common."""
        return len(self.features), len(self.window.prompt), self.temperature


def load_faster(model: SpeechModel, folder: Path, device: str, threads: int) -> ctranslate2.models.Whisper:
    """Load a CTranslate2 model folder: int8 on the CPU, float16 on a GPU, or as the catalogue line says.

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
    """Decodes windows in small batches, each in one call."""

    def __init__(self, model: ctranslate2.models.Whisper, *, batch: int) -> None:
        self.n_mels = model.n_mels
        self.tokens_max = _CONTEXT // 2
        self.multilingual = model.is_multilingual
        self.languages = _LANGUAGES_128 if model.n_mels == 128 else _LANGUAGES_80
        self._model = model
        self._batch = batch
        self._tokenizer = tokenizer_for(self, None)
        self._suppressed = suppressed(self._tokenizer)
        self._waiting: list[_Seat] = []
        self._reported: dict[str, _Seat] = {}

    def free(self) -> int:
        return self._batch - len(self._waiting) - len(self._reported)

    def busy(self) -> bool:
        return bool(self._waiting)

    def begin(self, windows: Sequence[Window]) -> None:
        for frames in {window.mel.shape[1] for window in windows}:
            alike = [window for window in windows if window.mel.shape[1] == frames]
            features = np.array(self._model.encode(_storage([window.mel for window in alike]), to_cpu=True))
            self._waiting.extend(
                _Seat(window, heard.astype(np.float32), window.temperature, window.seed, language=window.language or "")
                for window, heard in zip(alike, features, strict=True)
            )

    def again(self, key: str, temperature: float, seed: int) -> None:
        seat = self._reported.pop(key)
        seat.temperature, seat.seed = temperature, seed
        self._waiting.append(seat)

    def release(self, key: str) -> None:
        self._reported.pop(key, None)
        self._waiting = [seat for seat in self._waiting if seat.window.key != key]

    def advance(self) -> list[Decoded]:
        if not self._waiting:
            return []
        shape = self._waiting[0].shape
        # the dice are the whole library's, so a window decoded by lot goes alone: neighbours must not change its text
        count = 1 if shape[2] > 0 else self._batch
        alike = [seat for seat in self._waiting if seat.shape == shape][:count]
        self._waiting = [seat for seat in self._waiting if not any(seat is taken for taken in alike)]
        heard = _storage([seat.features for seat in alike])
        self._detect(heard, alike)
        for seat in alike:
            tokenizer = tokenizer_for(self, seat.language, translate=seat.window.translate)
            seat.start = prompt_for(tokenizer, seat.window.prompt, self.tokens_max)
            self._reported[seat.window.key] = seat
        return self._generate(heard, alike)

    def _detect(self, heard: ctranslate2.StorageView, seats: Sequence[_Seat]) -> None:
        if all(seat.language for seat in seats):
            return
        best = [("<|en|>", 1.0)] * len(seats)
        if self.multilingual:
            best = [found[0] for found in self._model.detect_language(heard)]
        for seat, (token, probability) in zip(seats, best, strict=True):
            if not seat.language:
                seat.language, seat.language_probability = token.strip("<|>"), float(probability)

    def _generate(self, heard: ctranslate2.StorageView, seats: Sequence[_Seat]) -> list[Decoded]:
        temperature = seats[0].temperature
        if temperature > 0:
            ctranslate2.set_random_seed(seats[0].seed % (1 << 32))
        results = self._model.generate(
            heard,
            [seat.start for seat in seats],
            beam_size=1,
            max_length=min(_CONTEXT, len(seats[0].start) + self.tokens_max),
            return_scores=True,
            return_no_speech_prob=True,
            max_initial_timestamp_index=INITIAL_TIMESTAMP_MAX,
            suppress_tokens=self._suppressed,
            sampling_topk=0 if temperature > 0 else 1,
            sampling_temperature=temperature or 1.0,
        )
        done = []
        for seat, result in zip(seats, results, strict=True):
            tokens = tuple(result.sequences_ids[0])
            done.append(
                Decoded(
                    key=seat.window.key,
                    tokens=tokens,
                    mean_logprob=result.scores[0] * len(tokens) / (len(tokens) + 1),
                    no_speech=result.no_speech_prob,
                    language=seat.language,
                    language_probability=seat.language_probability,
                )
            )
        return done

    def align(self, key: str, tokenizer: Tokenizer, text_tokens: Sequence[int], frames: int) -> Alignment:
        """Find when the tokens were said; CTranslate2 does the whole of it."""
        heard = _storage([self._reported[key].features])
        found = self._model.align(heard, list(tokenizer.sot_sequence), [list(text_tokens)], frames)[0]
        steps = np.array(found.alignments, dtype=np.int64).reshape(-1, 2)
        return Alignment(steps[:, 0], steps[:, 1], tuple(found.text_token_probs))


def _storage(pieces: Sequence[npt.NDArray[np.float32]]) -> ctranslate2.StorageView:
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(np.stack(pieces)))
