"""Training the decoder: from the computed latents back to pictures, with noise such as the denoiser leaves.

In the second part a discriminator of patches rewards crisp edges, where plain differences would blur them. Once there
is a denoiser, a second run trains the decoder on what that draws, too (`redrawn.py`).
"""

from __future__ import annotations

import copy
import random
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from torch import nn

from inference.builtin.artwork import PICTURE_PX, Drawing
from inference.builtin.autoencoder import as_floats, build, held_out, psnr_db, swap_colours
from inference.builtin.checkpoint import RecipeCheckpoint, average, generator
from inference.builtin.pictures import save_sheet
from inference.builtin.precision import mixed_precision
from inference.builtin.scenes import SceneMaker


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderPlan:
    """How long and how the decoder is trained."""

    steps: int = 4300
    batch: int = 12
    rate: float = 1e-3
    cooldown: float = 0.4  # share of the steps, at the end, over which the rate falls to zero
    discriminator_from: float = 0.6  # share of the steps after which the discriminator counts
    discriminator_weight: float = 0.03
    scenes_share: float = 0.35  # of pictures that are scenes: things small, in twos, in places
    nouns_share: float = 0.75  # of pictures that show nouns of the vocabulary, which are most of what will be decoded
    latent_noise: float = 0.12  # the most noise that is added to latents
    redrawn_share: float = 0.0  # of each batch that is redrawn by the denoiser, not artwork
    decay: float = 0.998
    seed: int = 4
    save_every_s: float = 300.0


def train(
    plan: DecoderPlan,
    start: AutoencoderTiny,
    drawings: list[Drawing],
    pictures: torch.Tensor,
    nouns: frozenset[str],
    scene_maker: SceneMaker,
    folder: Path,
    device: str,
    redrawn: tuple[torch.Tensor, torch.Tensor] | None = None,
) -> None:
    """Train a decoder, or go on training it; the checkpoint holds the whole autoencoder.

    Args:
        plan: how long and how.
        start: the autoencoder to begin with, its encoder computed.
        drawings: what each picture is.
        pictures: uint8, N x 3 x 128 x 128.
        nouns: codes of the emoji that are shown more often.
        scene_maker: makes scenes, which are shown as well.
        folder: where the checkpoint is kept.
        device: a torch device.
        redrawn: what the denoiser redrew, if anything: its latents, and the uint8 pictures that they should decode to.
    """
    may_see = [i for i, drawing in enumerate(drawings) if not held_out(drawing.code)]
    seen, weights = pictures[may_see], _weights([drawings[i].code in nouns for i in may_see], plan.nouns_share)
    unseen = as_floats(pictures[[i for i, drawing in enumerate(drawings) if held_out(drawing.code)]][::7][:32])
    model = copy.deepcopy(start).to(device)
    model.encoder.requires_grad_(False)
    model.decoder.requires_grad_(True)
    ema = copy.deepcopy(model).requires_grad_(False)
    discriminator = _discriminator().to(device)
    optimiser = torch.optim.AdamW(
        [*model.decoder.parameters(), *discriminator.parameters()], lr=plan.rate, weight_decay=1e-3, betas=(0.5, 0.99)
    )
    checkpoint = RecipeCheckpoint(folder, {"model": model, "ema": ema, "critic": discriminator}, optimiser)
    begun = checkpoint.restore()
    saved_s = started_s = time.monotonic()
    running = 0.0
    for step in range(begun, plan.steps):
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * min(1.0, (step + 1) / 50, (plan.steps - step) / (plan.cooldown * plan.steps))
        optimiser.zero_grad(set_to_none=True)
        chosen = torch.multinomial(weights, plan.batch, replacement=True, generator=generator(plan.seed + 1, step))
        shown = _some_scenes(seen[chosen], scene_maker, plan.scenes_share, random.Random(plan.seed * 1_000_003 + step))
        loss = _training_step(model, discriminator, shown, _some_redrawn(redrawn, plan, step), plan, step, device)
        nn.utils.clip_grad_norm_(model.decoder.parameters(), 1.0)
        optimiser.step()
        average(ema, model, min(plan.decay, (step + 1) / (step + 10)))
        running += (loss - running) * max(0.02, 1 / (step - begun + 1))
        if step % 50 == 49:
            pace = (step + 1 - begun) / (time.monotonic() - started_s)
            print(f"decoder step {step + 1}/{plan.steps} loss {running:.4f} {pace:.2f} steps/s", flush=True)
        if time.monotonic() - saved_s > plan.save_every_s or step + 1 == plan.steps:
            checkpoint.save(step + 1)
            with torch.no_grad():
                decoded = ema.decode(ema.encode(unseen.to(device)).latents).sample.cpu()
            print(f"decoder psnr {psnr_db(decoded, unseen):.2f} dB on artwork it never saw", flush=True)
            save_sheet(torch.stack([unseen, decoded], 1).flatten(0, 1), folder / "decoder.png", columns=8)
            saved_s = time.monotonic()


