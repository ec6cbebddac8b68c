"""Adapters of many people in one forward pass: each sample's own low-rank change, added layer by layer.

Why not peft: its LoRA layers take one adapter name a sample (`adapter_names`), at the adapter's own scale. Here a
sample has up to three adapters, each with its own weight, beside samples with others and with none. A forward hook on
each changed layer adds `B_i (A_i x_i)` for each sample i in two batched products (grouped convolutions where the layer
is one): first everybody's first adapter, then the second of those who have one. Were a sample's adapters joined along
the rank instead, all samples of the pass would be padded to the longest. Samples never meet in the products: each row
is multiplied with its own matrices only, so nobody's picture depends on who shares the pass.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Factor:
    """The change of one layer: weight += scale * up @ down."""

    down: torch.Tensor  # (rank, in) for linear layers, (rank, in, k, k) for convolutions
    up: torch.Tensor  # (out, rank)
    scale: float  # alpha / rank


Factors = Mapping[str, Factor]  # by the layer's name within its component
MixedFactors = Mapping[str, tuple[Factor, ...]]  # the same for several adapters, scale and weight folded into `up`


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Mix:
    """A set of weighted adapters: by component ('unet', 'text_encoder' …), then by layer. Empty: no adapter."""

    layers: Mapping[str, MixedFactors] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.layers)

    def depth(self, component: str) -> int:
        """Return how many adapters change a component, at the layer that most of them change."""
        return max(map(len, self.layers.get(component, {}).values()), default=0)


def blend(parts: Sequence[tuple[Mapping[str, Factors], float]]) -> Mix:
    """Gather adapters with their weights into one set.

    Args:
        parts: (component → layer → factor, weight); a weight of 0 leaves the adapter out.
    """
    gathered: dict[str, dict[str, list[Factor]]] = {}
    for components, weight in parts:
        if weight == 0:
            continue
        for component, factors in components.items():
            for name, factor in factors.items():
                scaled = Factor(factor.down, factor.up * (factor.scale * weight), 1.0)
                gathered.setdefault(component, {}).setdefault(name, []).append(scaled)
    return Mix({part: {name: tuple(found) for name, found in layers.items()} for part, layers in gathered.items()})


class Deltas:
    """The hooks on one component (a UNet, a text encoder) that add each sample's own changes."""

    def __init__(self, component: str, layers: Mapping[str, nn.Linear | nn.Conv2d]) -> None:
        """Remember the component's layers; a hook is set when the first adapter that changes a layer arrives.

        Args:
            component: its name in a `Mix`.
            layers: by the names that factors have.
        """
        self._component = component
        self._layers = layers
        self._hooks: dict[str, Any] = {}
        self._mixes: tuple[Mix, ...] = ()
        self._stacks: dict[str, tuple[_Stack, ...]] = {}
        self._active = False

    @contextmanager
    def applied(self, mixes: Sequence[Mix]) -> Iterator[None]:
        """Add `mixes[i]` to sample i of every forward pass within; samples with adapters have to come first.

        It is quickest where those with the most adapters do.
        """
        mixed = tuple(mix for mix in mixes if mix.layers.get(self._component))
        if not mixed:
            yield
            return
        if any(mix is not first for mix, first in zip(mixes, mixed, strict=False)):
            raise ValueError("samples with adapters have to come first in a batch")
        self._prepare(mixed)
        self._active = True
        try:
            yield
        finally:
            self._active = False

    def _prepare(self, mixes: tuple[Mix, ...]) -> None:
        """Stack the matrices of all samples, unless they are the same as in the last pass."""
        if len(mixes) == len(self._mixes) and all(a is b for a, b in zip(mixes, self._mixes, strict=True)):
            return
        distinct = list(dict.fromkeys(mixes))
        rows = [distinct.index(mix) for mix in mixes]
        names = dict.fromkeys(name for mix in distinct for name in mix.layers[self._component])
        self._stacks = {}
        for name in names:
            layer = self._layers[name]
            found = [mix.layers[self._component].get(name, ()) for mix in distinct]
            self._stacks[name] = _stacks(found, rows)
            if name not in self._hooks:
                self._hooks[name] = layer.register_forward_hook(self._hook(name))
        self._mixes = mixes

    def _hook(self, name: str) -> Any:
        def add(layer: nn.Module, args: tuple[torch.Tensor, ...], out: torch.Tensor) -> None:
            for stack in self._stacks.get(name, ()) if self._active else ():
                stack.add(layer, args[0], out)

        return add

    def forget(self) -> None:
        """Keep nothing of the last pass."""
        self._stacks.clear()
        self._mixes = ()

    def close(self) -> None:
        """Take the hooks off again."""
        for hook in self._hooks.values():
            hook.remove()
        self._hooks.clear()
        self.forget()


