"""A single file into a folder: laid out from a template, its weights by diffusers' mapping, then checked like any."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from inference.catalogue import ImageModel
from inference.engines.image.models.folders import check_folder
from inference.engines.image.models.skeletons import build_skeleton
from inference.engines.single_files.header import KEPT, WIDENED, CheckpointHeader, TensorInfo, read_header
from inference.engines.single_files.key_map import ComponentMap, as_written, map_keys
from inference.engines.single_files.kinds import CheckpointKind, Prediction, TrainedAs, kind_of, trained_as
from inference.engines.single_files.template import lay_out
from inference.errors import ModelUnusable

WEIGHTS = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model"}  # of text encoders: 'model'


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """What became of a file."""

    folder: Path
    family: str
    title: str  # of its kind
    trained: TrainedAs
    weight_bytes: int


def convert(
    file: Path,
    target: Path,
    *,
    template: Path | None = None,
    prediction: Prediction | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Converted:
    """Convert a single file into a folder that is not there yet; it appears when all of it is written and checked.

    Args:
        file: a safetensors file with the original key names.
        target: the folder to be made.
        template: a folder whose configurations and tokenizers are taken instead of ours.
        prediction: what its network predicts, where the operator knows better than the file tells.
        progress: is told the name of each component before it is written.

    Raises:
        ModelUnusable: the file is of another format, kind or architecture, or damaged; or the folder is there.
    """
    header = read_header(file)
    kind = kind_of(header)
    trained = trained_as(header, kind, prediction)
    if target.exists():
        raise ModelUnusable(f"{target} is there already. Remove it first, or choose another name.")
    part = target.with_name(f".{target.name}.part")  # of a conversion that ended early
    shutil.rmtree(part, ignore_errors=True)
    try:
        family = _fill(part, header, kind, trained, template=template, progress=progress)
        weight_bytes = check_folder(part, family).weight_bytes
        os.replace(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Converted(folder=target, family=family, title=kind.title, trained=trained, weight_bytes=weight_bytes)


def _fill(
    folder: Path,
    header: CheckpointHeader,
    kind: CheckpointKind,
    trained: TrainedAs,
    *,
    template: Path | None,
    progress: Callable[[str], None],
) -> str:
    """Write a folder with all its weights, and return its family."""
    folder.mkdir(parents=True)
    family = lay_out(folder, header, kind, trained, template=template)
    networks = component_networks(folder, family)
    for component in map_keys(header, kind, networks):
        progress(component.name)
        _write(folder, header, component, networks[component.name])
    return family


def component_networks(folder: Path, family: str) -> dict[str, nn.Module]:
    """Return the components that a laid-out folder describes, with shapes and no numbers."""
    checked = check_folder(folder, family, weights=False)
    sizes = {"width_px": 512, "height_px": 512, "side_max_px": 512}  # of no importance here
    few = {"steps": 1, "steps_max": 1, "guidance": 1.0}
    names = {"name": "imported", "title": "imported", "licence": "unknown", "source": str(folder.resolve())}
    spec = ImageModel.model_validate({**names, **sizes, **few, "family": family})
    model = build_skeleton(spec, checked, torch.float32)
    encoders = [part.name for part in checked.parts if part.name.startswith("text_encoder")]
    return {"unet": model.core, "vae": model.vae, **dict(zip(encoders, model.text_encoders, strict=True))}


def _write(folder: Path, header: CheckpointHeader, component: ComponentMap, network: nn.Module) -> None:
    """Write one component's weights, in the precision of the file."""
    with safe_open(header.file, "pt") as tensors:
        found = {key: _read(tensors.get_tensor, header.tensors[key], header.file) for key in component.keys}
        weights = {as_written(component.name, name): weight for name, weight in component.convert(found).items()}
        _check_shapes(component.name, weights, network)
        name = WEIGHTS.get(component.name, "model")
        contiguous = {name: weight.contiguous() for name, weight in weights.items()}
        save_file(contiguous, folder / component.name / f"{name}.safetensors", metadata={"format": "pt"})


def _read(tensor_of: Callable[[str], Tensor], info: TensorInfo, file: Path) -> Tensor:
    if info.dtype not in KEPT | WIDENED:
        raise ModelUnusable(f"{file.name}: {info.name} is stored as {info.dtype}. It is quantised; convert it before.")
    tensor = tensor_of(info.name)
    if info.dtype in WIDENED:
        tensor = tensor.to(torch.float32 if info.dtype == "F64" else torch.float16)
    if not torch.isfinite(tensor).all():
        raise ModelUnusable(f"{file.name}: {info.name} has numbers that are not finite. The file is damaged.")
    return tensor


def _check_shapes(component: str, weights: Mapping[str, Tensor], network: nn.Module) -> None:
    for name, wanted in network.state_dict().items():
        if name.endswith("position_ids"):
            continue
        weight = weights[as_written(component, name)]
        if weight.shape != wanted.shape:
            raise ModelUnusable(
                f"{component}'s {name} has the shape {list(weight.shape)}, not {list(wanted.shape)}: "
                "the file is of another architecture, and needs a template of its own."
            )
