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
    DecodedWindow,
    Window,
    prompt_tokens,
    tokenizer_for,
)
from inference.engines.speech.backends.lanes import CrossAttention, LaneDecoder, LayeredEncoder, lane_bytes
from inference.engines.speech.backends.sampling import LaneState, TokenSampler

TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # of the attempts at a window: whisper's defaults, as the next
_TRUSTED_TEMPERATURE_MAX = 0.5  # text decoded hotter than this is no prompt for the next window


@dataclass(slots=True)
class _DecodeSlot:
    """A window and where its decoding stands."""

    window: Window
    features: Tensor
    state: LaneState
    cross: CrossAttention | None = None  # made of the features, while it waits for a lane
    language: str = ""
    language_probability: float = 1.0
    start: list[int] = field(default_factory=list)  # the prompt's tokens
    no_speech: float = 0.0
    decoded: DecodedWindow | None = None


@dataclass(slots=True)
class _EncoderBatch:
    """Windows of one length on their way through the encoder."""

    windows: list[Window]
    encoding: LayeredEncoder | None = None
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

        Args:
            model: the network, on its device.
            lanes: how many windows are decoded together, at most.
            tokens_per_step: how many tokens `advance` decodes of each, at most.
            step_frames: how many frames of sound it gives to lanes, at most.
            step_s: after so long it does no more.
            lanes_bytes: what the lanes may take of the device's memory; fewer are made where it is not enough.
            never: tokens that are never picked, besides those that whisper rules out; a bench forces a length with it.
        """
        self.n_mels = model.dims.n_mels
        self.tokens_max = model.dims.n_text_ctx // 2
        self.multilingual = model.is_multilingual
        self.languages = model.num_languages
        self._model = model
        self._dtype = model.encoder.conv1.weight.dtype
        self._count = max(1, min(lanes, lanes_bytes // lane_bytes(model.dims, self._dtype)))
        self._decoder = LaneDecoder(model, self._count, self._dtype)
        self._tokens_per_step = tokens_per_step
        self._step_frames, self._step_s = step_frames, step_s
        self._tokenizer = tokenizer_for(self, None)
        self._sampler = TokenSampler(self._tokenizer, model.device, never)
        self._arriving: list[_EncoderBatch] = []
        self._waiting: list[_DecodeSlot] = []  # encoded, about to take a lane
        self._slots: list[_DecodeSlot] = []  # by lane
        self._reported: dict[str, _DecodeSlot] = {}
        self._aligning: dict[str, Generator[None, None, Alignment]] = {}  # of those

    def free(self) -> int:
        """Return how many more windows may be begun now."""
        arriving = sum(len(encoder_batch.windows) for encoder_batch in self._arriving)
        return self._count - arriving - len(self._slots) - len(self._waiting) - len(self._reported)

    def busy(self) -> bool:
        """Return whether `advance` would do anything now."""
        return bool(self._arriving or self._waiting or self._slots or self._aligning)

    def begin(self, windows: Sequence[Window]) -> None:
        """Take windows in, to be encoded as `advance` is called."""
        for frames in sorted({window.mel.shape[1] for window in windows}):
            self._arriving.append(_EncoderBatch([window for window in windows if window.mel.shape[1] == frames]))

    def retry(self, key: str, attempt: int, seed: int) -> None:
        """Decode a reported window anew, in the way of another attempt."""
        slot = self._reported.pop(key)
        slot.state = LaneState(TEMPERATURES[attempt], seed)
        self._waiting.append(slot)

    def release(self, key: str) -> None:
        """Forget a window, wherever it is."""
        self._reported.pop(key, None)
        self._aligning.pop(key, None)
        for encoder_batch in self._arriving:
            encoder_batch.released.update(window.key for window in encoder_batch.windows if window.key == key)
        self._waiting = [slot for slot in self._waiting if slot.window.key != key]
        for lane, slot in enumerate(self._slots):
            if slot.window.key == key:
                self._leave(lane)
                return

    @torch.inference_mode()
    def advance(self) -> list[DecodedWindow]:
        """Go on for a short while, and return the windows that are done."""
        until_s = time.monotonic() + self._step_s
        if self._aligning:
            return self._align(until_s)
        if self._arriving:
            self._encode(until_s)
            return []
        if self._waiting and len(self._slots) < self._count:
            self._fill_slots(until_s)
            return []
        done: list[DecodedWindow] = []
        for number in range(self._tokens_per_step):
            if not self._slots or (number and time.monotonic() > until_s):
                break
            last = torch.tensor([[slot.state.tokens[-1]] for slot in self._slots], device=self._model.device)
            starts = [len(slot.start) + len(slot.state.tokens) - 1 for slot in self._slots]
            states = self._decoder.forward(slice(0, len(starts)), last, starts)
            self._sampler.sample(self._decoder.logits(states[:, -1]), [slot.state for slot in self._slots])
            done.extend(self._finish())
        return done

    def _encode(self, until_s: float) -> None:
        """Go on with the encoder; windows that it has encoded wait for a lane."""
        encoder_batch = self._arriving[0]
        if encoder_batch.encoding is None:
            mel = torch.from_numpy(np.stack([window.mel for window in encoder_batch.windows]))
            encoder_batch.encoding = LayeredEncoder(self._model, mel.to(self._model.device, self._dtype))
        while (features := encoder_batch.encoding.advance()) is None:
            if time.monotonic() > until_s:
                return
        self._arriving.pop(0)
        for window, encoded in zip(encoder_batch.windows, features, strict=True):
            if window.key not in encoder_batch.released:
                self._waiting.append(_new_slot(window, encoded))

    def _fill_slots(self, until_s: float) -> None:
        """Give waiting windows lanes, find out their languages, and pick their first tokens."""
        # neighbours whose prompts are equally long are read in one pass
        length = len(self._waiting[0].window.prompt)
        alike = [slot for slot in self._waiting if len(slot.window.prompt) == length]
        alike = alike[: min(self._count - len(self._slots), max(1, self._step_frames // alike[0].window.mel.shape[1]))]
        for slot in alike:
            if slot.cross is None:
                slot.cross = self._decoder.cross_attention(slot.features)
                if time.monotonic() > until_s:
                    return
        self._waiting = [slot for slot in self._waiting if not any(slot is taken for taken in alike)]
        rows = slice(len(self._slots), len(self._slots) + len(alike))
        for lane, slot in enumerate(alike, start=rows.start):
            assert slot.cross is not None
            self._decoder.set_sound(lane, slot.cross)
            slot.cross = None
        self._detect(rows, [slot for slot in alike if not slot.language], alike)
        self._prompt(rows, alike)
        self._slots.extend(alike)

    def _detect(self, rows: slice, unknown: Sequence[_DecodeSlot], alike: Sequence[_DecodeSlot]) -> None:
        if not unknown:
            return
        if not self.multilingual:
            for slot in unknown:
                slot.language = "en"
            return
        tokenizer = self._tokenizer
        tokens = torch.full((len(alike), 1), tokenizer.sot, device=self._model.device)
        logits = self._decoder.logits(self._decoder.forward(rows, tokens, [0] * len(alike))[:, 0])
        odds = logits[:, list(tokenizer.all_language_tokens)].softmax(-1)
        best = odds.max(-1)
        for slot, index, probability in zip(alike, best.indices.tolist(), best.values.tolist(), strict=True):
            if not slot.language:
                slot.language = tokenizer.all_language_codes[index]
                slot.language_probability = probability

    def _prompt(self, rows: slice, slots: Sequence[_DecodeSlot]) -> None:
        for slot in slots:
            tokenizer = tokenizer_for(self, slot.language, translate=slot.window.translate)
            slot.start = prompt_tokens(tokenizer, slot.window.prompt, self.tokens_max)
        tokens = torch.tensor([slot.start for slot in slots], device=self._model.device)
        states = self._decoder.forward(rows, tokens, [0] * len(slots))
        at_start = self._decoder.logits(states[:, slots[0].start.index(self._tokenizer.sot)]).softmax(-1)
        for slot, probability in zip(slots, at_start[:, self._tokenizer.no_speech].tolist(), strict=True):
            slot.no_speech = probability
        self._sampler.sample(self._decoder.logits(states[:, -1]), [slot.state for slot in slots])

    def _finish(self) -> list[DecodedWindow]:
        """Take the windows that have ended out of their lanes."""
        done = []
        context = self._model.dims.n_text_ctx
        for lane in reversed(range(len(self._slots))):
            slot = self._slots[lane]
            tokens = slot.state.tokens
            if (
                tokens[-1] == self._tokenizer.eot
                or len(tokens) >= self.tokens_max
                or len(slot.start) + len(tokens) > context
            ):
                self._leave(lane)
                self._reported[slot.window.key] = slot
                slot.decoded = _report(slot, self._tokenizer.eot)
                done.append(slot.decoded)
        return done

    def _leave(self, lane: int) -> None:
        """Free a lane; the last one moves into its place."""
        last = self._slots.pop()
        if lane < len(self._slots):
            self._decoder.move(len(self._slots), lane)
            self._slots[lane] = last

    def align(self, key: str, tokenizer: Tokenizer, text_tokens: Sequence[int], frames: int) -> None:
        """Find when the text tokens of a reported window were spoken; it is reported once more, with its alignment.

        Args:
            key: the window's.
            tokenizer: of its language and task.
            text_tokens: its tokens without timestamps.
            frames: how many of its frames belong to the clip.
        """
        self._aligning[key] = align(self._model, self._reported[key].features, tokenizer, text_tokens, frames)

    def _align(self, until_s: float) -> list[DecodedWindow]:
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


def _new_slot(window: Window, features: Tensor) -> _DecodeSlot:
    return _DecodeSlot(
        window, features, LaneState(TEMPERATURES[window.attempt], window.seed), language=window.language or ""
    )


def _report(slot: _DecodeSlot, eot: int) -> DecodedWindow:
    *text, last = slot.state.tokens
    tokens = tuple(text if last == eot else slot.state.tokens)
    return DecodedWindow(
        key=slot.window.key,
        tokens=tokens,
        mean_logprob=slot.state.logprob / (len(tokens) + 1),
        no_speech=slot.no_speech,
        language=slot.language,
        language_probability=slot.language_probability,
    )
