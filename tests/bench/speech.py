"""Voice messages on this machine's CPU: the engine against openai-whisper and faster-whisper, same run, same weights.

Whisper base, greedy. Clips of 2 to 7 s of human speech (synthetic where that is not installed) arrive at once, as
files. The others (`speech_rivals.py`) get samples that are decoded already.

The table has a line for each way to do it, with clips per second and the 95th percentile of the time from arrival to
text, at 1, 8 and 32 clips at once. Lines of the engine:

- `ours`: the default, CTranslate2 in int8, short windows for short clips.
- `ours_whole`: the same with windows of half a minute, as the others have them: batching and nothing else.
- `ours_torch`, `ours_torch_whole`: the PyTorch backend in float32, with short and with whole windows.

Figures beside the table's:

- `wer` of the default, `wer_…` of the others: word error rate, over the same clips.
- `clips_ratio_8_over_openai`, `clips_ratio_8_over_faster`: eight at once, the default over openai-whisper and over the
  best of faster-whisper's ways.
- `whole_ratio_8_over_faster`: `ours_whole` over the same; `whole_ratio_8_over_openai`, `…_told`: `ours_torch_whole`
  over openai-whisper, which finds out the language by a pass of its own, and over it told the language.
- `short_windows_gain_8`: `ours` over `ours_whole`: what shorter windows add.
- `step_max_ms_8_…`: for how long a step of the engine kept pictures on the same device waiting at most.
- `rtf_long`, `rtf_long_…`: seconds of work for a second of a clip of three minutes.
"""

import re
import time
from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import ctranslate2  # noqa: F401  # before torch, as in a worker: see `inference/engines/factory.py`
import numpy as np

from inference.audio import SAMPLE_RATE, AudioLimits, Waveform
from inference.catalogue import SpeechModel
from inference.engines.speech.engine import SLOTS, SpeechEngine
from inference.engines.speech.models import SpeechModels
from inference.messages import Finished, Task
from inference.requests import TranscribeRequest
from tests.bench.report import main
from tests.bench.speech_rivals import Heard, Rival, long_ways, rivals
from tests.support.files.speech_clips import Spoken, human, joined, synthetic, word_error_rate
from tests.support.speech_weights import weights

LONG_CLIPS = 36  # about three minutes
COUNTS = (1, 8, 32)  # clips at once
OURS: Mapping[str, Mapping[str, Any]] = {
    "ours": {},
    "ours_whole": {"whole_windows": True},
    "ours_torch": {"family": "whisper"},
    "ours_torch_whole": {"family": "whisper", "whole_windows": True},
}


def measure(quick: bool) -> Mapping[str, float]:
    """Run the bench, print its table, and return its figures."""
    folder = weights("base")
    spoken = human() or tuple(clip for clip in synthetic() if clip.name.startswith("en"))
    names = ["ours"] if quick else list(OURS)
    specs = [SpeechModel(name=name, title="", source=str(folder), licence="MIT", **OURS[name]) for name in names]
    figures: dict[str, float] = {}
    engine = SpeechEngine(SpeechModels(specs, "cpu"), limits=AudioLimits())
    try:
        for name in names:
            print(f"{name} …", flush=True)
            counts = (1, 8) if quick else COUNTS if name == "ours" else (8,)
            figures |= _ours(name, engine, spoken, counts)
        for name, rival in rivals(folder, quick=quick).items():
            print(f"{name} …", flush=True)
            figures |= _theirs(name, rival, spoken, quick=quick)
        print("a long clip …", flush=True)
        figures |= _long(engine, folder, list(islice(cycle(spoken), 5 if quick else LONG_CLIPS)), quick=quick)
    finally:
        engine.close()
    figures |= _ratios(figures)
    _print_table(figures)
    return figures


def _ours(name: str, engine: SpeechEngine, spoken: Sequence[Spoken], counts: Sequence[int]) -> dict[str, float]:
    _at_once(engine, name, spoken[:1])  # loads and warms up
    figures: dict[str, float] = {}
    for count in counts:
        if count == 1:
            took_s = [_at_once(engine, name, [clip]).took_s[0] for clip in spoken]
            figures |= _line(name, 1, took_s, sum(took_s))
        else:
            heard = _at_once(engine, name, list(islice(cycle(spoken), count)))
            figures |= _line(name, count, heard.took_s, max(heard.took_s)) | _wer(name, spoken, heard.texts)
            figures[f"step_max_ms_{count}_{name}"] = 1000 * max(heard.steps_s)
    return figures


def _theirs(name: str, rival: Rival, spoken: Sequence[Spoken], *, quick: bool) -> dict[str, float]:
    sounds = [(clip.samples / 32768).astype(np.float32) for clip in spoken]
    rival.hear(sounds[:1])  # warms up
    if not rival.one_by_one:
        return _theirs_at_once(name, rival, spoken, sounds, counts=(8,) if quick else COUNTS)
    heard = rival.hear(list(islice(cycle(sounds), 3 if quick else rival.most)))
    each_s = np.diff([0.0, *heard.took_s]).tolist()
    figures = _line(name, 1, each_s, sum(each_s)) | ({} if quick else _wer(name, spoken, heard.texts))
    for count in COUNTS[1:]:
        if count <= len(heard.texts):  # the first of them are done as soon as if the others had not come
            figures |= _line(name, count, heard.took_s[:count], heard.took_s[count - 1])
    return figures


