"""The upscalers in memory of one device: each loaded on a thread when the first picture asks for it."""

import gc
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from inference.catalogue import UpscaleModel
from inference.engines.threads import single_core_threads
from inference.engines.upscale.loading import load_upscaler
from inference.engines.upscale.network import UpscaleNetwork

KEPT = 2  # more than that, and the one that was not used for longest goes; the largest take some 200 MB
NetworkLoader = Callable[[UpscaleModel, torch.device, AbstractContextManager[Any]], UpscaleNetwork]


class UpscaleNetworks:
    """Loads networks; used by the thread that computes alone."""

    def __init__(
        self,
        device: str | torch.device,
        *,
        building: AbstractContextManager[Any] | None = None,
        load: NetworkLoader = load_upscaler,
    ) -> None:
        """Start with nothing loaded.

        Args:
            device: where networks are put.
            building: held while a network is built, where others build some in the same process (`ModelCache`'s).
            load: tests bring their own.
        """
        self.device = torch.device(device)
        self._building = building or nullcontext()
        self._load = load
        self._thread = single_core_threads(1, "load-upscaler")
        self._loaded: OrderedDict[UpscaleModel, Future[UpscaleNetwork]] = OrderedDict()

    def load(self, spec: UpscaleModel) -> "Future[UpscaleNetwork]":
        """Return a network, which is loaded first where that is needed; one that could not be is tried again."""
        there = self._loaded.get(spec)
        if there is None or (there.done() and there.exception() is not None):
            self._loaded[spec] = self._thread.submit(self._load, spec, self.device, self._building)
        self._loaded.move_to_end(spec)
        while len(self._loaded) > KEPT:
            self._loaded.popitem(last=False)  # a job that uses it keeps it to its end
        return self._loaded[spec]

    def resident(self) -> tuple[str, ...]:
        """Return the names of the networks in memory."""
        return tuple(spec.name for spec, one in self._loaded.items() if _is_loaded(one))

    def size_bytes(self) -> int:
        """Return the bytes of all networks in memory."""
        return sum(one.result().size_bytes for one in self._loaded.values() if _is_loaded(one))

    def give_back_memory(self) -> None:
        """Return what torch holds without using it, after running out of memory."""
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def close(self) -> None:
        """Drop everything; a load that is under way is waited for."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._loaded.clear()


def _is_loaded(future: "Future[UpscaleNetwork]") -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
