"""openai-whisper's model in PyTorch, decoded by our own continuous batching."""

import math
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor
from whisper.model import Whisper
from whisper.tokenizer import Tokenizer

from inference.engines.speech.backends.alignment import align
from inference.engines.speech.backends.backend import (
    Alignment,
    Attempts,
    Decoded,
    Window,
    prompt_for,
    tokenizer_for,
)
from inference.engines.speech.backends.lanes import Encoding, Heard, Lanes, lane_bytes
from inference.engines.speech.backends.sampling import Chooser, Line

TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # of the attempts at a window: whisper's defaults, as the next
_TRUSTED_TEMPERATURE_MAX = 0.5  # text decoded hotter than this is no prompt for the next window


@dataclass(slots=True)
class _Seat:
    """A window and where its decoding stands."""

    window: Window
    features: Tensor
    line: Line
    heard: Heard | None = None  # made of the features, while it waits for a lane
    language: str = ""
    language_probability: float = 1.0
    start: list[int] = field(default_factory=list)  # the prompt's tokens
    no_speech: float = 0.0
    decoded: Decoded | None = None


@dataclass(slots=True)
class _Arrival:
    """Windows of one length on their way through the encoder."""

    windows: list[Window]
    encoding: Encoding | None = None
    released: set[str] = field(default_factory=set)  # keys of windows that nobody waits for any more


class WhisperBackend:
    """Decodes windows of many clips token by token, together; they join and leave between two tokens."""

    attempts = Attempts(len(TEMPERATURES), sum(each <= _TRUSTED_TEMPERATURE_MAX for each in TEMPERATURES))

    def __init__(
        self,
        model: Whisper,
        *,
        lanes: int,
        tokens_per_step: int,
        step_frames: int = 1 << 30,
        step_s: float = math.inf,
        lanes_bytes: int = 1 << 40,
        never: Sequence[int] = (),
    ) -> None:
        """Take a model over.

        Parameters:
            lanes: how many windows are decoded together, at most.
            tokens_per_step: how many tokens `advance` decodes of each, at most.
            step_frames: how many frames of sound it gives to lanes, at most.
            step_s: after so long it does no more.
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
        self._step_frames, self._step_s = step_frames, step_s
        self._tokenizer = tokenizer_for(self, None)
        self._chooser = Chooser(self._tokenizer, model.device, never)
        self._arriving: list[_Arrival] = []
        self._waiting: list[_Seat] = []  # encoded, about to take a lane
        self._seated: list[_Seat] = []  # by lane
        self._reported: dict[str, _Seat] = {}
        self._aligning: dict[str, Generator[None, None, Alignment]] = {}  # of those

    def free(self) -> int:
        arriving = sum(len(arrival.windows) for arrival in self._arriving)
        return self._count - arriving - len(self._seated) - len(self._waiting) - len(self._reported)

    def busy(self) -> bool:
        return bool(self._arriving or self._waiting or self._seated or self._aligning)

    def begin(self, windows: Sequence[Window]) -> None:
        for frames in sorted({window.mel.shape[1] for window in windows}):
            self._arriving.append(_Arrival([window for window in windows if window.mel.shape[1] == frames]))

    def again(self, key: str, attempt: int, seed: int) -> None:
        seat = self._reported.pop(key)
        seat.line = Line(TEMPERATURES[attempt], seed)
        self._waiting.append(seat)

    def release(self, key: str) -> None:
        self._reported.pop(key, None)
        self._aligning.pop(key, None)
        for arrival in self._arriving:
            arrival.released.update(window.key for window in arrival.windows if window.key == key)
        self._waiting = [seat for seat in self._waiting if seat.window.key != key]
        for lane, seat in enumerate(self._seated):
            if seat.window.key == key:
                self._leave(lane)
                return

    @torch.inference_mode()
    def advance(self) -> list[Decoded]:
        until_s = time.monotonic() + self._step_s
        if self._aligning:
            return self._align(until_s)
        if self._arriving:
            self._encode(until_s)
            return []
        if self._waiting and len(self._seated) < self._count:
            self._take_seats(until_s)
            return []
        done: list[Decoded] = []
        for number in range(self._tokens_per_step):
            if not self._seated or (number and time.monotonic() > until_s):
                break
            last = torch.tensor([[seat.line.tokens[-1]] for seat in self._seated], device=self._model.device)
            starts = [len(seat.start) + len(seat.line.tokens) - 1 for seat in self._seated]
            states = self._lanes.forward(slice(0, len(starts)), last, starts)
            self._chooser.choose(self._lanes.logits(states[:, -1]), [seat.line for seat in self._seated])
            done.extend(self._finish())
        return done

    def _encode(self, until_s: float) -> None:
        """Go on with the encoder; windows that it has heard wait for a lane."""
        arrival = self._arriving[0]
        if arrival.encoding is None:
            mel = torch.from_numpy(np.stack([window.mel for window in arrival.windows]))
            arrival.encoding = Encoding(self._model, mel.to(self._model.device, self._dtype))
        while (features := arrival.encoding.advance()) is None:
            if time.monotonic() > until_s:
                return
        self._arriving.pop(0)
        for window, heard in zip(arrival.windows, features, strict=True):
            if window.key not in arrival.released:
                self._waiting.append(_seat(window, heard))

    def _take_seats(self, until_s: float) -> None:
        """Give waiting windows lanes, find out their languages, and choose their first tokens."""
        # neighbours whose prompts are equally long are read in one pass
        length = len(self._waiting[0].window.prompt)
        alike = [seat for seat in self._waiting if len(seat.window.prompt) == length]
        alike = alike[: min(self._count - len(self._seated), max(1, self._step_frames // alike[0].window.mel.shape[1]))]
        for seat in alike:
            if seat.heard is None:
                seat.heard = self._lanes.hear(seat.features)
                if time.monotonic() > until_s:
                    return
        self._waiting = [seat for seat in self._waiting if not any(seat is taken for taken in alike)]
        rows = slice(len(self._seated), len(self._seated) + len(alike))
        for lane, seat in enumerate(alike, start=rows.start):
            assert seat.heard is not None
            self._lanes.listen(lane, seat.heard)
            seat.heard = None
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
                seat.decoded = _report(seat, self._tokenizer.eot)
                done.append(seat.decoded)
        return done

    def _leave(self, lane: int) -> None:
        """Free a lane; the last one moves into its place."""
        last = self._seated.pop()
        if lane < len(self._seated):
            self._lanes.move(len(self._seated), lane)
            self._seated[lane] = last

    def align(self, key: str, tokenizer: Tokenizer, text_tokens: Sequence[int], frames: int) -> None:
        self._aligning[key] = align(self._model, self._reported[key].features, tokenizer, text_tokens, frames)

    def _align(self, until_s: float) -> list[Decoded]:
        """Go on with the alignment that was asked for first."""
        key, slices = next(iter(self._aligning.items()))
        try:
            next(slices)
            while time.monotonic() < until_s:
                next(slices)
        except StopIteration as end:
            del self._aligning[key]
            decoded = self._reported[key].decoded
            assert decoded, "only what was reported is aligned"
            return [replace(decoded, alignment=end.value)]
        return []


def _seat(window: Window, features: Tensor) -> _Seat:
    return _Seat(window, features, Line(TEMPERATURES[window.attempt], window.seed), language=window.language or "")


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
