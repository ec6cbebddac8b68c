"""A pass that neither waits for its device nor brings anything there, shown on torch's meta device."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

READS = (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default)
MAKES = (torch.tensor, torch.as_tensor, torch.asarray, torch.from_numpy)


@contextmanager
def no_waiting() -> Iterator[None]:
    """Refuse, within, what reads a number of a device's tensor, and what copies between a device and the CPU."""
    with _NoNewTensors(), _NoCopies():  # type: ignore[no-untyped-call]
        yield


class _NoCopies(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if func in READS and args[0].device.type != "cpu":
            raise AssertionError(f"{func} waits for the device")
        if func is torch.ops.aten._to_copy.default:
            target = given.get("device")
            if target is not None and torch.device(target).type != args[0].device.type:
                raise AssertionError(f"a tensor is copied from {args[0].device} to {target}")
        if func is torch.ops.aten.copy_.default and args[0].device.type != args[1].device.type:
            raise AssertionError(f"a tensor is copied from {args[1].device} to {args[0].device}")
        return func(*args, **given)


class _NoNewTensors(TorchFunctionMode):
    """Refuses tensors of a device that are made from Python's numbers; the dispatcher does not tell of them."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        if func in MAKES and isinstance(made, Tensor) and made.device.type != "cpu":
            raise AssertionError(f"{func.__name__} brings numbers to the device")
        return made
