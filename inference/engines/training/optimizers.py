"""How gradients change what learns: AdamW in full precision, or Adafactor within the backward pass."""

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor, nn

GRAD_NORM_MAX = 1.0
WEIGHT_DECAY = 1e-2


class Optimizer(Protocol):
    """One way to learn from a loss; `AdamWOptimizer` for adapters, `FusedAdafactor` for whole networks."""

    def step(self, loss: Tensor, rate: float) -> None:
        """Change the parameters by the loss's gradient."""
        ...

    def tensors(self) -> dict[str, Tensor]:
        """Return the parameters and everything remembered about them, on the CPU."""
        ...

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back what `tensors` returned."""
        ...


class AdamWOptimizer:
    """AdamW (arXiv 1711.05101) on float32 parameters: a clipped norm, and a scaled loss where the base is float16."""

    def __init__(self, parameters: Mapping[str, nn.Parameter], *, device: torch.device, half: bool) -> None:
        self._parameters = dict(parameters)
        self._adamw = torch.optim.AdamW(self._parameters.values(), weight_decay=WEIGHT_DECAY, foreach=True)
        self._scaler = torch.amp.GradScaler(device.type, enabled=half)

    def step(self, loss: Tensor, rate: float) -> None:
        """Change the parameters by the loss's gradient."""
        self._adamw.param_groups[0]["lr"] = rate
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self._scaler.unscale_(self._adamw)
        torch.nn.utils.clip_grad_norm_(self._parameters.values(), GRAD_NORM_MAX)
        self._scaler.step(self._adamw)
        self._scaler.update()
        self._adamw.zero_grad(set_to_none=True)

    def tensors(self) -> dict[str, Tensor]:
        """Return parameters, moments and the loss's scale."""
        found: dict[str, Tensor] = {}
        for name, parameter in self._parameters.items():
            found[f"weight.{name}"] = _kept(parameter)
            for key, value in self._adamw.state.get(parameter, {}).items():
                found[f"{key}.{name}"] = _kept(value)
        if self._scaler.is_enabled():
            scale = self._scaler.state_dict()
            found["scaler"] = torch.tensor([scale["scale"], scale["_growth_tracker"]], dtype=torch.float64)
        return found

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back what `tensors` returned; KeyError where something is missing."""
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                parameter.copy_(tensors[f"weight.{name}"])
                if f"exp_avg.{name}" in tensors:
                    self._adamw.state[parameter] = {
                        "step": tensors[f"step.{name}"],
                        "exp_avg": tensors[f"exp_avg.{name}"].to(parameter.device),
                        "exp_avg_sq": tensors[f"exp_avg_sq.{name}"].to(parameter.device),
                    }
        if self._scaler.is_enabled() and "scaler" in tensors:
            scale, tracker = tensors["scaler"].tolist()
            self._scaler.load_state_dict({**self._scaler.state_dict(), "scale": scale, "_growth_tracker": int(tracker)})


class FusedAdafactor:
    """Adafactor (arXiv 1804.04235), each parameter updated as soon as its gradient is there.

    A gradient is freed before the next one is computed, so that never all of them are in memory (arXiv 2306.09782).
    Adafactor remembers a row and a column for each matrix: less than 8-bit moments, and torch brings it. bfloat16
    parameters are rounded stochastically, else small updates would be lost. A rate is relative to a parameter's size.
    """

    def __init__(self, parameters: Mapping[str, nn.Parameter], *, seed: int = 0) -> None:
        self._parameters = dict(parameters)
        self._adafactors: dict[nn.Parameter, torch.optim.Adafactor] = {}
        self._generators: dict[torch.device, torch.Generator] = {}
        for parameter in self._parameters.values():
            # The optimiser works on a stand-in, which has the parameter's value in float32 only during its own update.
            stand_in = nn.Parameter(torch.empty(0, device=parameter.device))
            self._adafactors[parameter] = torch.optim.Adafactor([stand_in], weight_decay=WEIGHT_DECAY)
            parameter.register_post_accumulate_grad_hook(self._update)  # type: ignore[no-untyped-call]
            if parameter.device not in self._generators:
                self._generators[parameter.device] = torch.Generator(parameter.device).manual_seed(seed)

    def step(self, loss: Tensor, rate: float) -> None:
        """Compute the gradients; each parameter is changed on the way."""
        for adafactor in self._adafactors.values():
            adafactor.param_groups[0]["lr"] = rate
        loss.backward()  # type: ignore[no-untyped-call]

    @torch.no_grad()
    def _update(self, parameter: Tensor) -> None:
        assert isinstance(parameter, nn.Parameter)
        assert parameter.grad is not None
        adafactor = self._adafactors[parameter]
        (stand_in,) = adafactor.param_groups[0]["params"]
        stand_in.data, stand_in.grad = parameter.float(), parameter.grad.float()
        parameter.grad = None
        adafactor.step()  # type: ignore[no-untyped-call]
        narrow = parameter.dtype == torch.bfloat16
        parameter.copy_(_rounded(stand_in.data, self._generators[parameter.device]) if narrow else stand_in.data)
        stand_in.data, stand_in.grad = torch.empty(0, device=parameter.device), None

    def tensors(self) -> dict[str, Tensor]:
        """Return the parameters; the moments are not kept, going on starts with fresh ones."""
        return {f"weight.{name}": _kept(parameter) for name, parameter in self._parameters.items()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back the parameters."""
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                parameter.copy_(tensors[f"weight.{name}"])


def _kept(tensor: Tensor) -> Tensor:
    """Copy a tensor to the CPU, its numbers in the order that safetensors writes."""
    return tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)


def _rounded(values: Tensor, generator: torch.Generator) -> Tensor:
    """Round float32 to bfloat16, up or down by chance, so that the mean is kept.

    bfloat16 is float32's upper half: noise below it carries into it as often as the lower half is large.
    """
    noise = torch.randint(0, 1 << 16, values.shape, generator=generator, device=values.device, dtype=torch.int32)
    bits = (values.contiguous().view(torch.int32) + noise) & ~0xFFFF
    return bits.view(torch.float32).to(torch.bfloat16)
