"""The checkers in memory of one device: each loaded on a thread when the first picture asks for it."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from inference.catalogue import CheckerModel
from inference.engines.checker.classifier import PictureClassifier
from inference.engines.checker.loading import load_checker
from inference.engines.threads import single_core_threads

log = logging.getLogger(__name__)

RETRY_S = 60.0  # a checker that could not be loaded is tried again after so long; until then, checks fail at once
CheckerLoader = Callable[[CheckerModel, torch.device, AbstractContextManager[Any]], PictureClassifier]


@dataclass(frozen=True, slots=True)
class _Loading:
    future: "Future[PictureClassifier]"
    since_s: float


class PictureCheckers:
    """Loads checkers; used by the thread that computes alone."""

    def __init__(
        self,
        specs: Sequence[CheckerModel],
        device: str | torch.device,
        *,
        building: AbstractContextManager[Any] | None = None,
        load: CheckerLoader = load_checker,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with nothing loaded.

        Args:
            specs: the catalogue's; every picture is shown to each of them.
            device: where they are put.
            building: held while a network is built, where others build some in the same process (`ModelCache`'s).
            load: tests bring their own.
            clock: monotonic seconds.
        """
        self.specs = tuple(specs)
        self.device = torch.device(device)
        self._building = building or nullcontext()
        self._load = load
        self._clock = clock
        self._thread = single_core_threads(1, "load-checker")
        self._loaded: dict[str, _Loading] = {}

    def load(self, spec: CheckerModel) -> "Future[PictureClassifier]":
        """Return a checker, which is loaded first where that is needed."""
        there = self._loaded.get(spec.name)
        failed = there is not None and there.future.done() and there.future.exception() is not None
        if there is None or (failed and self._clock() - there.since_s > RETRY_S):
            future = self._thread.submit(self._load, spec, self.device, self._building)
            future.add_done_callback(lambda done: _complain(spec, done))
            there = self._loaded[spec.name] = _Loading(future, self._clock())
        return there.future

    def size_bytes(self) -> int:
        """Return the bytes of all checkers in memory."""
        futures = [one.future for one in self._loaded.values()]
        there = [one for one in futures if one.done() and not one.cancelled() and one.exception() is None]
        return sum(one.result().size_bytes for one in there)

    def close(self) -> None:
        """Drop everything; a load that is under way is waited for."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._loaded.clear()


def _complain(spec: CheckerModel, done: "Future[PictureClassifier]") -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        log.error("the checker %s cannot be loaded, so pictures count as unchecked: %s", spec.name, error)
