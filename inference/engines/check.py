"""`python -m inference.engines.check [CATALOGUE]`: what the devices and models on this machine are good for.

Prints one JSON object a line: {"what": "device" or "model", "name": …, "good": true or false, "text": …}. The bot's
doctor runs it as a child, because the bot itself never loads torch.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from huggingface_hub import try_to_load_from_cache

from inference.catalogue import DEFAULT_FILE, ImageModel, read_catalogue
from inference.engines.image.models.folders import check_folder
from inference.errors import ModelUnusable


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What was found of one device or model."""

    what: str
    name: str
    good: bool
    text: str


def check_devices() -> Iterator[CheckResult]:
    """Describe every device that torch can compute on."""
    for index in range(torch.cuda.device_count()):
        device = torch.cuda.get_device_properties(index)
        yield CheckResult("device", f"cuda:{index}", True, f"{device.name}, {device.total_memory / 2**30:.0f} GiB")
    yield CheckResult("device", "cpu", True, f"{torch.get_num_threads()} threads, torch {torch.__version__}")


def check_image_model(spec: ImageModel) -> CheckResult:
    """Check a model's files without loading its weights."""
    folder = spec.folder
    if folder is None:
        cached = try_to_load_from_cache(spec.source, "model_index.json", revision=spec.revision)
        if not isinstance(cached, str):
            return CheckResult("model", spec.name, True, "will be downloaded from the hub at its first use")
        folder = Path(cached).parent
    try:
        checked = check_folder(folder, spec.family, root=folder if spec.folder else folder.parents[1])
    except ModelUnusable as error:
        return CheckResult("model", spec.name, False, str(error))
    return CheckResult("model", spec.name, True, f"{checked.weight_bytes / 2**20:,.0f} MiB of safetensors")


def main() -> None:
    """Check everything and print the reports."""
    catalogue = read_catalogue(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_FILE)
    for report in (*check_devices(), *map(check_image_model, catalogue.images)):
        print(json.dumps(asdict(report)), flush=True)


if __name__ == "__main__":
    main()
