"""A LoRA file's header: its size, tensors and settings, checked before anything behind it is read."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from inference.errors import AdapterRejected

MAX_TENSORS = 8192
HEADER_MAX_BYTES = 4 << 20
DTYPES = frozenset({"F32", "F16", "BF16"})
SCALARS = DTYPES | {"I64", "I32", "F64"}  # that other trainers write a scale in
LORA_MAX_BYTES = 1 << 30  # of LoRAs from elsewhere: rank 128 on all of SDXL's layers is about 850 MB


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before a file's tensors."""

    names: frozenset[str]  # of its tensors
    metadata: Mapping[str, str]  # what its maker wrote beside them

    @property
    def settings(self) -> Mapping[str, Any]:
        """The LoRA settings that diffusers writes; none where there are none.

        Raises:
            AdapterRejected: they are malformed.
        """
        try:
            settings = json.loads(self.metadata.get("lora_adapter_metadata", "{}"))
        except (ValueError, TypeError, RecursionError) as error:
            raise AdapterRejected("The adapter's header is malformed.") from error
        if not isinstance(settings, dict):
            raise AdapterRejected("The adapter's settings are malformed.")
        return settings


def read_header(file: BinaryIO, size_bytes: int, *, most_bytes: int, scalars: Collection[str] = DTYPES) -> Header:
    """Check sizes, count and types of a safetensors file by its header alone.

    Args:
        file: the file, at its beginning; no more than the header is read.
        size_bytes: of the whole file.
        most_bytes: that it may have.
        scalars: types of number that a tensor of one number may be of.

    Raises:
        AdapterRejected: it is no safetensors file, or one that no LoRA would be.
    """
    if size_bytes > most_bytes:
        raise AdapterRejected(f"The adapter has {size_bytes >> 20} MB; {most_bytes >> 20} MB is the most.")
    header_bytes = int.from_bytes(file.read(8), "little")
    if size_bytes < 10 or header_bytes > min(HEADER_MAX_BYTES, size_bytes - 8):
        raise AdapterRejected("The adapter is not a safetensors file.")
    try:
        header = json.loads(file.read(header_bytes))
        metadata = dict(header.pop("__metadata__", {}))
        types = {
            entry["dtype"]
            for entry in header.values()
            if entry["dtype"] not in scalars or entry["shape"] not in ([], [1])
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise AdapterRejected("The adapter's header is malformed.") from error
    if not header or len(header) > MAX_TENSORS:
        raise AdapterRejected(f"The adapter has {len(header)} tensors; 1 to {MAX_TENSORS} are expected.")
    if not types <= DTYPES:
        raise AdapterRejected(f"The adapter has numbers of an unexpected type: {', '.join(map(str, types - DTYPES))}.")
    return Header(frozenset(header), metadata)


def read_file_header(path: Path, *, most_bytes: int, scalars: Collection[str] = DTYPES) -> Header:
    """Check a file on the disk; the rest is as for `read_header`.

    Raises:
        AdapterRejected: it cannot be read, or `read_header` refuses it.
    """
    try:
        with path.open("rb") as file:
            return read_header(file, path.stat().st_size, most_bytes=most_bytes, scalars=scalars)
    except OSError as error:
        raise AdapterRejected(f"The adapter can't be read: {error.strerror}.") from error
