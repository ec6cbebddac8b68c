"""A repository of the hub, as far as it can be seen without downloading its weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import huggingface_hub
from huggingface_hub import constants

from inference.errors import ModelUnusable
from inference.hub import WantedFiles, explain

SMALL = ("model_index.json", "unet/config.json", "vae/config.json")  # what an entry is proposed from


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """What the hub says of a repository at one commit."""

    source: str  # owner/name
    commit: str  # all 40 digits
    licence: str  # as its card says; empty: it says none
    sizes: Mapping[str, int]  # bytes of each file

    @property
    def page(self) -> str:
        """Where people read about it."""
        return f"{constants.ENDPOINT}/{self.source}"

    def size_of(self, wanted: WantedFiles) -> int:
        """Return the bytes of what would be fetched.

        Raises:
            ModelUnusable: there are no weights among it.
        """
        files = wanted.among(iter(self.sizes))
        if not any(name.endswith((".safetensors", ".bin")) for name in files):
            pickled = any(name.endswith((".bin", ".ckpt", ".pt")) for name in self.sizes)
            why = "only pickled weights, which are never opened" if pickled else "no weights that can be read"
            raise ModelUnusable(f"{self.source} has {why}.")
        return sum(self.sizes[name] for name in files)

    def read_small(self) -> Path:
        """Fetch the configurations that an entry is proposed from, and return their folder.

        Raises:
            ModelUnusable: they cannot be had.
        """
        try:
            files = [
                huggingface_hub.hf_hub_download(self.source, name, revision=self.commit)
                for name in SMALL
                if name in self.sizes
            ]
        except Exception as error:  # the hub's client raises whatever its transport raises
            raise ModelUnusable(f"{self.source} could not be read: {explain(error, self.source)}") from error
        return Path(files[0]).parent


def look_up(source: str, revision: str = "") -> Repository:
    """Ask the hub about a repository.

    Args:
        source: owner/name.
        revision: a branch, tag or commit; empty: its main branch.

    Raises:
        ModelUnusable: it is not there, gated, or the hub cannot be reached.
    """
    try:
        found = huggingface_hub.HfApi().model_info(source, revision=revision or None, files_metadata=True)
    except Exception as error:  # as above
        raise ModelUnusable(f"{source} could not be looked up: {explain(error, source)}") from error
    card = found.card_data
    licence = (card.get("license_name") or card.get("license") or "") if card else ""
    sizes = {file.rfilename: file.size or 0 for file in found.siblings or ()}
    return Repository(source=source, commit=str(found.sha), licence=str(licence), sizes=sizes)
