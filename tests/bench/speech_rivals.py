"""What the speech bench compares with: openai-whisper and faster-whisper, in every way that they offer for many clips.

They get samples that are decoded already, and one clip after another, because that is how they are called. There is one
exception: faster-whisper batches windows of one file, so many clips can be laid end to end as one file with its parts
named. Nobody serves people like that, but it is the best that can be had of it, so it is measured too.
"""

import time
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from faster_whisper import BatchedInferencePipeline, WhisperModel

from inference.audio import SAMPLE_RATE, Waveform
from inference.catalogue import SpeechModel
from inference.engines.speech.backends.weights import load_whisper

BATCH = 8


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of clips that came together."""

    texts: Sequence[str]
    took_s: Sequence[float]  # from the start to the end of each
    steps_s: Sequence[float] = ()  # the engine's: each keeps the device's other work waiting


@dataclass(frozen=True, slots=True)
class Rival:
    """A way to turn clips into text."""

    hear: Callable[[Sequence[Waveform]], Heard]
    one_by_one: bool  # then the first of many clips are done as soon as if they had come alone
    most: int = 32  # clips that it is measured with


def rivals(folder: Path, *, quick: bool) -> Mapping[str, Rival]:
    """Return the ways to do it with the weights in `folder`, all greedy."""
    spec = SpeechModel(name="base", title="", source=str(folder), licence="MIT")
    model = load_whisper(spec, "cpu")
    found = {"openai": Rival(partial(_each, partial(_openai, model)), one_by_one=True)}
    if not quick:
        found["openai_told"] = Rival(partial(_each, partial(_openai, model, language="en")), one_by_one=True, most=8)
    threads = torch.get_num_threads()
    for precision in ("int8",) if quick else ("int8", "float32"):
        faster = WhisperModel(
            str(folder), device="cpu", compute_type=precision, cpu_threads=threads, local_files_only=True
        )
        name = f"faster_{precision}"
        found[name] = Rival(partial(_each, partial(_faster, faster.transcribe)), one_by_one=True)
        found[f"{name}_batched"] = Rival(partial(_joined, BatchedInferencePipeline(faster)), one_by_one=False)
    return found


def long_ways(folder: Path, *, quick: bool) -> Mapping[str, Callable[[Waveform], str]]:
    """Return the ways to turn one long clip into text, all greedy."""
    spec = SpeechModel(name="base", title="", source=str(folder), licence="MIT")
    faster = WhisperModel(
        str(folder), device="cpu", compute_type="int8", cpu_threads=torch.get_num_threads(), local_files_only=True
    )
    batched = BatchedInferencePipeline(faster)
    found: dict[str, Callable[[Waveform], str]] = {
        "faster": partial(_faster, faster.transcribe),
        "faster_batched": partial(_faster, partial(batched.transcribe, batch_size=BATCH)),
    }
    if not quick:
        found["openai"] = partial(_openai, load_whisper(spec, "cpu"))
    return found


def _openai(model: Any, sound: Waveform, **options: Any) -> str:
    text: str = model.transcribe(sound, fp16=False, **options)["text"]
    return text


def _faster(transcribe: Any, sound: Waveform) -> str:
    segments, _ = transcribe(sound, beam_size=1)
    return "".join(segment.text for segment in segments)


def _each(transcribe: Callable[[Waveform], str], sounds: Sequence[Waveform]) -> Heard:
    texts, took_s = [], []
    started_s = time.perf_counter()
    for sound in sounds:
        texts.append(transcribe(sound))
        took_s.append(time.perf_counter() - started_s)
    return Heard(texts, took_s)


def _joined(pipeline: Any, sounds: Sequence[Waveform]) -> Heard:
    """Lay clips end to end and have them batched as parts of one file; a part is there once its segments are."""
    ends = np.cumsum([len(sound) for sound in sounds]) / SAMPLE_RATE
    starts = [0.0, *ends[:-1]]
    parts = [{"start": start, "end": end} for start, end in zip(starts, ends, strict=True)]
    texts, took_s = [""] * len(sounds), [0.0] * len(sounds)
    started_s = time.perf_counter()
    segments, _ = pipeline.transcribe(np.concatenate(sounds), beam_size=1, batch_size=BATCH, clip_timestamps=parts)
    for segment in segments:
        number = bisect_right(starts, segment.start + 0.01) - 1
        texts[number] += segment.text
        took_s[number] = time.perf_counter() - started_s
    return Heard(texts, took_s)
