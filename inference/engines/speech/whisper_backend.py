"""openai-whisper's model in PyTorch, decoded by our own continuous batching."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from whisper.model import Whisper
from whisper.tokenizer import Tokenizer

from inference.engines.speech.aligning import align
from inference.engines.speech.backend import (
    Alignment,
    Decoded,
    Window,
    prompt_for,
    tokenizer_for,
)
from inference.engines.speech.choosing import Chooser, Line
from inference.engines.speech.lanes import Lanes, encode, lane_bytes


@dataclass(slots=True)
class _Seat:
    """A window and where its decoding stands."""

    window: Window
    features: Tensor
    line: Line
    language: str = ""
    language_probability: float = 1.0
    start: list[int] = field(default_factory=list)  # the prompt's tokens
    no_speech: float = 0.0


class WhisperBackend:
    """Decodes windows of many clips token by token, together; they join and leave between two tokens."""

    def __init__(
        self,
        model: Whisper,
        *,
        lanes: int,
        tokens_per_step: int,
        lanes_bytes: int = 1 << 40,
        never: Sequence[int] = (),
    ) -> None:
        """Take a model over.

        Parameters:
            lanes: how many windows are decoded together, at most.
            tokens_per_step: how many tokens `advance` decodes of each.
            lanes_bytes: what the lanes may take of the device's memory; fewer are made where it is not enough.
            never: tokens that are not chosen, besides those that whisper rules out; a bench forces a length with it.
        """
        self.n_mels = model.dims.n_mels
        self.tokens_max = model.dims.n_text_ctx // 2
        self.multilingual = model.is_multilingual
        self.languages = model.num_languages
        self._model = model
        self._dtype = model.encoder.conv1.weight.dtype
        self._count = max(1, min(lanes, lanes_bytes // lane_bytes(model.dims, self._dtype)))
        self._lanes = Lanes(model, self._count, self._dtype)
        self._tokens_per_step = tokens_per_step
        self._tokenizer = tokenizer_for(self, None)
        self._chooser = Chooser(self._tokenizer, model.device, never)
        self._waiting: list[_Seat] = []  # encoded, about to take a lane
        self._seated: list[_Seat] = []  # by lane
        self._reported: dict[str, _Seat] = {}

    def free(self) -> int:
        return self._count - len(self._seated) - len(self._waiting) - len(self._reported)

    def busy(self) -> bool:
        return bool(self._waiting or self._seated)

    @torch.inference_mode()
    def begin(self, windows: Sequence[Window]) -> None:
        for frames in {window.mel.shape[1] for window in windows}:
            alike = [window for window in windows if window.mel.shape[1] == frames]
            mel = torch.from_numpy(np.stack([window.mel for window in alike]))
            features = encode(self._model, mel.to(self._model.device, self._dtype))
            self._waiting.extend(_seat(window, heard) for window, heard in zip(alike, features, strict=True))

    def again(self, key: str, temperature: float, seed: int) -> None:
        seat = self._reported.pop(key)
        seat.line = Line(temperature, seed)
        self._waiting.append(seat)

    def release(self, key: str) -> None:
        self._reported.pop(key, None)
        self._waiting = [seat for seat in self._waiting if seat.window.key != key]
        for lane, seat in enumerate(self._seated):
            if seat.window.key == key:
                self._leave(lane)
                return

    @torch.inference_mode()
    def advance(self) -> list[Decoded]:
        self._take_seats()
        done: list[Decoded] = []
        for _ in range(self._tokens_per_step):
            if not self._seated:
                break
            last = torch.tensor([[seat.line.tokens[-1]] for seat in self._seated], device=self._model.device)
            starts = [len(seat.start) + len(seat.line.tokens) - 1 for seat in self._seated]
            states = self._lanes.forward(slice(0, len(starts)), last, starts)
            self._chooser.choose(self._lanes.logits(states[:, -1]), [seat.line for seat in self._seated])
            done.extend(self._finish())
        return done

    def _take_seats(self) -> None:
        """Give the waiting windows lanes, find out their languages, and choose their first tokens."""
        while self._waiting and len(self._seated) < self._count:
            # neighbours whose prompts are equally long are read in one pass
            length = len(self._waiting[0].window.prompt)
            alike = [seat for seat in self._waiting if len(seat.window.prompt) == length]
            alike = alike[: self._count - len(self._seated)]
            self._waiting = [seat for seat in self._waiting if not any(seat is taken for taken in alike)]
            rows = slice(len(self._seated), len(self._seated) + len(alike))
            for lane, seat in enumerate(alike, start=rows.start):
                self._lanes.listen(lane, seat.features)
            self._detect(rows, [seat for seat in alike if not seat.language], alike)
            self._prompt(rows, alike)
            self._seated.extend(alike)

    def _detect(self, rows: slice, unknown: Sequence[_Seat], alike: Sequence[_Seat]) -> None:
        if not unknown:
            return
        if not self.multilingual:
            for seat in unknown:
                seat.language = "en"
            return
        tokenizer = self._tokenizer
        tokens = torch.full((len(alike), 1), tokenizer.sot, device=self._model.device)
        logits = self._lanes.logits(self._lanes.forward(rows, tokens, [0] * len(alike))[:, 0])
        odds = logits[:, list(tokenizer.all_language_tokens)].softmax(-1)
        best = odds.max(-1)
        for seat, index, probability in zip(alike, best.indices.tolist(), best.values.tolist(), strict=True):
            if not seat.language:
                seat.language = tokenizer.all_language_codes[index]
                seat.language_probability = probability

    def _prompt(self, rows: slice, seats: Sequence[_Seat]) -> None:
        for seat in seats:
            tokenizer = tokenizer_for(self, seat.language, translate=seat.window.translate)
            seat.start = prompt_for(tokenizer, seat.window.prompt, self.tokens_max)
        tokens = torch.tensor([seat.start for seat in seats], device=self._model.device)
        states = self._lanes.forward(rows, tokens, [0] * len(seats))
        at_start = self._lanes.logits(states[:, seats[0].start.index(self._tokenizer.sot)]).softmax(-1)
        for seat, probability in zip(seats, at_start[:, self._tokenizer.no_speech].tolist(), strict=True):
            seat.no_speech = probability
        self._chooser.choose(self._lanes.logits(states[:, -1]), [seat.line for seat in seats])

    def _finish(self) -> list[Decoded]:
        """Take the windows that have ended out of their lanes."""
        done = []
        context = self._model.dims.n_text_ctx
        for lane in reversed(range(len(self._seated))):
            seat = self._seated[lane]
            said = seat.line.tokens
            if said[-1] == self._tokenizer.eot or len(said) >= self.tokens_max or len(seat.start) + len(said) > context:
                self._leave(lane)
                self._reported[seat.window.key] = seat
                done.append(_report(seat, self._tokenizer.eot))
        return done

    def _leave(self, lane: int) -> None:
        """Free a lane; the last one moves into its place."""
        last = self._seated.pop()
        if lane < len(self._seated):
            self._lanes.move(len(self._seated), lane)
            self._seated[lane] = last

    @torch.inference_mode()
    def align(self, key: str, tokenizer: Tokenizer, text_tokens: Sequence[int], frames: int) -> Alignment:
        return align(self._model, self._reported[key].features, tokenizer, text_tokens, frames)


def _seat(window: Window, features: Tensor) -> _Seat:
    return _Seat(window, features, Line(window.temperature, window.seed), language=window.language or "")


def _report(seat: _Seat, eot: int) -> Decoded:
    said = seat.line.tokens
    tokens = tuple(said[:-1] if said[-1] == eot else said)
    return Decoded(
        key=seat.window.key,
        tokens=tokens,
        mean_logprob=seat.line.logprob / (len(tokens) + 1),
        no_speech=seat.no_speech,
        language=seat.language,
        language_probability=seat.language_probability,
    )
