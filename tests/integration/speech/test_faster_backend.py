"""CTranslate2 behind our interface, with real weights: as many tokens as whisper's own, no lots, and nobody waits."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.catalogue import SpeechModel
from inference.decoders.sounds import decode
from inference.engines.speech.backends.backend import DecodedWindow, Mel, Window, tokenizer_for
from inference.engines.speech.backends.faster_backend import FasterBackend, load_faster
from inference.engines.speech.mel import log_mel, mel_window
from tests.support.files.speech_clips import synthetic

EOT = 50257


@pytest.fixture(scope="module")
def model(base: Path) -> Any:
    spec = SpeechModel(name="base", title="", source=str(base), licence="MIT")
    return load_faster(spec, base, "cpu", 1)


@pytest.fixture(scope="module")
def sound() -> Mel:
    """Half a minute in which somebody speaks."""
    samples = np.concatenate([decode(clip.content, 60.0) for clip in synthetic()[:4]])
    mel = log_mel(samples, 80)
    return mel_window(mel, 0, content=min(3000, mel.shape[1]), frames=3000, fill=0.0)


def noise(seed: int) -> Mel:
    return np.random.default_rng(seed).standard_normal((80, 500), dtype=np.float32)


def heard(backend: FasterBackend, *windows: Window) -> dict[str, DecodedWindow]:
    backend.begin(windows)
    done: dict[str, DecodedWindow] = {}
    while len(done) < len(windows):
        for decoded in advanced(backend):
            done[decoded.key] = decoded
            backend.release(decoded.key)
    return done


def advanced(backend: FasterBackend) -> list[DecodedWindow]:
    """Go on once there is something to go on with."""
    while not backend.busy():
        time.sleep(0.001)
    return backend.advance()


def window(key: str, mel: Mel, **more: Any) -> Window:
    return Window(key=key, mel=mel, language="en", **more)


@pytest.mark.parametrize(("prompt", "length"), [(0, 224), (30, 224), (223, 222)])
def test_a_window_may_be_as_long_as_in_the_reference(model: Any, sound: Mel, prompt: int, length: int) -> None:
    endless = FasterBackend(model, batch=8, never=[EOT])
    found = heard(endless, window("dense", sound, prompt=(1000,) * prompt))["dense"]
    assert len(found.tokens) == length


@pytest.fixture(scope="module")
def doubtful(model: Any) -> Callable[[int], DecodedWindow]:
    """Return what gives the text of a window in doubt at an attempt, by a backend that has decoded nothing before."""
    return cache(lambda attempt: heard(FasterBackend(model, batch=8), in_doubt(attempt))["doubtful"])


def in_doubt(attempt: int) -> Window:
    return window("doubtful", noise(1), attempt=attempt, seed=5)


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_window_in_doubt_is_decoded_to_the_same_text_whatever_came_before(
    model: Any, doubtful: Callable[[int], DecodedWindow], attempt: int
) -> None:
    others = [window(f"other {seed}", noise(seed), attempt=attempt, seed=seed) for seed in (2, 3)]
    later = FasterBackend(model, batch=8)
    heard(later, *others)
    assert heard(later, in_doubt(attempt))["doubtful"].tokens == doubtful(attempt).tokens


def test_attempts_are_different_ways_to_search(model: Any, doubtful: Callable[[int], DecodedWindow]) -> None:
    count = FasterBackend(model, batch=8).attempts.count
    assert len({doubtful(each).tokens for each in range(count)}) == count


class Held:
    """A model whose calls wait until they may go on."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.gate = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def encode(self, *given: Any, **more: Any) -> Any:
        return self._held(self._model.encode, given, more)

    def generate(self, *given: Any, **more: Any) -> Any:
        return self._held(self._model.generate, given, more)

    def align(self, *given: Any, **more: Any) -> Any:
        return self._held(self._model.align, given, more)

    def _held(self, call: Callable[..., Any], given: Sequence[Any], more: dict[str, Any]) -> Any:
        assert self.gate.wait(60)
        return call(*given, **more)


def test_no_step_waits_for_a_call(model: Any, sound: Mel) -> None:
    held = Held(model)
    backend = FasterBackend(held, batch=8)
    backend.begin([window("a", sound), window("b", sound)])
    assert [backend.advance() for _ in range(5)] == [[]] * 5  # the encoder has not even begun
    assert not backend.busy()  # and so nobody asks
    assert backend.free() == 6
    backend.release("b")
    held.gate.set()
    (found,) = reported(backend)
    assert found.key == "a"
    held.gate.clear()
    tokenizer = tokenizer_for(backend, "en")
    backend.align("a", tokenizer, [token for token in found.tokens if token < EOT], 3000)
    assert [backend.advance() for _ in range(5)] == [[]] * 5
    assert not backend.busy()
    assert backend.free() == 7
    held.gate.set()
    (timed,) = reported(backend)
    assert timed.alignment
    assert replace(timed, alignment=None) == found
    backend.release("a")
    assert backend.free() == 8


def reported(backend: FasterBackend) -> list[DecodedWindow]:
    while not (found := advanced(backend)):
        pass
    return found
