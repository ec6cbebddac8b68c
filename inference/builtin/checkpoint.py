"""Checkpoints of the recipe's trainings, so that the same command goes on after any stop: safetensors and JSON only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn


class RecipeCheckpoint:
    """The modules, optimiser and step of a training, in one file.

    All randomness of the recipe comes from generators that are seeded by the step (`generator`), so that nothing else
    of it has to be kept.
    """

    def __init__(self, folder: Path, modules: Mapping[str, nn.Module], optimiser: torch.optim.AdamW) -> None:
        self.folder, self.modules, self.optimiser = folder, modules, optimiser

    def save(self, step: int) -> None:
        """Write everything under a temporary name, then rename: a kill leaves the last checkpoint whole."""
        tensors = {
            f"{name}/{key}": value.contiguous()
            for name, module in self.modules.items()
            for key, value in module.state_dict().items()
        }
        for index, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser/{index}/{key}": value.contiguous() for key, value in state.items()}
        self.folder.mkdir(parents=True, exist_ok=True)
        save_file(tensors, self.folder / "new.safetensors", metadata={"state": json.dumps({"step": step})})
        (self.folder / "new.safetensors").replace(self.path)

    def restore(self) -> int:
        """Load the last checkpoint into the modules and the optimiser; return its step, 0 if there is none."""
        if not self.path.exists():
            return 0
        from safetensors import safe_open

        with safe_open(self.path, framework="pt") as file:
            step = int(json.loads(file.metadata()["state"])["step"])
        tensors = load_file(self.path)
        for name, module in self.modules.items():
            prefix = f"{name}/"
            module.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith("optimiser/"):
                _, index, field = key.split("/")
                state.setdefault(int(index), {})[field] = value
        if not state:  # a model reopened from its exported weights: the optimiser begins anew
            return step
        self.optimiser.load_state_dict({"state": state, "param_groups": self.optimiser.state_dict()["param_groups"]})
        return step

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / "checkpoint.safetensors"


def generator(seed: int, step: int) -> torch.Generator:
    """Return the random generator of one step, the same whether the training was stopped before it or not."""
    return torch.Generator().manual_seed(seed * 1_000_003 + step)


@torch.no_grad()
def average(ema: nn.Module, module: nn.Module, decay: float) -> None:
    """Move `ema` towards `module`: ema <- decay * ema + (1 - decay) * module."""
    for slow, fast in zip(ema.parameters(), module.parameters(), strict=True):
        slow.lerp_(fast, 1.0 - decay)
