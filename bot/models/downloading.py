"""Weights downloaded into the hub's cache so that they go on where they stopped, also after the program has ended.

The hub's own client throws an unfinished file away when it gives up, and weights are gigabytes. What is finished lies
where that client looks for it, and links to it are its own.
"""

import fcntl
import hashlib
import os
from pathlib import Path

import huggingface_hub
from huggingface_hub.file_download import get_hf_file_metadata, http_get
from huggingface_hub.utils._headers import build_hf_headers

from inference.errors import ModelUnusable
from inference.hub import WEIGHTS, HubModel, cache_of, explain

SHA256_DIGITS = 64  # etags of large files are their digests


def download_weights(spec: HubModel, names: list[str]) -> None:
    """Download what is not there yet of some files, with a progress bar.

    Args:
        spec: a pinned hub model.
        names: of files in its repository; those that are no weights are passed over.

    Raises:
        ModelUnusable: one cannot be had, or came otherwise than the hub says; an unfinished one is kept.
    """
    for name in names:
        if not name.endswith(WEIGHTS):
            continue
        try:
            _download(spec, name)
        except ModelUnusable:
            raise
        except Exception as error:  # the hub's client raises whatever its transport raises
            raise ModelUnusable(f"{spec.source} could not be downloaded: {explain(error, spec.source)}") from error


def _download(spec: HubModel, name: str) -> None:
    url = huggingface_hub.hf_hub_url(spec.source, name, revision=spec.revision)
    told = get_hf_file_metadata(url)
    if not told.etag or told.size is None or Path(told.etag).name != told.etag:
        return  # the client does what it can
    blobs = cache_of(spec) / "blobs"
    blob, part = blobs / told.etag, blobs / f"{told.etag}.part"
    if blob.exists():
        return
    blobs.mkdir(parents=True, exist_ok=True)
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ModelUnusable(f"{spec.name}: another program is downloading {name} just now.") from error
        if part.stat().st_size > told.size:
            file.truncate(0)
        begun_bytes = part.stat().st_size
        options = {"expected_size": told.size, "displayed_filename": name}
        try:
            http_get(url, file, resume_size=begun_bytes, headers=build_hf_headers(), **options)  # type: ignore[arg-type]
        except OSError as error:
            if "Consistency check failed" in str(error):  # it goes on behind its end otherwise
                part.unlink()
            raise
        file.flush()
        _check(spec, name, part, told.etag)
        os.replace(part, blob)


def _check(spec: HubModel, name: str, part: Path, etag: str) -> None:
    """Compare a finished file with its digest, where the hub says that."""
    if len(etag) != SHA256_DIGITS:
        return
    with part.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != etag:
        part.unlink()
        raise ModelUnusable(f"{spec.name}: {name} came damaged: its SHA-256 differs. It was thrown away: try again.")
