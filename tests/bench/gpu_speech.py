"""Speech on a GPU: our lanes against openai-whisper one by one, on large-v3-turbo's architecture with random weights.

Every window is decoded to the same forced length (random weights never say that they are done, and speed does not
depend on what is said). Both sides use the same half-precision model and the same spectrograms.

- `openai_clips_per_s`: `whisper.decode`, one window after another.
- `atelier_clips_per_s_1`, `_8`, `_32`: so many windows at once. `ratio_8`, `ratio_32`: over openai's.
- `atelier_short_clips_per_s_32`: the same with windows of ten seconds, as clips of up to seven seconds get.
- `step_p95_ms_32`: how long a step of the engine blocks the device's other work. `peak_gb_32`: memory.
"""

import time
from collections.abc import Mapping

import numpy as np
import torch
import whisper
from whisper.model import ModelDimensions, Whisper
from whisper.tokenizer import get_tokenizer

from inference.engines.speech.backends.backend import Mel, Window
from inference.engines.speech.backends.weights import to_device
from inference.engines.speech.backends.whisper_backend import WhisperBackend
from inference.engines.speech.models import CPU, GPU

TURBO = ModelDimensions(
    n_mels=128,
    n_audio_ctx=1500,
    n_audio_state=1280,
    n_audio_head=20,
    n_audio_layer=32,
    n_vocab=51866,
    n_text_ctx=448,
    n_text_state=1280,
    n_text_head=20,
    n_text_layer=4,
)
TINY = ModelDimensions(
    n_mels=128,
    n_audio_ctx=60,
    n_audio_state=32,
    n_audio_head=2,
    n_audio_layer=1,
    n_vocab=51866,
    n_text_ctx=32,
    n_text_state=32,
    n_text_head=2,
    n_text_layer=1,
)
LENGTH = 48  # tokens of a window: about ten seconds of speech


def measure(*, quick: bool, device: str, tiny: bool) -> Mapping[str, float]:
    """Run the bench and return its figures."""
    torch.manual_seed(0)
    with torch.device(device):
        model = to_device(Whisper(TINY if tiny else TURBO), device)
    torch.nn.init.normal_(model.decoder.positional_embedding, std=0.02)  # whisper leaves it as memory was
    length = min(LENGTH, model.dims.n_text_ctx // 2)
    rounds = 1 if quick else 3
    frames = 2 * model.dims.n_audio_ctx
    figures: dict[str, float] = {}
    openai_s = _openai_s(model, length, windows=2 if tiny else 4 * rounds)
    figures["openai_clips_per_s"] = 1 / openai_s
    for count in (1, 8, 32):
        seconds, steps_s = _atelier(model, length, count, frames=frames, rounds=rounds)
        figures[f"atelier_clips_per_s_{count}"] = count / seconds
        figures[f"ratio_{count}"] = openai_s * count / seconds
    figures["step_p95_ms_32"] = 1000 * float(np.quantile(steps_s, 0.95))
    seconds, _ = _atelier(model, length, 32, frames=frames // 3, rounds=rounds)
    figures["atelier_short_clips_per_s_32"] = 32 / seconds
    if device.startswith("cuda"):
        figures["peak_gb_32"] = torch.cuda.max_memory_allocated() / 2**30
    return figures


def _mel(model: Whisper, seed: int, frames: int) -> Mel:
    return np.random.default_rng(seed).standard_normal((model.dims.n_mels, frames), dtype=np.float32)


def _openai_s(model: Whisper, length: int, windows: int) -> float:
    """Return the seconds that openai-whisper takes for a window."""
    tokenizer = get_tokenizer(True, num_languages=model.num_languages)
    options = whisper.DecodingOptions(
        language="en", fp16=model.device.type == "cuda", sample_len=length, suppress_tokens=[-1, tokenizer.eot]
    )
    mels = [torch.from_numpy(_mel(model, seed, 2 * model.dims.n_audio_ctx)).to(model.device) for seed in range(windows)]
    whisper.decode(model, mels[0], options)
    started_s = _now(model)
    for mel in mels:
        whisper.decode(model, mel, options)
    return (_now(model) - started_s) / windows


def _atelier(model: Whisper, length: int, count: int, *, frames: int, rounds: int) -> tuple[float, list[float]]:
    """Return the seconds that our lanes take for `count` windows at once, and the seconds of each step."""
    sizes = CPU if model.device.type == "cpu" else GPU
    tokenizer = get_tokenizer(True, num_languages=model.num_languages)
    backend = WhisperBackend(model, lanes=32, tokens_per_step=sizes.tokens, never=(tokenizer.eot,))
    backend.tokens_max = length
    windows = [Window(key=str(seed), mel=_mel(model, seed, frames), language="en") for seed in range(count)]
    batch = max(1, sizes.encoder_frames // frames)
    taken_s: list[float] = []
    steps_s: list[float] = []
    for _ in range(1 + rounds):  # the first warms up
        waiting, done = list(windows), 0
        started_s = _now(model)
        steps_s = []
        while done < count:
            step_s = _now(model)
            if waiting:
                backend.begin(waiting[:batch])
                del waiting[:batch]
            else:
                for decoded in backend.advance():
                    backend.release(decoded.key)
                    done += 1
            steps_s.append(_now(model) - step_s)
        taken_s.append(_now(model) - started_s)
    return min(taken_s[1:]), steps_s


def _now(model: Whisper) -> float:
    if model.device.type == "cuda":
        torch.cuda.synchronize(model.device)
    return time.perf_counter()
