"""An adapter's weights, layer by layer, and several adapters with weights of their own as one set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch


@dataclass(frozen=True, slots=True)
class LoraLayer:
    """The change of one layer: weight += scale * up @ down."""

    down: torch.Tensor  # (rank, in) for linear layers, (rank, in, k, k) for convolutions
    up: torch.Tensor  # (out, rank)
    scale: float  # alpha / rank


LoraLayers = Mapping[str, LoraLayer]  # by the layer's name within its component


@dataclass(frozen=True, slots=True)
class Adapter:
    """A checked adapter on the device."""

    digest: str
    components: Mapping[str, LoraLayers]  # 'unet', 'text_encoder' … → layer → factor
    size_bytes: int
    autov3: str  # by which other tools know the file


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class AdapterSet:
    """Several adapters with weights of their own. Empty: no adapter."""

    # component ('unet', 'text_encoder' …) → layer → what each adapter adds there, scale and weight folded into `up`
    layers: Mapping[str, Mapping[str, tuple[LoraLayer, ...]]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.layers)

    def depth(self, component: str) -> int:
        """Return how many adapters change a component, at the layer that most of them change."""
        return max(map(len, self.layers.get(component, {}).values()), default=0)


def combine(parts: Sequence[tuple[Mapping[str, LoraLayers], float]]) -> AdapterSet:
    """Gather adapters with their weights into one set.

    Args:
        parts: (component → layer → factor, weight); a weight of 0 leaves the adapter out.
    """
    gathered: dict[str, dict[str, list[LoraLayer]]] = {}
    for components, weight in parts:
        if weight == 0:
            continue
        for component, factors in components.items():
            for name, factor in factors.items():
                scaled = LoraLayer(factor.down, factor.up * (factor.scale * weight), 1.0)
                gathered.setdefault(component, {}).setdefault(name, []).append(scaled)
    return AdapterSet(
        {part: {name: tuple(found) for name, found in layers.items()} for part, layers in gathered.items()}
    )