def reopen(exported: AutoencoderTiny, folder: Path) -> None:
    """Make a checkpoint at step 0 in `folder` from an exported autoencoder, with an untrained discriminator."""
    modules = {"model": exported, "ema": copy.deepcopy(exported), "critic": _discriminator()}
    RecipeCheckpoint(folder, modules, torch.optim.AdamW(exported.parameters())).save(0)


def restore(folder: Path) -> AutoencoderTiny:
    """Return the autoencoder of the checkpoint in `folder`, with its averaged decoder."""
    model = build()
    ema, discriminator = copy.deepcopy(model), _discriminator()
    optimiser = torch.optim.AdamW([*model.decoder.parameters(), *discriminator.parameters()])
    RecipeCheckpoint(folder, {"model": model, "ema": ema, "critic": discriminator}, optimiser).restore()
    return ema.requires_grad_(False).eval()


def reconstruction_loss(decoded: torch.Tensor, pictures: torch.Tensor) -> torch.Tensor:
    """Return the loss of pictures in -1..1: L1 and L2 of colours, and L1 of edges (differences between neighbours)."""
    difference = decoded - pictures
    edges = difference.diff(dim=2).abs().mean() + difference.diff(dim=3).abs().mean()
    return difference.abs().mean() + difference.pow(2).mean() + edges


def _weights(are_nouns: list[bool], share: float) -> torch.Tensor:
    """Return how likely each picture is chosen: the nouns `share` together, the others the rest."""
    nouns = torch.tensor(are_nouns, dtype=torch.float64)
    others = 1 - nouns
    return share * nouns / nouns.sum().clamp_min(1) + (1 - share) * others / others.sum().clamp_min(1)


def _some_scenes(pictures: torch.Tensor, scene_maker: SceneMaker, share: float, rng: random.Random) -> torch.Tensor:
    """Return uint8 pictures with about `share` of them replaced by scenes."""
    shown = pictures.clone()
    for row in range(len(pictures)):
        if rng.random() < share:
            scene = scene_maker.choose(rng, (PICTURE_PX, PICTURE_PX))
            shown[row] = torch.from_numpy(scene_maker.picture(scene, rng)).permute(2, 0, 1)
    return shown


def _some_redrawn(
    redrawn: tuple[torch.Tensor, torch.Tensor] | None, plan: DecoderPlan, step: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the redrawn part of a step's batch: latents, and their pictures as floats."""
    count = round(plan.redrawn_share * plan.batch)
    if redrawn is None or count == 0:
        return torch.empty(0), torch.empty(0)
    rows = torch.randint(len(redrawn[0]), (count,), generator=generator(plan.seed + 3, step))
    return redrawn[0][rows], as_floats(redrawn[1][rows])


def _discriminator() -> nn.Module:
    """Return a discriminator of 22 px patches: real artwork scores high, decoded artwork low."""
    layers: list[nn.Module] = []
    for width, wider in ((3, 24), (24, 48), (48, 64)):
        layers += [nn.Conv2d(width, wider, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(64, 1, 1))


def _training_step(
    model: AutoencoderTiny,
    discriminator: nn.Module,
    chosen: torch.Tensor,
    redrawn: tuple[torch.Tensor, torch.Tensor],
    plan: DecoderPlan,
    step: int,
    device: str,
) -> float:
    """Compute one step's gradients of the decoder and the discriminator; return the reconstruction loss."""
    source = generator(plan.seed, step)
    drawn, should_be = (part.to(device) for part in redrawn)
    pictures = swap_colours(as_floats(chosen[len(drawn) :]), source).to(device)
    strength = torch.rand(len(pictures), 1, 1, 1, generator=source) * plan.latent_noise
    with torch.no_grad():
        latents = model.encode(pictures.contiguous(memory_format=torch.channels_last)).latents
    latents = latents + (torch.randn(latents.shape, generator=source) * strength).to(latents)
    if len(drawn):
        latents, pictures = torch.cat([latents, drawn]), torch.cat([pictures, should_be])
    pictures = pictures.contiguous(memory_format=torch.channels_last)
    with mixed_precision(device):
        decoded = model.decode(latents).sample.float()
    reconstruction = reconstruction_loss(decoded, pictures)
    if step < plan.discriminator_from * plan.steps:
        torch.autograd.backward(reconstruction)
        return reconstruction.item()
    with mixed_precision(device):
        fooled = discriminator(decoded).float()
    torch.autograd.backward(reconstruction - plan.discriminator_weight * fooled.mean())
    discriminator.zero_grad(set_to_none=True)
    with mixed_precision(device):
        real, fake = discriminator(pictures).float(), discriminator(decoded.detach()).float()
    torch.autograd.backward(F.relu(1 - real).mean() + F.relu(1 + fake).mean())  # hinge loss
    return reconstruction.item()
