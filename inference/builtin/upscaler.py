"""The upscaler: a compact network that makes 512 px of the model's 128, trained on artwork drawn at both sizes.

Most of what it is shown went through the autoencoder first, as all that the model draws does. It begins as the best
linear interpolation of 3 x 3 pixels, found by least squares, and learns from there what interpolation cannot do: begun
at random, 1,000 steps left it 2 dB below Lanczos, with stairs along every edge.
"""

from __future__ import annotations

import copy
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

from inference.builtin.artwork import Drawing
from inference.builtin.autoencoder import as_floats, held_out
from inference.builtin.checkpoint import RecipeCheckpoint, average, generator
from inference.engines.compact_network import CompactNetwork, read_compact
from inference.errors import ModelUnusable

SCALE = 4
FILE = "upscaler.safetensors"
MARGIN_PX = 5
HELD_OUT_VENDOR = "twemoji"  # beside the emoji that the autoencoder never saw


@dataclass(frozen=True, slots=True, kw_only=True)
class UpscalerPlan:
    """How long and how the upscaler is trained."""

    pictures: int = 1100  # drawn by lot; each takes 1 MB of memory
    width: int = 24
    depth: int = 6
    steps: int = 5200
    batch: int = 16
    patch_px: int = 32  # of the small picture
    rate: float = 2e-3
    warmup: int = 100
    cooldown: float = 0.5  # share of the steps, at the end, over which the rate falls to zero
    decoded_share: float = 0.7  # of patches that went through the autoencoder
    latent_noise: float = 0.12  # the most noise that is added to their latents
    edge_weight: float = 0.7  # of differences between neighbours in the loss
    soft_weight: float = 0.05  # of edges that are softer than the artwork's: what is unsure comes out as an average
    decay: float = 0.998
    seed: int = 8
    save_every_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pictures in both sizes: uint8, N x 3 x 128 x 128 and N x 3 x 512 x 512."""

    large: torch.Tensor
    small: torch.Tensor  # the large ones, reduced
    decoded: torch.Tensor  # the small ones, as the autoencoder gives them back


def is_held_out(drawing: Drawing) -> bool:
    """Tell whether the upscaler never sees a drawing."""
    return drawing.vendor == HELD_OUT_VENDOR or held_out(drawing.code)


@torch.no_grad()
def make_pairs(large: torch.Tensor, autoencoder: AutoencoderTiny, plan: UpscalerPlan) -> Pairs:
    """Reduce large pictures, and send the small ones through the autoencoder under slight noise."""
    small, decoded, source = [], [], generator(plan.seed, 0)
    for part in torch.split(large, 16):
        small.append(F.interpolate(part.float(), scale_factor=1 / SCALE, mode="area").round().to(torch.uint8))
        latents = autoencoder.encode(as_floats(small[-1])).latents
        strength = torch.rand(len(latents), 1, 1, 1, generator=source) * plan.latent_noise
        latents = latents + torch.randn(latents.shape, generator=source) * strength
        shown = autoencoder.decode(latents).sample.clamp(-1, 1)
        decoded.append(((shown + 1) * 127.5).round().to(torch.uint8).contiguous())
    return Pairs(large, torch.cat(small), torch.cat(decoded))


def train(plan: UpscalerPlan, pairs: Pairs, folder: Path) -> CompactNetwork:
    """Train the upscaler, or go on training it; return its averaged weights. It is small: a CPU's core is enough.

    Args:
        plan: how long and how.
        pairs: what it is shown.
        folder: where the checkpoint is kept.
    """
    torch.manual_seed(plan.seed)
    network = CompactNetwork(width=plan.width, depth=plan.depth, scale=SCALE)
    begin_linear(network, pairs, plan.seed)
    ema = copy.deepcopy(network).requires_grad_(False)
    optimiser = torch.optim.AdamW(network.parameters(), lr=plan.rate, weight_decay=0.0)
    checkpoint = RecipeCheckpoint(folder, {"model": network, "ema": ema}, optimiser)
    begun = checkpoint.restore()
    saved_s, running = time.monotonic(), 0.0
    for step in range(begun, plan.steps):
        left = (plan.steps - step) / (plan.cooldown * plan.steps)
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * min(1.0, (step + 1) / plan.warmup, left)
        loss = step_loss(plan, network, pairs, step)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimiser.step()
        average(ema, network, min(plan.decay, (step + 1) / (step + 10)))
        running += (loss.item() - running) * max(0.01, 1 / (step - begun + 1))
        if step % 250 == 249:
            print(f"upscaler step {step + 1}/{plan.steps} loss {running:.4f}", flush=True)
        if time.monotonic() - saved_s > plan.save_every_s or step + 1 == plan.steps:
            checkpoint.save(step + 1)
            saved_s = time.monotonic()
    return ema.eval()


def step_loss(plan: UpscalerPlan, network: CompactNetwork, pairs: Pairs, step: int) -> torch.Tensor:
    """Return a network's loss on the patches of a step."""
    small, large, counts = _batch(plan, pairs, step)
    shown = network(small)
    return _loss(shown - large, counts, plan.edge_weight) + plan.soft_weight * _softness(shown, large, counts)


def open_written(folder: Path) -> CompactNetwork:
    """Return the network that `write` wrote, in float32.

    Raises:
        ModelUnusable: it is another one.
    """
    network = read_compact(load_file(folder / FILE))
    if network is None:
        raise ModelUnusable(f"{folder / FILE} holds no compact network.")
    return network


