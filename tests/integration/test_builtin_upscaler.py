"""The built-in model's upscaler begins as the best interpolation, and learns from there."""

from pathlib import Path

import pytest
import torch
from PIL import Image, ImageDraw

from inference.builtin import upscaler
from inference.builtin.autoencoder import psnr_db
from inference.builtin.export import UPSCALER, WEIGHTS
from inference.builtin.upscaler import Pairs, UpscalerPlan
from inference.engines.compact_network import CompactNetwork


def drawn(count: int, seed: int) -> torch.Tensor:
    """Return flat shapes with hard edges: uint8, count x 3 x 256 x 256."""
    numbers = torch.randint(0, 256, (count, 8, 7), generator=torch.Generator().manual_seed(seed)).tolist()
    pictures = []
    for shapes in numbers:
        picture = Image.new("RGB", (512, 512), "white")
        pen = ImageDraw.Draw(picture)
        for left, top, width, height, *colour in shapes:
            pen.ellipse((left, top, left + width + 20, top + height + 20), fill=tuple(colour))
        half = picture.resize((256, 256), Image.Resampling.BOX)
        pictures.append(
            torch.frombuffer(bytearray(half.tobytes()), dtype=torch.uint8).view(256, 256, 3).permute(2, 0, 1)
        )
    return torch.stack(pictures)


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    """Shapes in both sizes, as if the autoencoder gave back what it got."""
    return pairs_of(drawn(16, seed=1))


def pairs_of(large: torch.Tensor) -> Pairs:
    """Return large pictures beside small ones."""
    small = torch.nn.functional.interpolate(large.float(), scale_factor=0.25, mode="area").round().to(torch.uint8)
    return Pairs(large, small, small)


def gain_db(network: CompactNetwork, seen: Pairs) -> float:
    """Return what a network's pictures are nearer to the large ones than Lanczos's, in decibels."""
    wanted = seen.large.float() / 127.5 - 1
    with torch.no_grad():
        ours = network(seen.small.float() / 255).clamp(0, 1) * 2 - 1
    theirs = upscaler.lanczos(seen.small) * 2 - 1
    ours, theirs, wanted = (one[:, :, 8:-8, 8:-8] for one in (ours, theirs, wanted))  # sides are learnt, not begun with
    return psnr_db(ours, wanted) - psnr_db(theirs, wanted)


def test_network_begins_as_a_linear_interpolation_about_as_good_as_lanczos(pairs: Pairs) -> None:
    network = CompactNetwork(width=8, depth=2, scale=4)
    upscaler.begin_linear(network, pairs, seed=1)
    small = pairs.small[:2].float() / 255
    with torch.no_grad():
        assert torch.allclose(network(0.5 * small), 0.5 * network(small), atol=1e-5)
    assert gain_db(network, pairs_of(drawn(8, seed=2))) > -0.7


def test_training_lowers_the_loss_on_patches_that_it_never_saw(pairs: Pairs, tmp_path: Path) -> None:
    plan = UpscalerPlan(width=8, depth=2, steps=120, batch=4, warmup=10, decay=0.9, decoded_share=0.0)
    begun = CompactNetwork(width=8, depth=2, scale=4)
    torch.manual_seed(plan.seed)
    upscaler.begin_linear(begun, pairs, plan.seed)
    network = upscaler.train(plan, pairs, tmp_path / "trained")
    unseen = pairs_of(drawn(8, seed=3))
    assert loss(plan, network, unseen) < 0.97 * loss(plan, begun, unseen)

    upscaler.write(network, tmp_path / "written")
    read = upscaler.open_written(tmp_path / "written")
    small = unseen.small[:1].float() / 255
    with torch.no_grad():
        assert torch.allclose(read(small), network(small), atol=5e-3)  # float16


@torch.no_grad()
def loss(plan: UpscalerPlan, network: CompactNetwork, seen: Pairs) -> float:
    """Return a network's mean loss over ten steps' patches."""
    return sum(float(upscaler.step_loss(plan, network, seen, step)) for step in range(1000, 1010)) / 10


def test_shipped_upscaler_is_nearer_to_what_it_never_saw_than_lanczos() -> None:
    assert gain_db(upscaler.open_written(WEIGHTS / UPSCALER), pairs_of(drawn(8, seed=4))) > 0.5
