"""How many bytes of tensors are alive at once while a network computes, without computing anything."""

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def peak_bytes(compute: Callable[[], Any]) -> int:
    """Return the most bytes that tensors made by a call take at once; its arguments and weights are not counted.

    What a device's kernels need for themselves is not known here. Attention is counted as PyTorch's fused kernels
    compute it, which keep no scores.

    Args:
        compute: works on tensors of the meta device.
    """
    live = _LiveBytes()
    with torch.inference_mode(), _FusedAttention(), live:
        compute()
    return live.peak


class _LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Follows every storage from the operation that makes it to its end."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = self._now = 0
        self._storages: dict[int, int] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        for tensor in tree_leaves((args, kwargs)):
            if isinstance(tensor, Tensor):
                self._follow(tensor.untyped_storage(), 0)  # of weights and tables: it was there before
        made = func(*args, **(kwargs or {}))
        table = func is torch.ops.aten._to_copy.default and args[0].device.type != "meta"  # on a device, it is there
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                storage = tensor.untyped_storage()
                self._follow(storage, 0 if table else storage.nbytes())
        return made

    def _follow(self, storage: torch.UntypedStorage, size_bytes: int) -> None:
        """Count a storage from now to its end, unless it is known."""
        key = storage._cdata
        if key not in self._storages:
            self._storages[key] = size_bytes
            self._now += size_bytes
            self.peak = max(self.peak, self._now)
            weakref.finalize(storage, self._end, key)

    def _end(self, key: int) -> None:
        self._now -= self._storages.pop(key)


class _FusedAttention(TorchFunctionMode):
    """Gives attention's result the shape and layout of the fused kernels, instead of multiplying scores out."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is not functional.scaled_dot_product_attention:
            return func(*args, **(kwargs or {}))
        named = dict(zip(("query", "key", "value"), args, strict=False)) | (kwargs or {})
        query, value = named["query"], named["value"]
        if query.dim() != 4:
            return torch.empty_like(query)
        samples, heads, tokens, _ = query.shape
        return query.new_empty(samples, tokens, heads, value.shape[-1]).transpose(1, 2)