def _theirs_at_once(
    name: str, rival: Rival, spoken: Sequence[Spoken], sounds: Sequence[Waveform], counts: Sequence[int]
) -> dict[str, float]:
    figures: dict[str, float] = {}
    for count in counts:
        heard = rival.hear(list(islice(cycle(sounds), count)))
        figures |= _line(name, count, heard.took_s, max(heard.took_s))
    return figures | _wer(name, spoken, heard.texts)


def _line(name: str, count: int, took_s: Sequence[float], total_s: float) -> dict[str, float]:
    return {
        f"clips_per_s_{count}_{name}": len(took_s) / total_s,
        f"p95_s_{count}_{name}": float(np.quantile(took_s, 0.95)),
    }


def _wer(name: str, spoken: Sequence[Spoken], texts: Sequence[str]) -> dict[str, float]:
    pairs = [(clip.words, text) for clip, text in zip(spoken, texts, strict=False)]
    return {"wer" if name == "ours" else f"wer_{name}": word_error_rate(pairs)}


def _at_once(engine: SpeechEngine, model: str, clips: Sequence[Spoken]) -> Heard:
    """Transcribe clips that arrive together."""
    texts, took_s = [""] * len(clips), [0.0] * len(clips)
    started_s = time.perf_counter()
    for number, clip in enumerate(clips):
        request = TranscribeRequest(audio="", duration_s=1800, model=model)
        engine.admit(Task(str(number), 0, request, {"audio": clip.content}))
    steps_s = []
    while engine.free_slots() < SLOTS:
        if not engine.busy():
            time.sleep(0.001)
            continue
        step_s = time.perf_counter()
        events = engine.step()
        steps_s.append(time.perf_counter() - step_s)
        for event in events:
            if isinstance(event, Finished):
                texts[int(event.job_id)] = event.summary["text"]
                took_s[int(event.job_id)] = time.perf_counter() - started_s
    return Heard(texts, took_s, steps_s)


def _long(engine: SpeechEngine, folder: Path, clips: Sequence[Spoken], *, quick: bool) -> dict[str, float]:
    content = joined(clips, pause_s=0.3)
    sound: Waveform = (np.frombuffer(content[44:], np.int16) / 32768).astype(np.float32)
    seconds = len(sound) / SAMPLE_RATE
    words = " ".join(clip.words for clip in clips)
    heard = _at_once(engine, "ours", [Spoken("long", words, content)])
    figures = {"rtf_long": heard.took_s[0] / seconds, "wer_long": word_error_rate([(words, heard.texts[0])])}
    for name, transcribe in long_ways(folder, quick=quick).items():
        started_s = time.perf_counter()
        text = transcribe(sound)
        figures[f"rtf_long_{name}"] = (time.perf_counter() - started_s) / seconds
        figures[f"wer_long_{name}"] = word_error_rate([(words, text)])
    return figures


def _ratios(figures: Mapping[str, float]) -> dict[str, float]:
    def speed(name: str) -> float:
        """With eight at once; one by one it is the same, so that is measured once with --quick."""
        return figures.get(f"clips_per_s_8_{name}", figures.get(f"clips_per_s_1_{name}", 0.0))

    faster = max(speed(name) for name in _names(figures) if name.startswith("faster"))
    ratios = {
        "clips_ratio_8_over_openai": speed("ours") / speed("openai"),
        "clips_ratio_8_over_faster": speed("ours") / faster,
    }
    if "ours_whole" not in _names(figures):
        return ratios
    return ratios | {
        "whole_ratio_8_over_faster": speed("ours_whole") / faster,
        "whole_ratio_8_over_openai": speed("ours_torch_whole") / speed("openai"),
        "whole_ratio_8_over_openai_told": speed("ours_torch_whole") / speed("openai_told"),
        "short_windows_gain_8": speed("ours") / speed("ours_whole"),
    }


def _names(figures: Mapping[str, float]) -> list[str]:
    """Return the lines of the table."""
    found = (re.fullmatch(r"clips_per_s_\d+_(\w+)", key) for key in figures)
    return list(dict.fromkeys(match[1] for match in found if match))


def _print_table(figures: Mapping[str, float]) -> None:
    print(f"\n{'':20}{'clips/s at 1, 8, 32':>24}{'p95 in s at 1, 8, 32':>24}{'wer':>8}")
    for name in _names(figures):
        keys = [f"{what}_{count}_{name}" for what in ("clips_per_s", "p95_s") for count in COUNTS]
        keys.append("wer" if name == "ours" else f"wer_{name}")
        print(f"{name:20}" + "".join(f"{figures[key]:8.3f}" if key in figures else 8 * " " for key in keys))


if __name__ == "__main__":
    main("speech", __doc__, measure)
