"""The autoencoder: 128 px pictures to 8 x 8 latents of 32 channels and back (diffusers' AutoencoderTiny).

Its encoder is not trained but computed, in seconds: a pyramid of principal components. Each stage joins 2 x 2 places
and keeps the directions in which artwork varies most; the last keeps 32 of the 768 numbers of a 16 px patch, which
preserve the picture to about 25 dB, even without a decoder that knows what artwork looks like. So the latents depend on
no training run, the denoiser can start at once, and only the decoder is trained (`decoder.py`).
"""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from diffusers.models.autoencoders.vae import AutoencoderTinyBlock
from safetensors.torch import load_file, save_file
from torch import nn

from inference.builtin.artwork import Drawing
from inference.builtin.checkpoint import generator

LATENT_CHANNELS = 32
ENCODER_WIDTH = 48
HELD_OUT_ONE_IN = 20  # emoji, in all styles, that the autoencoder never sees: PSNR and SSIM are measured on them
LARGEST_DEVIATION = 1.3  # of a latent channel: AutoencoderTiny's decoder squeezes latents beyond 3


def build() -> AutoencoderTiny:
    """Return an untrained autoencoder of the shipped size: five stages, so that a latent stands for 16 x 16 pixels."""
    model = AutoencoderTiny(
        encoder_block_out_channels=(ENCODER_WIDTH,) * 5,
        decoder_block_out_channels=(32,) * 5,
        num_encoder_blocks=(0,) * 5,  # no blocks, no activations: the encoder is linear
        num_decoder_blocks=(5, 5, 4, 2, 1),
        latent_channels=LATENT_CHANNELS,
    )
    _begin_as_identity(model.decoder)
    return model.to(memory_format=torch.channels_last)


def held_out(code: str) -> bool:
    """Tell whether an emoji is held out from the autoencoder."""
    return crc32(code.encode()) % HELD_OUT_ONE_IN == 0


@torch.no_grad()
def compute_encoder(
    model: AutoencoderTiny, drawings: list[Drawing], pictures: torch.Tensor, seed: int, most: int = 2000
) -> None:
    """Set the weights of the encoder to the pyramid of principal components.

    Every second picture has its colour channels swapped at random, so that no colour counts for more than another.
    Deviations are evened out by their square root: detail is small, but not lost in the denoiser's noise.

    Args:
        model: the autoencoder.
        drawings: what each picture is.
        pictures: uint8, N x 3 x 128 x 128; those that are held out are left out.
        seed: of the choice of pictures.
        most: no more pictures are used.
    """
    source = generator(seed, 0)
    may_see = torch.tensor([i for i, drawing in enumerate(drawings) if not held_out(drawing.code)])
    chosen = pictures[may_see[torch.randperm(len(may_see), generator=source)[:most]]]
    signal = swap_colours(as_floats(chosen), source).add(1).div(2)  # what EncoderTiny does first
    first, *halvings, last = (layer for layer in model.encoder.layers if isinstance(layer, nn.Conv2d))
    for parameter in model.encoder.parameters():
        parameter.zero_()
    first.weight[torch.arange(3), torch.arange(3), 1, 1] = 1.0
    for halving in halvings:
        width = min(4 * signal.shape[1], ENCODER_WIDTH)
        directions = _principal(F.pixel_unshuffle(signal, 2))
        kernel = directions[:, :width].T.reshape(width, signal.shape[1], 2, 2)
        halving.weight[:width, : signal.shape[1], 1:, 1:] = kernel
        signal = F.conv2d(signal, kernel, stride=2)
    deviations = signal.std((0, 2, 3))[:LATENT_CHANNELS]
    scale = LARGEST_DEVIATION * (deviations / deviations.max()).sqrt() / deviations
    last.weight[torch.arange(LATENT_CHANNELS), torch.arange(LATENT_CHANNELS), 1, 1] = scale
    last.bias = nn.Parameter(-scale * signal.mean((0, 2, 3))[:LATENT_CHANNELS])


def save(model: AutoencoderTiny, path: Path) -> None:
    """Save the autoencoder's weights."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({key: value.contiguous() for key, value in model.state_dict().items()}, path)


def load(path: Path) -> AutoencoderTiny:
    """Return the autoencoder that `save` saved."""
    model = build()
    model.load_state_dict(load_file(path))
    return model.requires_grad_(False).eval()


@torch.no_grad()
def encode(model: AutoencoderTiny, pictures: torch.Tensor, batch: int = 64) -> torch.Tensor:
    """Return the latents (N x 32 x H/16 x W/16) of uint8 pictures (N x 3 x H x W)."""
    parts = torch.split(pictures, batch)
    return torch.cat([model.encode(as_floats(part.to(model.device))).latents.cpu() for part in parts])


def as_floats(pictures: torch.Tensor) -> torch.Tensor:
    """Turn uint8 pictures into floats in -1..1, channels last."""
    return (pictures.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def swap_colours(pictures: torch.Tensor, source: torch.Generator) -> torch.Tensor:
    """Return pictures with the colour channels of every second one swapped at random."""
    orders = torch.stack([torch.randperm(3, generator=source) for _ in range(len(pictures))])
    orders[::2] = torch.arange(3)
    return pictures.gather(1, orders[:, :, None, None].expand_as(pictures))


def psnr_db(decoded: torch.Tensor, pictures: torch.Tensor) -> float:
    """Return the mean peak signal-to-noise ratio of pictures in -1..1, in decibels."""
    error = ((decoded.clamp(-1, 1) - pictures) / 2).pow(2).flatten(1).mean(1).clamp_min(1e-10)
    return float((-10 * error.log10()).mean())


@torch.no_grad()
def _begin_as_identity(decoder: nn.Module) -> None:
    """Make every block and upsampling of the decoder an identity at first, so that a deep stack learns sooner."""
    for layer in decoder.modules():
        if isinstance(layer, AutoencoderTinyBlock):
            layer.conv[-1].weight.zero_()
            layer.conv[-1].bias.zero_()
        elif isinstance(layer, nn.Conv2d) and layer.in_channels == layer.out_channels and layer.bias is None:
            nn.init.dirac_(layer.weight)


def _principal(signal: torch.Tensor) -> torch.Tensor:
    """Return the principal components of a signal's channels: orthonormal columns, the most varying first."""
    vectors = signal.permute(1, 0, 2, 3).flatten(1)
    centred = vectors - vectors.mean(1, keepdim=True)
    _, directions = torch.linalg.eigh(centred @ centred.T / centred.shape[1])
    signs = directions.gather(0, directions.abs().argmax(0, keepdim=True)).sign()  # eigh's are arbitrary
    ordered: torch.Tensor = (directions * signs).flip(1)
    return ordered
