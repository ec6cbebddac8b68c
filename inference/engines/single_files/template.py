"""The folder that a checkpoint becomes, before there are weights in it: a template, changed by what the file says."""

import json
import shutil
from pathlib import Path
from typing import Any

from inference.engines.single_files.clip_vocabulary import write_vocabulary
from inference.engines.single_files.header import CheckpointHeader
from inference.engines.single_files.kinds import UNET, CheckpointKind, TrainedAs
from inference.errors import ModelUnusable
from inference.families import FAMILIES

COPIED = (".json", ".txt", ".model")  # of a template; weights stay where they are
ZERO_SNR_SCHEDULERS = ("DDIMScheduler", "EulerDiscreteScheduler", "DPMSolverMultistepScheduler")


def lay_out(
    folder: Path, header: CheckpointHeader, kind: CheckpointKind, trained: TrainedAs, *, template: Path | None = None
) -> str:
    """Write a folder without weights, and return its family.

    Args:
        folder: to be made.
        header: of the file that it is made from.
        kind: of that file.
        trained: how it was trained.
        template: a folder in diffusers' layout whose configurations and tokenizers are taken, for architectures that
            are like none of ours.

    Raises:
        ModelUnusable: the template is no folder of a known family.
    """
    source = template or kind.folder
    if not (source / "model_index.json").is_file():
        raise ModelUnusable(f"{source} is no template: it has no model_index.json.")
    for file in source.rglob("*"):
        if file.suffix in COPIED and file.name != "checkpoint.json" and not file.name.endswith(".index.json"):
            place = folder / file.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
    for tokenizer in folder.glob("tokenizer*"):
        if not (tokenizer / "tokenizer.json").exists() and not (tokenizer / "vocab.json").exists():
            write_vocabulary(tokenizer)
    _tell_unet(folder, header, kind, trained, own=template is None)
    _tell_scheduler(folder, trained)
    return _family_of(folder)


def _tell_unet(folder: Path, header: CheckpointHeader, kind: CheckpointKind, trained: TrainedAs, *, own: bool) -> None:
    changes: dict[str, Any] = {}
    first = header.tensors.get(f"{UNET}input_blocks.0.0.weight")
    if first is not None and len(first.shape) == 4:
        changes["in_channels"] = first.shape[1]  # nine in those that draw into a mask
    if own and trained.prediction == "v_prediction":
        changes["sample_size"] = kind.velocity_sample_size
    _edit(folder / "unet" / "config.json", changes)


def _tell_scheduler(folder: Path, trained: TrainedAs) -> None:
    changes: dict[str, Any] = {"prediction_type": trained.prediction} if trained.prediction else {}
    if trained.zero_snr:  # the schedule has to begin at the very noise then
        changes |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
        index = _read(folder / "model_index.json")
        if index["scheduler"][1] not in ZERO_SNR_SCHEDULERS:  # others know no such schedule
            _edit(folder / "model_index.json", {"scheduler": ["diffusers", ZERO_SNR_SCHEDULERS[0]]})
            changes["_class_name"] = ZERO_SNR_SCHEDULERS[0]
    _edit(folder / "scheduler" / "scheduler_config.json", changes)


def _family_of(folder: Path) -> str:
    """Return the family that draws with the folder's pipeline, which is made one for masks if its UNet reads some."""
    pipeline = str(_read(folder / "model_index.json").get("_class_name"))
    unet = _read(folder / "unet" / "config.json")
    for name, traits in FAMILIES.items():
        if pipeline in traits.pipelines:
            masked = pipeline.replace("Pipeline", "InpaintPipeline")
            if unet.get("in_channels") != unet.get("out_channels", 4) and masked in traits.pipelines:
                _edit(folder / "model_index.json", {"_class_name": masked})
            return name
    raise ModelUnusable(f"The template is of {pipeline!r}, which belongs to no family.")


def _read(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ModelUnusable(f"The template's {file.parent.name}/{file.name} is missing or malformed.") from error


def _edit(file: Path, changes: dict[str, Any]) -> None:
    file.write_text(json.dumps(_read(file) | changes, indent=2, sort_keys=True) + "\n", encoding="utf-8")
