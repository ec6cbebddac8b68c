"""The speech models in memory, each loaded when the first clip asks for it."""

import math
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import torch

from inference.catalogue import SpeechModel
from inference.engines.speech.backends.backend import SpeechBackend
from inference.engines.speech.backends.weights import load_whisper, locate
from inference.errors import UnknownModel


@dataclass(frozen=True, slots=True)
class BatchSizes:
    """How much is computed at once on one kind of device."""

    lanes: int  # windows decoded together
    tokens: int  # per step: so that a step takes no longer than a denoising step
    encoder_frames: int  # in one run of the encoder
    step_s: float = math.inf  # a step does no more once it has taken so long: pictures wait for it


CPU = BatchSizes(lanes=8, tokens=4, encoder_frames=3000, step_s=0.1)
GPU = BatchSizes(lanes=32, tokens=16, encoder_frames=48_000)
LANES_BYTES = 2 << 30  # 25 lanes of large-v3-turbo, 3 of large-v3


@dataclass(frozen=True, slots=True)
class LoadedSpeechModel:
    """A model in memory."""

    backend: SpeechBackend
    sizes: BatchSizes
    whole_windows: bool


def load_speech_model(
    spec: SpeechModel, device: str, building: AbstractContextManager[Any], threads: int
) -> LoadedSpeechModel:
    """Load a catalogue entry's model.

    Args:
        spec: the entry.
        device: 'cpu' or 'cuda:N'.
        building: held while a network is built.
        threads: for computing on the CPU.

    Raises:
        ModelUnusable: its weights cannot be loaded.
    """
    sizes = CPU if device == "cpu" else GPU
    folder = locate(spec)
    backend: SpeechBackend
    if backend_of(spec, folder, device) == "faster-whisper":
        from inference.engines.speech.backends.faster_backend import FasterBackend, load_faster

        model = load_faster(spec, folder, device, threads)
        backend = FasterBackend(model, batch=sizes.lanes)
    else:
        from inference.engines.speech.backends.whisper_backend import WhisperBackend

        with building:
            network = load_whisper(spec, device)
        backend = WhisperBackend(
            network,
            lanes=sizes.lanes,
            tokens_per_step=sizes.tokens,
            step_frames=sizes.encoder_frames,
            step_s=sizes.step_s,
            lanes_bytes=LANES_BYTES,
        )
    return LoadedSpeechModel(backend, sizes, spec.whole_windows)


def backend_of(
    spec: SpeechModel, folder: Path, device: str, *, installed: Callable[[str], object | None] = find_spec
) -> Literal["whisper", "faster-whisper"]:
    """Choose a backend: as the catalogue says, else CTranslate2 on a CPU where it and its file are there.

    Args:
        spec: the model's catalogue entry.
        folder: its files.
        device: 'cpu' or 'cuda:N'.
        installed: finds a package by name; tests bring their own.
    """
    if spec.family != "auto":
        return spec.family
    can_be_faster = device == "cpu" and (folder / "model.bin").exists() and installed("ctranslate2")
    return "faster-whisper" if can_be_faster else "whisper"


ModelLoader = Callable[[SpeechModel, str, AbstractContextManager[Any], int], LoadedSpeechModel]


class SpeechModels:
    """Finds models by name. Safe to ask from several threads."""

    def __init__(
        self,
        specs: Sequence[SpeechModel],
        device: str,
        *,
        building: AbstractContextManager[Any] | None = None,
        load: ModelLoader = load_speech_model,
    ) -> None:
        """Know the catalogue's speech models.

        Args:
            specs: the models.
            device: 'cpu' or 'cuda:N'.
            building: held while a network is built, where others build some in the same process (`ModelCache`'s).
            load: tests bring their own.
        """
        self._specs = {spec.name: spec for spec in specs}
        self._device = device
        self._building = building or nullcontext()
        self._load = load
        self._threads = torch.get_num_threads()  # of the thread that computes; those that load have one each
        self._lock = threading.Lock()
        self._loaded: dict[str, LoadedSpeechModel] = {}

    def find(self, name: str) -> LoadedSpeechModel:
        """Return a model, loading it first where that is needed.

        Raises:
            UnknownModel: the catalogue has no such speech model.
            ModelUnusable: its weights cannot be loaded.
        """
        with self._lock:
            if name not in self._loaded:
                if name not in self._specs:
                    raise UnknownModel
                self._loaded[name] = self._load(self._specs[name], self._device, self._building, self._threads)
            return self._loaded[name]

    def use(self, specs: Sequence[SpeechModel]) -> None:
        """Find these models from now on; who has one keeps it."""
        with self._lock:
            new = {spec.name: spec for spec in specs}
            self._loaded = {name: one for name, one in self._loaded.items() if self._specs[name] == new.get(name)}
            self._specs = new

    def resident(self) -> tuple[str, ...]:
        """Return the names of the models in memory."""
        return tuple(self._loaded)
