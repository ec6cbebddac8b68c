"""The catalogue's LoRAs, read from their files at run time."""

import hashlib
import re

import safetensors.torch
from safetensors import SafetensorError

from inference.engines.image.adapters.header import LORA_MAX_BYTES, read_file_header
from inference.engines.image.adapters.reading import autov3_of_file, digest_of, read_layers, size_bytes
from inference.engines.image.adapters.weights import Adapter
from inference.engines.image.families.loaded_model import LoadedModel
from inference.errors import AdapterRejected
from inference.loras import LoraModel

SOURCE_AUTOV3 = "source_autov3"  # in a converted file's metadata: the hash by which others know what it was made from
_HASH = re.compile(r"[0-9a-f]{12}")


def read_lora(lora: LoraModel, model: LoadedModel) -> Adapter:
    """Check a LoRA of the catalogue against the model that it is used with, and bring it onto the device.

    Raises:
        AdapterRejected: its file is gone, another than it was, malformed, or for another model.
    """
    header = read_file_header(lora.path, most_bytes=LORA_MAX_BYTES)
    try:
        with lora.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        tensors = safetensors.torch.load_file(lora.path)
    except (SafetensorError, OSError, ValueError, RuntimeError, KeyError) as error:
        raise AdapterRejected(f"The style {lora.name} can't be read: {error}") from error
    if lora.sha256 and digest != lora.sha256:
        raise AdapterRejected(f"The style {lora.name} has another file than it was added with.")
    components = read_layers(tensors, header.settings, model)
    kept = header.metadata.get(SOURCE_AUTOV3, "")
    autov3 = kept if _HASH.fullmatch(kept) else autov3_of_file(lora.path)
    return Adapter(digest_of(digest.encode()), components, size_bytes(components), autov3)
