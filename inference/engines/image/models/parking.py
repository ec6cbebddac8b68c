"""Networks larger than their device: each piece of the weights is brought there for its turn, and let go after it.

The copies that stay are pages of the files (see `weights`), so that nothing is held twice, and what is let go costs
neither memory nor disk. What is computed is the same, weight for weight; it takes longer by the time of bringing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from inference.engines.image.models.quantised import PackedWeight, is_packable, pack, packed_bytes
from inference.engines.image.models.weights import WeightMove

SMALL_PART = 8  # a piece that is larger than this part of its network is taken apart further, where it can be


@dataclass(slots=True, eq=False)
class Piece:
    """Weights that come and go together."""

    moves: tuple[WeightMove, ...]
    files: tuple[Tensor, ...]  # the same weights as their files have them
    module: nn.Module  # that they are used by; nothing else uses them
    quantised: bool = False
    packed: dict[int, PackedWeight] = field(default_factory=dict)  # by place, kept on the device all the time
    here: bool = False

    @property
    def size_bytes(self) -> int:
        """Bytes on the device, as it computes."""
        return sum(move.size_bytes for move in self.moves)

    @property
    def packed_bytes(self) -> int:
        """Bytes on the device of what is packed, or would be, and of what stays as it is."""
        return sum(
            packed_bytes(weight.tensor) if is_packable(weight.tensor) else weight.size_bytes for weight in self.moves
        )

    def pack(self) -> None:
        """Keep the weights on the device from now on, in eight bits."""
        for place, move in enumerate(self.moves):
            if is_packable(move.tensor):
                self.packed[place] = pack(move.tensor.data.to(move.device))
            else:
                move.carry_out()

    def bring(self) -> None:
        """Put the weights onto the device, unless they are there."""
        if self.here:
            return
        with torch.inference_mode(False), torch.no_grad():
            for place, move in enumerate(self.moves):
                if self.quantised and is_packable(move.tensor):
                    packed = self.packed.get(place) or pack(move.tensor.data.to(move.device))
                    move.tensor.data = packed.unpacked(move.dtype)
                move.carry_out()
        self.here = True

    def park(self) -> None:
        """Let what is on the device go."""
        for place, move in enumerate(self.moves):
            if not self.packed or place in self.packed:  # small ones stay beside those that are packed
                move.tensor.data = self.files[place]
        self.here = False


class Parking:
    """The pieces of a model that come and go."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self._held = 0

    def add(self, piece: Piece) -> None:
        """Have a piece brought before its module computes, and parked after it, unless gradients will need it."""
        self.pieces.append(piece)

        # functions, as methods would be copied with all that they hold where a network is copied
        def before(_module: nn.Module, _given: Any) -> None:
            piece.bring()

        def after(_module: nn.Module, _given: Any, _made: Any) -> None:
            if not (self._held or torch.is_grad_enabled()):
                piece.park()

        piece.module.register_forward_pre_hook(before)
        piece.module.register_forward_hook(after, always_call=True)  # also after running out of memory

    @property
    def largest_bytes(self) -> int:
        """Bytes of the largest piece."""
        return max((piece.size_bytes for piece in self.pieces), default=0)

    @property
    def here_bytes(self) -> int:
        """Bytes of the pieces that are on the device."""
        return sum(piece.size_bytes for piece in self.pieces if piece.here)

    def hold(self) -> None:
        """Bring everything, and keep it until `let_go`: a training changes and copies layers."""
        self._held += 1
        for piece in self.pieces:
            piece.bring()

    def let_go(self) -> None:
        """End a `hold`."""
        self._held -= 1
        if not self._held:
            for piece in self.pieces:
                piece.park()


def park_network(
    network: nn.Module,
    moves: Mapping[str, WeightMove],
    parking: Parking,
    *,
    resident_bytes: int,
    quantised: bool = False,
) -> int:
    """Have a network's weights come and go piece by piece, but for those that have room.

    Args:
        network: its weights are in their files.
        moves: of its weights, by their names.
        parking: that its pieces join.
        resident_bytes: room on the device for what stays there.
        quantised: blocks are computed with as they are in eight bits, and kept so where they stay.

    Returns:
        Bytes that stay.
    """
    by_tensor = {id(move.tensor): move for move in moves.values()}
    pieces = [_piece(module, by_tensor) for module in pieces_of(network)]
    pieces.insert(0, _piece(network, by_tensor))  # what none of them has is used by the network itself
    stays_bytes = 0
    for piece in pieces:
        piece.quantised = quantised and piece.module is not network  # what it uses itself are embeddings and ends
        kept_bytes = piece.packed_bytes if piece.quantised else piece.size_bytes
        stays = stays_bytes + kept_bytes <= resident_bytes
        stays_bytes += kept_bytes if stays else 0
        if stays and not piece.quantised:
            piece.bring()
            continue
        if stays:
            piece.pack()
        parking.add(piece)
    return stays_bytes


def _piece(module: nn.Module, by_tensor: dict[int, WeightMove]) -> Piece:
    tensors = (*module.parameters(), *module.buffers())
    own = tuple(by_tensor.pop(id(tensor)) for tensor in tensors if id(tensor) in by_tensor)
    return Piece(own, tuple(move.tensor.data for move in own), module)


def pieces_of(network: nn.Module) -> Iterator[nn.Module]:
    """Yield the blocks of a network that compute one after the other: members of its lists, taken apart while large."""
    yield from _taken_apart(network, size_bytes(network) // SMALL_PART)


def _taken_apart(module: nn.Module, small_bytes: int) -> Iterator[nn.Module]:
    for child in module.children():
        if isinstance(module, nn.ModuleList) and (size_bytes(child) <= small_bytes or not _has_blocks(child)):
            yield child
        else:
            yield from _taken_apart(child, small_bytes)


def _has_blocks(module: nn.Module) -> bool:
    """Return whether a list in it has several members that are more than a layer."""
    lists = (each for each in module.modules() if isinstance(each, nn.ModuleList))
    return any(sum(any(True for _ in member.children()) for member in each) > 1 for each in lists)


def unlisted_bytes(network: nn.Module) -> int:
    """Return the bytes of what no piece of a network has, and which it uses itself."""
    return size_bytes(network) - sum(map(size_bytes, pieces_of(network)))


def working_bytes(network: nn.Module) -> int:
    """Return the most bytes that are on the device at once where all of a network comes and goes."""
    return unlisted_bytes(network) + largest_piece_bytes(network)


def largest_piece_bytes(network: nn.Module) -> int:
    """Return the bytes of the largest piece."""
    return max(map(size_bytes, pieces_of(network)), default=0)


def quantised_bytes(network: nn.Module) -> int:
    """Return the bytes of a network whose pieces are kept in eight bits."""
    packable = [weight for piece in pieces_of(network) for weight in piece.parameters() if is_packable(weight)]
    saved = sum(weight.numel() * weight.element_size() - packed_bytes(weight) for weight in packable)
    return module_bytes(network) - saved


def size_bytes(module: nn.Module) -> int:
    """Return the bytes of a module's parameters."""
    return sum(parameter.numel() * parameter.element_size() for parameter in module.parameters())


def module_bytes(module: Any) -> int:
    """Return the bytes of a network's weights."""
    return sum(tensor.numel() * tensor.element_size() for tensor in (*module.parameters(), *module.buffers()))
