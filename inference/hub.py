"""The model hub: which files of a repository are fetched, fetching them, and what can go wrong in a sentence. No torch.

Downloads go on where they stopped, and what was fetched is kept in the hub's own cache; `huggingface_hub` does both.
"""

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils._paths import filter_repo_objects

from inference.catalogue import AnyModel, CheckerModel, ImageModel, SpeechModel, UpscaleModel
from inference.errors import ModelUnusable
from inference.families import FAMILIES

HubModel = AnyModel | CheckerModel
PICTURE_FILES = ("*.json", "*.txt", "*.model", "model*.safetensors", "diffusion*")  # of a component's folder
WEIGHTS = (".safetensors", ".bin", ".pt")
VARIANTS = ("*.fp16.*", "*.bin", "*.non_ema.*", "*.msgpack", "*.onnx*", "*.pb")
SPEECH_FILES = {
    "faster-whisper": ("config.json", "model.bin", "preprocessor_config.json", "tokenizer.json", "vocabulary.*"),
    "whisper": ("config.json", "generation_config.json", "model.safetensors"),
}
CHECKER_FILES = ("config.json", "preprocessor_config.json", "model*.safetensors*")


@dataclass(frozen=True, slots=True)
class WantedFiles:
    """Patterns of the files that are fetched."""

    allow: tuple[str, ...]
    ignore: tuple[str, ...] = ()

    def among(self, files: Iterator[str]) -> list[str]:
        """Return those files that are fetched."""
        return list(filter_repo_objects(files, allow_patterns=list(self.allow), ignore_patterns=list(self.ignore)))


def wanted_files(spec: HubModel) -> WantedFiles:
    """Return what is fetched of a model's repository: JSON and safetensors, and nothing that could run code."""
    match spec:
        case ImageModel():
            return wanted_pictures(spec.family)
        case SpeechModel():
            return WantedFiles(SPEECH_FILES["whisper" if spec.family == "auto" else spec.family])
        case UpscaleModel():
            return WantedFiles((spec.file,))
        case CheckerModel():
            return WantedFiles(CHECKER_FILES)


def wanted_pictures(family: str) -> WantedFiles:
    """Return what is fetched of a picture model of a family."""
    components = FAMILIES[family].components
    folders = (*components, "scheduler") if components else ("*",)
    files = [f"{folder}/{name}" for folder in folders for name in PICTURE_FILES]
    return WantedFiles(("model_index.json", *files), VARIANTS)


def fetch(spec: HubModel) -> Path:
    """Download what a pinned hub model needs into the hub's cache, and return the folder of that revision.

    Raises:
        ModelUnusable: it cannot be had.
    """
    wanted = wanted_files(spec)
    try:
        folder = huggingface_hub.snapshot_download(
            spec.source,
            revision=spec.revision,
            allow_patterns=list(wanted.allow),
            ignore_patterns=list(wanted.ignore) or None,
        )
    except Exception as error:  # the hub's client raises whatever its transport raises
        raise ModelUnusable(f"{spec.source} could not be downloaded: {explain(error, spec.source)}") from error
    return Path(folder)


def cached_folder(spec: HubModel) -> Path | None:
    """Return the folder of a hub model's revision in the cache, whole or not; None: none of its weights are there."""
    folder = cache_of(spec) / "snapshots" / spec.revision
    return folder if any(file.suffix in WEIGHTS for file in folder.glob("**/*")) else None


def cache_of(spec: HubModel) -> Path:
    """Return the folder in which the hub's client keeps a repository."""
    return Path(constants.HF_HUB_CACHE) / f"models--{spec.source.replace('/', '--')}"


def explain(error: BaseException, source: str) -> str:
    """Say what went wrong with the hub, and what to do about it."""
    causes = list(_causes(error))
    for failure, said in _SENTENCES.items():
        if any(isinstance(cause, failure) for cause in causes):
            return said.format(source=source)
    if any(isinstance(cause, OSError) and cause.errno == errno.ENOSPC for cause in causes):
        return "the disk is full."
    if "Consistency check failed" in str(error):
        return "a file came in another size than the hub says. It was thrown away, and the rest is kept: try again."
    kind = type(causes[-1]).__name__
    return f"the hub can't be reached, or stopped answering ({kind}). What was fetched is kept: try again."


# in this order: a gated repository is one that is not found, too
_SENTENCES: dict[type[BaseException], str] = {
    GatedRepoError: "{source} is gated. Accept its terms on its page, and put a token of that account into HF_TOKEN.",
    RepositoryNotFoundError: "the hub has no {source}: it was removed or renamed, or it is private and needs HF_TOKEN.",
    RevisionNotFoundError: "{source} has no such revision, or not any more. `atelier models add` finds the newest.",
    HFValidationError: "'{source}' is no hub id, which is owner/name.",
}


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__
