"""An upscaling on the engine: what it waits for, and how far it is."""

from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from inference.catalogue import UpscaleModel
from inference.checks import CHECK, PictureCheck
from inference.engines.upscale.network import UpscaleNetwork
from inference.engines.upscale.rounds import UpscaleRound, tiles_of
from inference.engines.upscale.tile_sizes import TileSize
from inference.messages import Finished, Output, Progress, Task
from inference.picture_files import DecodedPicture
from inference.requests import UpscaleRequest


@dataclass(slots=True, kw_only=True, eq=False)
class UpscaleJob:
    """One task of kind 'upscale' from its admission to its last event."""

    task: Task
    request: UpscaleRequest
    spec: UpscaleModel
    tile: TileSize
    decoding: Future[DecodedPicture]
    loading: Future[UpscaleNetwork]
    encoding: Future[Output] | None = None  # of the result
    checking: Future[PictureCheck] | None = None  # of the same; None: there is no checker, or nothing to check yet
    round: UpscaleRound | None = None  # the one that runs; None: none has begun
    rounds_done: int = 0
    done: int = 0  # tiles
    total: int = 0
    started_s: float = 0.0

    @property
    def ready(self) -> bool:
        """Whether its next tile can be enlarged, or it can be said why not."""
        return self.encoding is None and self.decoding.done() and self.loading.done()

    @property
    def waits_for(self) -> list[Future[Any]]:
        """What its next step waits for."""
        waits: list[Future[Any] | None] = [self.decoding, self.loading, self.encoding]
        return [one for one in waits if one is not None and not one.done()]

    def current_round(self) -> UpscaleRound:
        """Return the round that runs; the first one begins with the picture as large as it was generated.

        Raises:
            PictureRejected: the picture cannot be decoded.
        """
        if self.round is None:
            picture, size = self.decoding.result().pixels, (self.request.width_px, self.request.height_px)
            if picture.shape[1] > size[0] or picture.shape[0] > size[1]:
                picture = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
            self.round = self._begin(picture)
        return self.round

    def begin_round_again(self) -> None:
        """Begin this round again, with the size that tiles have now; what was done counts as done."""
        self.round = self._begin(self.current_round().source)

    def put(self, enlarged: torch.Tensor) -> bool:
        """Take the next tile, enlarged; return whether it was the last one of all rounds."""
        current = self.current_round()
        self.done += 1
        if not current.put(enlarged):
            return False
        self.rounds_done += 1
        if self.rounds_done == self.request.rounds:
            return True
        self.round = self._begin(current.pixels)
        return False

    @property
    def complete(self) -> bool:
        """Whether its file is there, and checked."""
        return self.encoding is not None and self.encoding.done() and (self.checking is None or self.checking.done())

    def output(self) -> Output:
        """Return its file, with what was found of it and of the picture that it was made from."""
        assert self.encoding is not None
        output, flags = self.encoding.result(), self.request.flags
        if self.checking is None and not flags:
            return output
        found = PictureCheck() if self.checking is None else self.checking.result()
        return replace(output, meta={**output.meta, CHECK: found.also(flags).to_json()})

    def progress(self) -> Progress:
        """Say how far it is."""
        return Progress(self.task.job_id, self.task.attempt, self.done, self.total)

    def finished(self, now_s: float) -> Finished:
        """Say that it has ended."""
        summary = {"seconds": round(now_s - self.started_s, 3), "model": self.spec.name}
        return Finished(self.task.job_id, self.task.attempt, self.done, self.total, summary)

    def _begin(self, source: NDArray[np.uint8]) -> UpscaleRound:
        """Begin a round of the network, and count the tiles of those that are left."""
        height, width = source.shape[:2]
        factors = (self.spec.scale**later for later in range(self.request.rounds - self.rounds_done))
        self.total = self.done + sum(tiles_of(width * one, height * one, self.tile.px) for one in factors)
        return UpscaleRound(source, scale=self.spec.scale, tile_px=self.tile.px)
