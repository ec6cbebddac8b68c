"""Finished pictures of one engine that wait for their check."""

import logging
import math
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inference.catalogue import CheckerModel
from inference.checks import PictureCheck
from inference.engines.checker.checkers import PictureCheckers
from inference.engines.checker.classifier import PictureClassifier, Scores
from inference.engines.failures import raise_if_device_is_lost
from inference.engines.threads import single_core_threads

log = logging.getLogger(__name__)

CPU_BATCH, GPU_BATCH = 1, 8  # pictures in one step: each is 35 GFLOP for a base-sized ViT


@dataclass(slots=True, eq=False)
class _Waiting:
    """A picture on its way through all checkers."""

    pixels: NDArray[np.uint8]
    left: list[CheckerModel]  # those that have not seen it; the first one is next
    result: "Future[PictureCheck]" = field(default_factory=Future)
    prepared: "Future[torch.Tensor] | None" = None  # for the first of those
    scores: dict[str, Scores] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    failed: bool = False

    def scored(self, scores: Scores | None) -> None:
        """Take in what the first of the checkers that are left has found; None: it failed."""
        spec, self.prepared = self.left.pop(0), None
        kept = {} if scores is None else {label: scores[label] for label in spec.labels}
        if scores is None or not all(map(math.isfinite, kept.values())):
            self.failed = True
        else:
            self.scores[spec.name] = {label: round(score, 4) for label, score in kept.items()}
            self.flags += [label for label, score in kept.items() if score > spec.labels[label]]
        if not self.left and not self.result.cancelled():
            self.result.set_result(PictureCheck(self.scores, tuple(dict.fromkeys(self.flags)), self.failed))


class CheckQueue:
    """Has pictures checked a few at a time; `step` runs on the thread that computes, what precedes it beside it."""

    def __init__(self, checkers: PictureCheckers) -> None:
        self._checkers = checkers
        self._most = GPU_BATCH if checkers.device.type == "cuda" else CPU_BATCH
        self._waiting: list[_Waiting] = []
        self._alone = False  # one by one, after several at once have failed
        self._threads = single_core_threads(1, "prepare-check")

    def add(self, pixels: NDArray[np.uint8]) -> "Future[PictureCheck]":
        """Take a picture (height, width, 3), RGB; the future raises nothing, for a check that fails says so."""
        one = _Waiting(pixels, list(self._checkers.specs))
        self._waiting.append(one)
        return one.result

    def forget(self, result: "Future[PictureCheck]") -> None:
        """Drop a picture that nobody waits for any more."""
        self._waiting = [one for one in self._waiting if one.result is not result]
        result.cancel()

    def step(self) -> bool:
        """Check some of the pictures by one checker; return whether there was anything to do now."""
        if not self._waiting:
            self._alone = False
            return False
        spec = self._waiting[0].left[0]
        batch = [one for one in self._waiting if one.left[0] is spec]
        loading = self._checkers.load(spec)
        if not loading.done():
            return False
        if loading.cancelled() or loading.exception() is not None:
            self._score(batch, [None] * len(batch))
            return True
        classifier = loading.result()
        batch = batch[: 1 if self._alone else self._most]
        for one in batch:
            one.prepared = one.prepared or self._threads.submit(classifier.prepare, one.pixels)
        ready = [one for one in batch if one.prepared is not None and one.prepared.done()]
        if not ready:
            return False
        self._check(classifier, ready)
        return True

    @property
    def waits_for(self) -> "list[Future[Any]]":
        """What its next step waits for."""
        waits: list[Future[Any]] = [one.prepared for one in self._waiting[: self._most] if one.prepared is not None]
        if self._waiting:
            waits.append(self._checkers.load(self._waiting[0].left[0]))
        return [one for one in waits if not one.done()]

    def close(self) -> None:
        """Let everything go."""
        for one in self._waiting:
            one.result.cancel()
        self._waiting.clear()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _check(self, classifier: PictureClassifier, batch: list[_Waiting]) -> None:
        try:
            scores = classifier.scores(torch.cat([one.prepared.result() for one in batch if one.prepared is not None]))
        except Exception as error:
            raise_if_device_is_lost(error)
            self._alone = True
            if len(batch) == 1:
                log.exception("the checker %s failed on a picture", batch[0].left[0].name)
                self._score(batch, [None])
            return
        self._score(batch, scores)

    def _score(self, batch: "list[_Waiting]", scores: "Any") -> None:
        for one, found in zip(batch, scores, strict=True):
            one.scored(found)
        self._waiting = [one for one in self._waiting if one.left]
