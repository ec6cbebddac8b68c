"""Weight files as they lie on the disk: whether one is whole, before anything of it is loaded. No torch."""

import json
from pathlib import Path

from inference.errors import ModelUnusable

HEADER_MAX_BYTES = 64 << 20  # safetensors' own cap is 100 MB; SDXL's UNet has 0.2 MB


def check_safetensors(file: Path) -> int:
    """Check that a safetensors file's header is what its length says, and return the file's size in bytes.

    Raises:
        ModelUnusable: it is another kind of file, malformed, or cut off.
    """
    size_bytes = file.stat().st_size
    with file.open("rb") as stream:
        header_bytes = int.from_bytes(stream.read(8), "little")
        if size_bytes < 8 or not 2 <= header_bytes <= min(HEADER_MAX_BYTES, size_bytes - 8):
            raise ModelUnusable(f"{file.name} in {file.parent.name} is not a safetensors file.")
        try:
            header = json.loads(stream.read(header_bytes))
            end = max((entry["data_offsets"][1] for key, entry in header.items() if key != "__metadata__"), default=0)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
            raise ModelUnusable(f"{file.name} in {file.parent.name} has a malformed header.") from error
    if end != size_bytes - 8 - header_bytes:
        raise ModelUnusable(f"{file.name} in {file.parent.name} is cut off or padded.")
    return size_bytes


def stored_dtypes(file: Path) -> set[str]:
    """Return the precisions of a checked file's floating point numbers, as its header calls them, such as 'BF16'."""
    with file.open("rb") as stream:
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    dtypes = {str(entry["dtype"]) for key, entry in header.items() if key != "__metadata__"}
    return {dtype for dtype in dtypes if dtype.startswith(("F", "BF"))}
