"""Look at a speech model's files as the device's backend would load them, without loading them."""

from pathlib import Path

from huggingface_hub import try_to_load_from_cache

from inference.catalogue import SpeechModel
from inference.engines.speech.backends.ctranslate2_file import check_length
from inference.engines.speech.backends.weights import official_name
from inference.engines.speech.models import backend_of
from inference.engines.weight_files import check_safetensors
from inference.errors import ModelUnusable


def check_weights(spec: SpeechModel, device: str) -> str:
    """Say what weights a catalogue entry has on this machine.

    Args:
        spec: the entry.
        device: that is to compute it, 'cpu' or 'cuda:N'.

    Raises:
        ModelUnusable: they are missing, cut off, or something else.
    """
    path = spec.folder or _cached(spec)
    if path is None:
        return "will be downloaded from the hub at its first use"
    if not path.exists():
        raise ModelUnusable(f"its weights are not in {path.resolve()}, so no voice message becomes text")
    if path.suffix == ".pt":
        return f"OpenAI's {official_name(path)}"
    backend = backend_of(spec, path, device)
    size_bytes = _check_ctranslate2(path) if backend == "faster-whisper" else _check_whisper(path)
    return f"{size_bytes / 2**20:,.0f} MiB for {backend}"


def _cached(spec: SpeechModel) -> Path | None:
    name = "model.bin" if spec.family == "faster-whisper" else "model.safetensors"
    found = try_to_load_from_cache(spec.source, name, revision=spec.revision)
    return Path(found).parent if isinstance(found, str) else None


def _check_ctranslate2(folder: Path) -> int:
    _demand(folder, "model.bin")
    if not any((folder / f"vocabulary.{kind}").is_file() for kind in ("json", "txt")):
        raise ModelUnusable(f"{folder} has no vocabulary.json or vocabulary.txt")
    return check_length(folder / "model.bin")


def _check_whisper(folder: Path) -> int:
    _demand(folder, "model.safetensors")
    return check_safetensors(folder / "model.safetensors")


def _demand(folder: Path, name: str) -> None:
    if not (folder / name).is_file():
        raise ModelUnusable(f"{folder} has no {name}")
