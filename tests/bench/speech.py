"""Voice messages on this machine's CPU: the engine against openai-whisper and faster-whisper, same run, same weights.

Whisper base, greedy. Clips of 2 to 7 s of human speech (synthetic where that is not installed) arrive at once, as
files; the others get samples that are decoded already, one clip after another, because that is all they can do with
many people's clips. faster-whisper is measured plain and batched, in float32 and int8, and its best is compared with.

- `wer`: word error rate of the default (int8, short windows); `wer_openai`, `wer_faster` (not with --quick).
- `clips_per_s_1`, `_8`, `_32`, `p95_s_8`, `p95_s_32`: the engine, from admission to its last event.
- `clips_ratio_8_over_openai`, `clips_ratio_8_over_faster`: eight clips at once, clips per second.
- `clips_ratio_8_whole_over_faster`: the same with whole windows, so that batching alone is compared (not with --quick).
- `clips_ratio_8_torch_over_openai`: the PyTorch backend, short windows, float32 (not with --quick).
- `rtf_long`, `rtf_long_faster`: seconds of work for a second of a long clip.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from faster_whisper import BatchedInferencePipeline, WhisperModel

from inference.audio import AudioLimits, Sound
from inference.catalogue import SpeechModel
from inference.engines.speech.engine import SpeechEngine
from inference.engines.speech.models import SpeechModels
from inference.engines.speech.weights import load_whisper
from inference.messages import Finished, Task
from inference.requests import TranscribeRequest
from tests.bench.report import main
from tests.speech_clips import Spoken, human, joined, synthetic, word_error_rate
from tests.speech_weights import weights

LONG_CLIPS = 36  # about three minutes
Transcriber = Callable[[Sound], str]


def measure(quick: bool) -> Mapping[str, float]:
    """Run the bench and return its figures."""
    folder = weights("base")
    spoken = human() or tuple(clip for clip in synthetic() if clip.name.startswith("en"))
    lines = [
        _line("default", folder),
        _line("whole", folder, whole_windows=True),
        _line("torch", folder, family="whisper"),
    ]
    engine = SpeechEngine(SpeechModels(lines, "cpu"), limits=AudioLimits())
    try:
        figures = _ours(engine, spoken, quick)
        openai = partial(_openai, load_whisper(lines[0], "cpu"))
        rivals: dict[str, Transcriber] = {"openai": openai, **_faster(folder, spoken[0], quick)}
        figures |= _theirs(figures, rivals, spoken, quick)
        long = joined(list(islice(cycle(spoken), 8 if quick else LONG_CLIPS)), pause_s=0.3)
        figures |= _long(engine, rivals["faster"], long)
    finally:
        engine.close()
    return figures


def _line(name: str, folder: Path, **said: Any) -> SpeechModel:
    return SpeechModel(name=name, title="", source=str(folder), licence="MIT", **said)


# -- the engine -------------------------------------------------------------------------------------------------------


def _ours(engine: SpeechEngine, spoken: Sequence[Spoken], quick: bool) -> dict[str, float]:
    figures: dict[str, float] = {}
    others = () if quick else ("whole", "torch")
    for model in ("default", *others):
        _at_once(engine, spoken[:1], model)  # loads and warms up
    texts, _ = _at_once(engine, spoken, "default")
    figures["wer"] = word_error_rate([(clip.words, texts[n]) for n, clip in enumerate(spoken)])
    for count in (1, 8) if quick else (1, 8, 32):
        _, took_s = _at_once(engine, list(islice(cycle(spoken), count)), "default")
        figures[f"clips_per_s_{count}"] = count / max(took_s)
        figures[f"p95_s_{count}"] = float(np.quantile(took_s, 0.95))
    for model in others:
        _, took_s = _at_once(engine, list(islice(cycle(spoken), 8)), model)
        figures[f"clips_per_s_8_{model}"] = 8 / max(took_s)
    return figures


def _at_once(engine: SpeechEngine, clips: Sequence[Spoken], model: str) -> tuple[list[str], list[float]]:
    """Transcribe clips that arrive together; return their texts, and when each was done (seconds)."""
    texts, took_s = [""] * len(clips), [0.0] * len(clips)
    started_s = time.perf_counter()
    for number, clip in enumerate(clips):
        request = TranscribeRequest(audio="", duration_s=1800, model=model)
        engine.admit(Task(str(number), 0, request, {"audio": clip.content}))
    while engine.busy():
        for event in engine.step():
            if isinstance(event, Finished):
                texts[int(event.job_id)] = event.summary["text"]
                took_s[int(event.job_id)] = time.perf_counter() - started_s
    return texts, took_s


# -- the others -------------------------------------------------------------------------------------------------------


def _openai(model: Any, sound: Sound) -> str:
    text: str = model.transcribe(sound, fp16=False)["text"]
    return text


def _faster(folder: Path, clip: Spoken, quick: bool) -> dict[str, Transcriber]:
    """Return faster-whisper as it is quickest here."""
    ways: list[Transcriber] = []
    threads = torch.get_num_threads()
    for precision in ("int8",) if quick else ("int8", "float32"):
        model = WhisperModel(
            str(folder), device="cpu", compute_type=precision, cpu_threads=threads, local_files_only=True
        )
        batched = BatchedInferencePipeline(model)
        ways += [partial(_faster_text, model), partial(_faster_text, partial(batched.transcribe, batch_size=8))]
    sound = _samples(clip)
    return {"faster": min(ways, key=lambda way: _seconds(way, [sound, sound]))}


def _faster_text(model: Any, sound: Sound) -> str:
    transcribe = model.transcribe if hasattr(model, "transcribe") else model
    segments, _ = transcribe(sound, beam_size=1)
    return "".join(segment.text for segment in segments)


def _theirs(
    ours: Mapping[str, float], rivals: Mapping[str, Transcriber], spoken: Sequence[Spoken], quick: bool
) -> dict[str, float]:
    figures: dict[str, float] = {}
    clips = list(islice(cycle(spoken), 3 if quick else 8))
    for name, transcribe in rivals.items():
        started_s = time.perf_counter()
        texts = [transcribe(_samples(clip)) for clip in clips]
        figures[f"clips_per_s_{name}"] = len(clips) / (time.perf_counter() - started_s)
        figures[f"clips_ratio_8_over_{name}"] = ours["clips_per_s_8"] / figures[f"clips_per_s_{name}"]
        if not quick:  # over the same clips as ours
            pairs = [(clip.words, text) for clip, text in zip(spoken, texts, strict=False)]
            figures[f"wer_{name}"] = word_error_rate(pairs)
    if quick:
        return figures
    figures["clips_ratio_8_whole_over_faster"] = ours["clips_per_s_8_whole"] / figures["clips_per_s_faster"]
    figures["clips_ratio_8_torch_over_openai"] = ours["clips_per_s_8_torch"] / figures["clips_per_s_openai"]
    return figures


def _samples(clip: Spoken) -> Sound:
    return (clip.samples / 32768).astype(np.float32)


def _seconds(transcribe: Transcriber, sounds: Sequence[Sound]) -> float:
    started_s = time.perf_counter()
    for sound in sounds:
        transcribe(sound)
    return time.perf_counter() - started_s


def _long(engine: SpeechEngine, faster: Transcriber, content: bytes) -> dict[str, float]:
    clip = Spoken("long", "", content)
    samples: Sound = (np.frombuffer(content[44:], np.int16) / 32768).astype(np.float32)
    seconds = len(samples) / 16_000
    _, (took_s,) = _at_once(engine, [clip], "default")
    return {"rtf_long": took_s / seconds, "rtf_long_faster": _seconds(faster, [samples]) / seconds}


if __name__ == "__main__":
    main("speech", __doc__, measure)
