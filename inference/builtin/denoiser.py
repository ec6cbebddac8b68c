"""The denoiser: a UNet and a CLIP text encoder, trained together from scratch to predict the latents' velocity."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny, DPMSolverMultistepScheduler, UNet2DConditionModel
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from inference.builtin.autoencoder import LATENT_CHANNELS, encode
from inference.builtin.captions import CAPTION_TOKENS, VOCABULARY_SIZE, caption
from inference.builtin.checkpoint import RecipeCheckpoint, average, generator
from inference.builtin.precision import mixed_precision
from inference.builtin.scenes import SIZES, SceneMaker

LATENT_SIDE = 8
TEXT_WIDTH = 192
TRAINING_TIMESTEPS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class DenoiserPlan:
    """How long and how the denoiser is trained."""

    steps: int = 12200
    batch: int = 32
    rate: float = 1.5e-3
    warmup: int = 150
    cooldown: float = 0.3  # share of the steps, at the end, over which the rate falls to zero
    decay: float = 0.997  # of the averaged weights that are exported
    noisy_share: float = 0.65  # of timesteps drawn among the noisiest, where layout is decided
    seed: int = 2
    save_every_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Denoiser:
    """The two networks that are trained together."""

    unet: UNet2DConditionModel
    text_encoder: CLIPTextModel

    def both(self) -> nn.ModuleDict:
        """Return them as one module, in a fixed order."""
        return nn.ModuleDict({"unet": self.unet, "text_encoder": self.text_encoder})


def build() -> Denoiser:
    """Return an untrained denoiser of the shipped size."""
    unet = UNet2DConditionModel(
        sample_size=LATENT_SIDE,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=(112, 208),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=4,  # which diffusers takes as the number of heads
        norm_num_groups=16,
    )
    text = CLIPTextConfig(
        vocab_size=VOCABULARY_SIZE,
        hidden_size=TEXT_WIDTH,
        intermediate_size=4 * TEXT_WIDTH,
        num_hidden_layers=3,
        num_attention_heads=6,
        max_position_embeddings=CAPTION_TOKENS,
        projection_dim=TEXT_WIDTH,
        bos_token_id=VOCABULARY_SIZE - 2,
        eos_token_id=VOCABULARY_SIZE - 1,
        pad_token_id=VOCABULARY_SIZE - 1,
    )
    return Denoiser(unet, CLIPTextModel(text))


def scheduler() -> DPMSolverMultistepScheduler:
    """Return the scheduler that the model is trained with and exported with."""
    return DPMSolverMultistepScheduler(
        num_train_timesteps=TRAINING_TIMESTEPS,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        steps_offset=1,
        timestep_spacing="trailing",
    )


def train(
    plan: DenoiserPlan,
    scene_maker: SceneMaker,
    autoencoder: AutoencoderTiny,
    tokenizer: CLIPTokenizer,
    folder: Path,
    device: str,
    show: Callable[[Denoiser, int], None],
) -> None:
    """Train the denoiser until `plan.steps`, or go on training it.

    Args:
        plan: how long and how.
        scene_maker: makes the training scenes.
        autoencoder: its encoder turns their pictures into latents.
        tokenizer: turns captions into tokens.
        folder: where the checkpoint is kept.
        device: a torch device.
        show: is called with the averaged denoiser and the step at every checkpoint, to draw a sheet.
    """
    torch.manual_seed(plan.seed)
    denoiser = build()
    both = denoiser.both().to(device)
    slow = Denoiser(copy.deepcopy(denoiser.unet), copy.deepcopy(denoiser.text_encoder))
    ema = slow.both().requires_grad_(False)
    optimiser = torch.optim.AdamW(both.parameters(), lr=plan.rate, weight_decay=1e-2, betas=(0.9, 0.98), fused=True)
    checkpoint = RecipeCheckpoint(folder, {"model": both, "ema": ema}, optimiser)
    batch_maker = _BatchMaker(plan, scene_maker, autoencoder.to(device), tokenizer)
    begun = checkpoint.restore()
    saved_s = started_s = time.monotonic()
    running = 0.0
    for step in range(begun, plan.steps):
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * rate_share(plan, step)
        loss = _loss(denoiser, batch_maker.batch(step), device)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(both.parameters(), 1.0)
        optimiser.step()
        average(ema, both, min(plan.decay, (step + 1) / (step + 10)))
        running += (loss.item() - running) * max(0.01, 1 / (step - begun + 1))
        if step % 50 == 49:
            pace = (step + 1 - begun) * plan.batch / (time.monotonic() - started_s)
            print(f"denoiser step {step + 1}/{plan.steps} loss {running:.4f} {pace:.0f} pictures/s", flush=True)
        if time.monotonic() - saved_s > plan.save_every_s or step + 1 == plan.steps:
            checkpoint.save(step + 1)
            show(slow, step + 1)
            saved_s = time.monotonic()


def reopen(exported: Denoiser, folder: Path) -> None:
    """Make a checkpoint at step 0 in `folder` from an exported denoiser, so that training goes on from it."""
    both = exported.both()
    modules = {"model": both, "ema": copy.deepcopy(both)}
    RecipeCheckpoint(folder, modules, torch.optim.AdamW(both.parameters())).save(0)


def restore(folder: Path) -> tuple[Denoiser, int]:
    """Return the averaged denoiser of the checkpoint in `folder` and its step."""
    fast, slow = build(), build()
    modules = {"model": fast.both(), "ema": slow.both()}
    step = RecipeCheckpoint(folder, modules, torch.optim.AdamW(modules["model"].parameters())).restore()
    modules["ema"].requires_grad_(False).eval()
    return slow, step


def rate_share(plan: DenoiserPlan, step: int) -> float:
    """Return the learning rate as a share of its peak: linear warm-up, flat, linear decay.

    It is flat in the middle, so that the number of steps may still be changed while it trains.
    """
    left = (plan.steps - step) / max(1.0, plan.cooldown * plan.steps)
    return min(1.0, (step + 1) / plan.warmup, left)


def draw_timesteps(count: int, noisy_share: float, source: torch.Generator) -> torch.Tensor:
    """Return random timesteps, `noisy_share` of them high: drawn evenly, things stay blobs for thousands of steps."""
    high = TRAINING_TIMESTEPS - 1 - 650 * torch.rand(count, generator=source).pow(1.6)
    even = torch.rand(count, generator=source) * TRAINING_TIMESTEPS
    return torch.where(torch.rand(count, generator=source) < noisy_share, high, even).long()


@dataclass(frozen=True, slots=True)
class _Batch:
    """Captions as tokens (N x 24), noisy latents, their timesteps, and the velocity to be predicted."""

    tokens: torch.Tensor
    noisy: torch.Tensor
    timesteps: torch.Tensor
    velocity: torch.Tensor


class _BatchMaker:
    """Makes the batch of each step, always the same for the same step."""

    def __init__(
        self, plan: DenoiserPlan, scene_maker: SceneMaker, autoencoder: AutoencoderTiny, tokenizer: CLIPTokenizer
    ) -> None:
        self.plan, self.scene_maker, self.autoencoder, self.tokenizer = plan, scene_maker, autoencoder, tokenizer
        self.signal_shares = scheduler().alphas_cumprod

    def batch(self, step: int) -> _Batch:
        source = generator(self.plan.seed, step)
        rng = random.Random(self.plan.seed * 1_000_003 + step)
        size_px = rng.choices(list(SIZES), list(SIZES.values()))[0]
        scenes = [self.scene_maker.choose(rng, size_px) for _ in range(self.plan.batch)]
        tokens = self.tokenizer(
            [caption(scene, rng) for scene in scenes],
            padding="max_length",
            max_length=CAPTION_TOKENS,
            truncation=True,
            return_tensors="pt",
        )
        pictures = np.stack([self.scene_maker.picture(scene, rng) for scene in scenes])
        latents = encode(self.autoencoder, torch.from_numpy(pictures).permute(0, 3, 1, 2))
        timesteps = draw_timesteps(self.plan.batch, self.plan.noisy_share, source)
        noise = torch.randn(latents.shape, generator=source)
        signal = self.signal_shares[timesteps][:, None, None, None]
        return _Batch(
            tokens.input_ids,
            signal.sqrt() * latents + (1 - signal).sqrt() * noise,
            timesteps,
            signal.sqrt() * noise - (1 - signal).sqrt() * latents,
        )


def _loss(denoiser: Denoiser, batch: _Batch, device: str) -> torch.Tensor:
    # With so few tokens plain attention beats the fused kernels: 1.2 times the pictures a second on a CPU.
    with sdpa_kernel(SDPBackend.MATH), mixed_precision(device):
        text = denoiser.text_encoder(batch.tokens.to(device))[0]
        predicted = denoiser.unet(batch.noisy.to(device), batch.timesteps.to(device), text).sample
    return F.mse_loss(predicted.float(), batch.velocity.to(device))
