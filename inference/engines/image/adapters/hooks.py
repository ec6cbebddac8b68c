"""Adapters of many people in one forward pass: each sample's own low-rank change, added layer by layer.

Why not peft: its LoRA layers take one adapter name a sample (`adapter_names`), at the adapter's own scale. Here a
sample has up to three adapters, each with its own weight, beside samples with others and with none. A forward hook on
each changed layer adds `B_i (A_i x_i)` for each sample i in two batched products (grouped convolutions where the layer
is one): first everybody's first adapter, then the second of those who have one. Were a sample's adapters joined along
the rank instead, all samples of the pass would be padded to the longest. Samples never meet in the products: each row
is multiplied with its own matrices only, so nobody's picture depends on who shares the pass.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from inference.engines.image.adapters.stacks import LoraStack, stacks_for
from inference.engines.image.adapters.weights import AdapterSet

SAMPLES_MAX = 1024  # of a pass that all have the same adapters; fewer are fine


class LoraHooks:
    """The hooks on one component (a UNet, a text encoder) that add each sample's own changes."""

    def __init__(
        self,
        component: str,
        layers: Mapping[str, nn.Linear | nn.Conv2d],
        sample_axis: Callable[[str], int | None],
    ) -> None:
        """Remember the component's layers; a hook is set when the first adapter that changes a layer arrives.

        Args:
            component: its name in an `AdapterSet`.
            layers: by the names that factors have.
            sample_axis: by such a name, the axis of the layer's input and output along which samples lie.
        """
        self._component = component
        self._layers = layers
        self._sample_axis = sample_axis
        self._hooks: dict[str, Any] = {}
        self._sets: tuple[AdapterSet, ...] = ()
        self._stacks: dict[str, tuple[LoraStack, ...]] = {}
        self._active = False

    @contextmanager
    def applied(self, sets: Sequence[AdapterSet]) -> Iterator[None]:
        """Add `sets[i]` to sample i of every forward pass within; samples with adapters have to come first.

        It is quickest where those with the most adapters do.
        """
        used = tuple(each for each in sets if each.layers.get(self._component))
        if any(each is not first for each, first in zip(sets, used, strict=False)):
            raise ValueError("samples with adapters have to come first in a batch")
        with self._set(used):
            yield

    @contextmanager
    def applied_to_all(self, adapters: AdapterSet) -> Iterator[None]:
        """Add the same to each sample of every forward pass within, however many there are."""
        with self._set((adapters,) * SAMPLES_MAX if adapters.layers.get(self._component) else ()):
            yield

    @contextmanager
    def _set(self, used: tuple[AdapterSet, ...]) -> Iterator[None]:
        if not used:
            yield
            return
        self._prepare(used)
        self._active = True
        try:
            yield
        finally:
            self._active = False

    def _prepare(self, sets: tuple[AdapterSet, ...]) -> None:
        """Stack the matrices of all samples, unless they are the same as in the last pass."""
        if len(sets) == len(self._sets) and all(a is b for a, b in zip(sets, self._sets, strict=True)):
            return
        distinct = list(dict.fromkeys(sets))
        rows = [distinct.index(each) for each in sets]
        names = dict.fromkeys(name for each in distinct for name in each.layers[self._component])
        self._stacks = {}
        for name in names:
            layer = self._layers[name]
            found = [each.layers[self._component].get(name, ()) for each in distinct]
            self._stacks[name] = stacks_for(layer, found, rows)
            if name not in self._hooks:
                self._hooks[name] = layer.register_forward_hook(self._hook(name))
        self._sets = sets

    def _hook(self, name: str) -> Any:
        axis = self._sample_axis(name)
        if axis is None:
            raise ValueError(f"no adapter can change {self._component}.{name} sample by sample")

        def add(layer: nn.Module, args: tuple[torch.Tensor, ...], out: torch.Tensor) -> None:
            for stack in self._stacks.get(name, ()) if self._active else ():
                stack.add(layer, args[0].transpose(0, axis), out.transpose(0, axis))

        return add

    def forget(self) -> None:
        """Keep nothing of the last pass."""
        self._stacks.clear()
        self._sets = ()

    def close(self) -> None:
        """Take the hooks off again."""
        for hook in self._hooks.values():
            hook.remove()
        self._hooks.clear()
        self.forget()