def write(network: CompactNetwork, folder: Path) -> None:
    """Write the network to `folder` in float16."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {key: value.half().contiguous() for key, value in network.state_dict().items()}
    save_file(weights, folder / FILE, metadata={"format": "pt"})


@torch.no_grad()
def begin_linear(network: CompactNetwork, pairs: Pairs, seed: int) -> None:
    """Make a network the best linear interpolation: three channels pass through, and the last layer enlarges them."""
    convolutions = [layer for layer in network.body if isinstance(layer, nn.Conv2d)]
    for layer in network.body:
        if isinstance(layer, nn.PReLU):
            layer.weight[:3] = 1.0  # no bend
    for layer in convolutions:
        assert layer.bias is not None
        if layer is convolutions[-1]:
            layer.weight.zero_()
            layer.bias.zero_()
        else:
            layer.weight[:3], layer.bias[:3] = 0.0, 0.0
            layer.weight[torch.arange(3), torch.arange(3), 1, 1] = 1.0
    last, each = convolutions[-1], network.scale**2
    kernels = _interpolation(pairs, network.scale, seed)
    for channel in range(3):
        last.weight[channel * each : (channel + 1) * each, channel] = kernels


def lanczos(small: torch.Tensor) -> torch.Tensor:
    """Enlarge uint8 pictures (N x 3 x H x W) by Lanczos, as pictures are enlarged without a network: floats, 0 … 1."""
    enlarged = []
    for picture in small:
        image = Image.fromarray(picture.permute(1, 2, 0).numpy())
        image = image.resize((SCALE * image.width, SCALE * image.height), Image.Resampling.LANCZOS)
        enlarged.append(torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255)
    return torch.stack(enlarged)


def _interpolation(pairs: Pairs, scale: int, seed: int) -> torch.Tensor:
    """Return what 3 x 3 pixels add to their nearest neighbour: scale² kernels, by least squares."""
    rows, wanted = [], []
    for index in torch.randperm(len(pairs.small), generator=generator(seed, 1))[:60].tolist():
        small, large = (one[index : index + 1].float().transpose(0, 1) / 255 for one in (pairs.small, pairs.large))
        around = F.unfold(small, 3).transpose(1, 2).reshape(-1, 9)
        there = F.pixel_unshuffle(large, scale)[..., 1:-1, 1:-1].flatten(2).transpose(1, 2).reshape(-1, scale**2)
        edges = around.std(1) > 0.01
        rows.append(around[edges])
        wanted.append((there - around[:, 4:5])[edges])
    kernels: torch.Tensor = torch.linalg.lstsq(torch.cat(rows), torch.cat(wanted)).solution
    return kernels.T.reshape(scale**2, 3, 3)


def _batch(plan: UpscalerPlan, pairs: Pairs, step: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return a step's patches, small and large (floats, 0 … 1, colours swapped, mirrored), and which pixels count."""
    rng = random.Random(plan.seed * 1_000_003 + step)
    side = plan.patch_px
    small: list[torch.Tensor] = []
    large: list[torch.Tensor] = []
    counts: list[torch.Tensor] = []
    while len(small) < plan.batch:
        index = rng.randrange(len(pairs.large))
        left, top = (rng.randrange(pairs.small.shape[3] - side + 1) for _ in range(2))
        source = pairs.decoded if rng.random() < plan.decoded_share else pairs.small
        patch = source[index, :, top : top + side, left : left + side]
        if patch.float().std() < 4 and rng.random() < 0.95:  # plain colour teaches little
            continue
        whole = pairs.large[index, :, SCALE * top : SCALE * (top + side), SCALE * left : SCALE * (left + side)]
        order = rng.sample(range(3), 3)
        whole, patch, inner = whole[order], patch[order], _inner(pairs.small.shape[3], side, left, top)
        if rng.random() < 0.5:
            patch, whole, inner = patch.flip(2), whole.flip(2), inner.flip(2)
        small.append(patch)
        large.append(whole)
        counts.append(inner)
    return torch.stack(small).float() / 255, torch.stack(large).float() / 255, torch.stack(counts)


def _inner(picture_px: int, side: int, left: int, top: int) -> torch.Tensor:
    """Return 1 for the pixels of a large patch (1 x H x W), and 0 near its sides that are no sides of the picture.

    There the network sees nothing where the picture goes on. At a picture's own sides it has to do with that.
    """
    inner, margin = torch.ones(1, SCALE * side, SCALE * side), SCALE * MARGIN_PX
    if left > 0:
        inner[:, :, :margin] = 0
    if left + side < picture_px:
        inner[:, :, -margin:] = 0
    if top > 0:
        inner[:, :margin] = 0
    if top + side < picture_px:
        inner[:, -margin:] = 0
    return inner


def _loss(difference: torch.Tensor, counts: torch.Tensor, edge_weight: float) -> torch.Tensor:
    across = (difference.diff(dim=3).abs() * counts[..., 1:]).mean()
    down = (difference.diff(dim=2).abs() * counts[..., 1:, :]).mean()
    return (difference.abs() * counts).mean() + 2 * (difference.pow(2) * counts).mean() + edge_weight * (across + down)


def _softness(shown: torch.Tensor, large: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Return by how much the edges of each patch are weaker than the artwork's, as a share, on average."""
    return F.relu(0.95 - _edges(shown, counts) / _edges(large, counts)).mean()


def _edges(pictures: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Return how strong a patch's edges are: the root of the mean square of differences between neighbours.

    They are averages of 3 x 3 pixels, so that single bright pixels along an edge are no edge.
    """
    smooth, inside = F.avg_pool2d(pictures, 3, stride=1), counts[..., 1:-1, 1:-1]
    across = (smooth.diff(dim=3).square() * inside[..., 1:]).mean(dim=(1, 2, 3))
    down = (smooth.diff(dim=2).square() * inside[..., 1:, :]).mean(dim=(1, 2, 3))
    return (across + down + 1e-6).sqrt()
