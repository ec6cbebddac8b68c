"""A whole UNet learns: the loss falls, every weight moves, the folder loads. On a tiny model."""

from pathlib import Path

import torch
from torch import nn

from inference.engines.image.models.loading import ModelCache
from inference.engines.training.optimizers import FusedAdafactor
from inference.engines.training.whole import prepare_data, save, train_unet
from tests.support.engines.creature import photo
from tests.support.tiny_models import TINY_SD, make_folder, make_spec


def test_whole_unet_learns_and_is_saved_as_a_model_of_its_own(tmp_path: Path) -> None:
    folder = make_folder(TINY_SD, tmp_path / "tiny")
    spec = make_spec(folder, train_batch=2)
    base = ModelCache("cpu", limit_bytes=0).get(spec)
    before = {name: tensor.clone() for name, tensor in base.core.state_dict().items()}
    data = prepare_data(base, [photo(index, 32) for index in range(3)], "zkv mascot", "mascot", 0.0)
    losses = list(train_unet(base, data, steps=16, rate=3e-2, seed=1))
    assert sum(losses[-5:]) < sum(losses[:5])
    after = base.core.state_dict()
    moved = sum(not torch.equal(before[name], after[name]) for name in before)
    assert moved > 0.9 * len(before)
    save(base, folder, tmp_path / "trained")
    loaded = ModelCache("cpu", limit_bytes=0).get(make_spec(tmp_path / "trained", name="trained"))
    for name, tensor in loaded.core.state_dict().items():
        assert torch.allclose(tensor, after[name], atol=1e-2)


def test_small_updates_are_not_lost_in_bfloat16() -> None:
    parameter = nn.Parameter(torch.ones(4096, dtype=torch.bfloat16))
    optimizer = FusedAdafactor({"one": parameter})
    for _ in range(100):
        optimizer.step(parameter.float().sum(), 1e-4)  # a hundredth of what bfloat16 can tell from 1
    mean = parameter.detach().float().mean().item()
    assert 0.98 < mean < 0.995


def test_gradients_are_gone_when_a_step_is_over() -> None:
    layers = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8)).to(torch.bfloat16)
    optimizer = FusedAdafactor(dict(layers.named_parameters()))
    optimizer.step(layers(torch.ones(1, 8, dtype=torch.bfloat16)).sum(), 1e-3)
    assert all(parameter.grad is None for parameter in layers.parameters())
