"""Where every key of a checkpoint goes, by diffusers' own mapping: nothing is left out unsaid.

The mapping is run on probes first: numbers in place of tensors, each another one, so that what comes out says where it
came from. What no component takes, and what a component lacks, is known before a byte of the weights is read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace

import torch
from diffusers.loaders.single_file_utils import (
    convert_ldm_clip_checkpoint,
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
    convert_open_clip_checkpoint,
)
from torch import Tensor, nn

from inference.engines.single_files.header import CheckpointHeader, TensorInfo
from inference.engines.single_files.kinds import UNET, CheckpointKind
from inference.errors import ModelUnusable

VAE = "first_stage_model."
SHOWN = 5  # keys that a message names
# What checkpoints have besides their networks: schedules, what only training needed, and copies.
LEFT_OUT_ENDS = (".position_ids", ".logit_scale", ".attn_mask")
LEFT_OUT_STARTS = ("model_ema.", f"{VAE}loss.", "cond_stage_model.model.transformer.resblocks.23.")
LEFT_OUT = frozenset(
    {
        *("v_pred", "ztsnr", "global_step", "logvar", "scale_factor", "denoiser.sigmas"),
        *("betas", "alphas_cumprod", "alphas_cumprod_prev", "sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod"),
        *("log_one_minus_alphas_cumprod", "sqrt_recip_alphas_cumprod", "sqrt_recipm1_alphas_cumprod", "lvlb_weights"),
        *("posterior_variance", "posterior_log_variance_clipped", "posterior_mean_coef1", "posterior_mean_coef2"),
        "cond_stage_model.model.text_projection",  # Stable Diffusion 2 reads states, nothing projected
    }
)
Mapped = dict[str, Tensor]
Convert = Callable[[Mapping[str, Tensor]], Mapped]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentMap:
    """How one component comes out of a checkpoint."""

    name: str  # the component's folder
    prefix: str  # of its keys in the file
    convert: Convert  # diffusers' function, with what it needs to know
    keys: tuple[str, ...] = field(default=())  # of the file, which it takes


def map_keys(header: CheckpointHeader, kind: CheckpointKind, networks: Mapping[str, nn.Module]) -> list[ComponentMap]:
    """Return how each component comes out of a file.

    Args:
        header: the file's.
        kind: of it.
        networks: the components as they have to become, with shapes and no numbers.

    Raises:
        ModelUnusable: the file has keys that nothing takes, lacks some, or has some of another shape; it names them.
    """
    maps = [_mapped(one, header, networks[one.name]) for one in _components(kind, networks)]
    taken = {key for one in maps for key in one.keys}
    if unknown := sorted(name for name in header.tensors if name not in taken and not _is_left_out(name)):
        raise ModelUnusable(
            f"{header.file.name} has {_named(unknown)}, which {kind.title} does not have. Nothing was converted."
        )
    return maps


def _components(kind: CheckpointKind, networks: Mapping[str, nn.Module]) -> list[ComponentMap]:
    unet, vae = networks["unet"].config, networks["vae"].config  # of diffusers' own mapping functions
    maps = [
        ComponentMap(name="unet", prefix=UNET, convert=lambda found: convert_ldm_unet_checkpoint(found, unet)),
        ComponentMap(name="vae", prefix=VAE, convert=lambda found: convert_ldm_vae_checkpoint(found, vae)),
    ]
    for name, prefix in kind.text_encoders.items():
        if prefix.endswith(".transformer."):
            convert: Convert = convert_ldm_clip_checkpoint
        else:
            convert = _open_clip(prefix)
        maps.append(ComponentMap(name=name, prefix=prefix, convert=convert))
    return maps


def _open_clip(prefix: str) -> Convert:
    def convert(found: Mapping[str, Tensor]) -> Mapped:
        width = found[f"{prefix}ln_final.weight"].shape[0]  # where there is no projection to read it from
        model = SimpleNamespace(config=SimpleNamespace(hidden_size=width))
        return dict(convert_open_clip_checkpoint(model, found, prefix=prefix))

    return convert


def _mapped(component: ComponentMap, header: CheckpointHeader, network: nn.Module) -> ComponentMap:
    """Run the mapping on probes, and compare with what the network has."""
    names = [name for name in header.tensors if name.startswith(component.prefix) and not _is_left_out(name)]
    try:
        found = component.convert({name: _probe(number, header.tensors[name]) for number, name in enumerate(names)})
    except (KeyError, IndexError, AttributeError, RuntimeError) as error:
        raise ModelUnusable(f"{header.file.name} lacks keys of its {component.name}, such as {error}.") from error
    sources = {_plain(name): names[int(probe.flatten()[0])] for name, probe in found.items()}
    wanted = {_plain(name): tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    wanted = {name: shape for name, shape in wanted.items() if not name.endswith("position_ids")}
    if missing := sorted(wanted.keys() - sources.keys()):
        raise ModelUnusable(f"{header.file.name} lacks {_named(missing)} of its {component.name}.")
    for name, shape in wanted.items():
        _compare(component.name, name, shape, header, header.tensors[sources[name]])
    keys = tuple(sorted({sources[name] for name in wanted}))
    return ComponentMap(name=component.name, prefix=component.prefix, convert=component.convert, keys=keys)


def _probe(number: int, info: TensorInfo) -> Tensor:
    """Return a tensor of as many axes that holds a number, three times where a mapping makes three parts of it."""
    shape = [1] * len(info.shape)
    if ".in_proj_" in info.name:
        shape[0] = 3
    return torch.full(shape, float(number), dtype=torch.float64)


def _compare(component: str, name: str, shape: tuple[int, ...], header: CheckpointHeader, info: TensorInfo) -> None:
    """Refuse a weight of other sides than the template's network has, before it is read."""
    has = tuple(side for side in info.shape if side != 1)
    wants = tuple(side for side in shape if side != 1)
    if ".in_proj_" in info.name and has:
        has = (has[0] // 3, *has[1:])
    if sorted(has) != sorted(wants):  # projections are turned over, and convolutions of one pixel are matrices
        raise ModelUnusable(
            f"{header.file.name}: {info.name} has the shape {list(info.shape)}, and {component}'s {name} "
            f"{list(shape)}. It is of another architecture; one like it needs a template of its own."
        )


def _plain(name: str) -> str:
    """Return a text encoder's name without the wrapper that some versions of transformers have."""
    return name.removeprefix("text_model.")


def _is_left_out(name: str) -> bool:
    return name in LEFT_OUT or name.startswith(LEFT_OUT_STARTS) or name.endswith(LEFT_OUT_ENDS)


def _named(names: list[str]) -> str:
    shown = ", ".join(name[:100] for name in names[:SHOWN])
    count = f"{len(names)} key{'s' * (len(names) != 1)}"
    return f"{count}: {shown}{' …' if len(names) > SHOWN else ''}"


def as_written(component: str, name: str) -> str:
    """Return the name that a folder's file has for a weight: of text encoders that of all programs, wrapped."""
    if not component.startswith("text_encoder") or name.startswith(("text_model.", "text_projection.")):
        return name
    return f"text_model.{name}"