@dataclass(frozen=True, slots=True)
class _Stack:
    """The factors of the first `samples` samples of a batch at one layer; without `rows` they are all the same."""

    samples: int
    down: torch.Tensor  # (samples, rank, in …); (rank, in …) where all samples have the same
    up: torch.Tensor  # (samples, out, rank) or (out, rank)

    @property
    def shared(self) -> bool:
        return self.up.dim() == 2

    def add(self, layer: nn.Module, x: torch.Tensor, out: torch.Tensor) -> None:
        """Add the change to `out` in place."""
        x, out = x[: self.samples], out[: self.samples]
        if isinstance(layer, nn.Conv2d):
            self._add_conv(layer, x, out)
        elif self.shared:
            out += functional.linear(functional.linear(x, self.down), self.up)
        else:
            tokens = x.reshape(self.samples, -1, x.shape[-1])
            change = torch.bmm(torch.bmm(tokens, self.down.mT), self.up.mT)
            out += change.view_as(out)

    def _add_conv(self, layer: nn.Conv2d, x: torch.Tensor, out: torch.Tensor) -> None:
        geometry: Any = {"stride": layer.stride, "padding": layer.padding, "dilation": layer.dilation}
        if self.shared:
            low = functional.conv2d(x, self.down, **geometry)
            out += functional.conv2d(low, self.up[:, :, None, None])
            return
        # one group a sample: every sample meets its own kernels only
        joined = x.reshape(1, -1, *x.shape[2:])
        kernels = self.down.reshape(-1, *self.down.shape[2:])
        low = functional.conv2d(joined, kernels, groups=self.samples, **geometry)
        change = torch.bmm(self.up, low.reshape(self.samples, self.up.shape[2], -1))
        out += change.view(self.samples, -1, *low.shape[2:])


def _stacks(found: Sequence[tuple[Factor, ...]], rows: list[int]) -> tuple[_Stack, ...]:
    """Gather the factors of the distinct mixes at one layer, `rows[i]` telling sample i's.

    Returns:
        What is to be added one after the other: everybody's first factor, then the second of those who have one …
    """
    if len(found) == 1:  # all samples have the same: their adapters are one, joined along the rank
        downs, ups = [factor.down for factor in found[0]], [factor.up for factor in found[0]]
        return (_Stack(len(rows), downs[0], ups[0]) if len(ups) == 1 else _joined(len(rows), downs, ups),)
    stacks = []
    for level in range(max(map(len, found))):
        factors = [several[level] if level < len(several) else None for several in found]
        samples = 1 + max(sample for sample, row in enumerate(rows) if factors[row] is not None)
        stacks.append(_stack(factors, rows[:samples]))
    return tuple(stacks)


def _joined(samples: int, downs: list[torch.Tensor], ups: list[torch.Tensor]) -> _Stack:
    return _Stack(samples, torch.cat(downs), torch.cat(ups, dim=1))


def _stack(factors: list[Factor | None], rows: list[int]) -> _Stack:
    """Gather one factor of each distinct mix (None: it has none) into one stack."""
    if len(set(rows)) == 1 and (only := factors[rows[0]]) is not None:
        return _Stack(len(rows), only.down, only.up)
    present = next(factor for factor in factors if factor is not None)
    rank = max(factor.up.shape[1] for factor in factors if factor is not None)
    down = present.down.new_zeros(len(factors), rank, *present.down.shape[1:])
    up = present.up.new_zeros(len(factors), present.up.shape[0], rank)
    for number, factor in enumerate(factors):
        if factor is not None:
            down[number, : factor.down.shape[0]] = factor.down
            up[number, :, : factor.up.shape[1]] = factor.up
    index = torch.tensor(rows, device=down.device)
    return _Stack(len(rows), down.index_select(0, index), up.index_select(0, index))
