"""What follows the steps: finished latents are decoded and checked a few at a time, and files encoded on threads."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import torch
from torch import Tensor

from inference.engines.checker.check_queue import CheckQueue
from inference.engines.checker.checkers import PictureCheckers
from inference.engines.failures import is_out_of_memory, raise_if_device_is_lost
from inference.engines.image.decoding import decode, decode_in_float32, preview_images, to_rgb8
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.job import ImageJob
from inference.engines.image.lane import Lane
from inference.engines.image.models.tiling import can_be_tiled, decode_in_tiles
from inference.engines.image.outputs import make_output, make_preview
from inference.engines.threads import single_core_threads

log = logging.getLogger(__name__)

DECODE_MAX_PX = 1 << 20  # decoded in one step of the engine: one large picture, or many small ones
ENCODERS = 4  # threads; a 1024² PNG keeps one busy for a fifth of a second


class Postprocessor:
    """Decodes finished lanes between passes, and has their files and previews encoded beside them."""

    def __init__(self, checkers: PictureCheckers | None = None) -> None:
        self._finished: list[Lane] = []
        self._alone = False  # decode one by one, after several at once have failed
        self._encoders = single_core_threads(ENCODERS, "encode")
        self._checks = CheckQueue(checkers) if checkers is not None and checkers.specs else None

    def add(self, lanes: Sequence[Lane]) -> None:
        """Take lanes whose steps are all done."""
        self._finished += lanes

    def forget(self, job: ImageJob) -> None:
        """Drop what belongs to a job."""
        self._finished = [lane for lane in self._finished if lane.job_id != job.job_id]
        for output in job.outputs:
            output.cancel()
        for check in job.checks:
            if self._checks is not None and not check.done():
                self._checks.forget(check)

    def decode(self, jobs: Mapping[str, ImageJob]) -> tuple[bool, dict[str, Exception]]:
        """Decode some of the finished lanes, all of one group, and begin to encode their files.

        Returns:
            Whether there was anything to do, and the jobs that have failed by it, with the reason.
        """
        if not self._finished:
            self._alone = False
            return False, {}
        batch = self._next_batch(jobs)
        first = jobs[batch[0].job_id]
        assert first.model is not None
        try:
            images = decode(first.model, torch.cat([lane.latents for lane in batch]))
        except Exception as error:
            raise_if_device_is_lost(error)
            self._alone = True
            return True, {} if len(batch) > 1 or _fits_in_tiles(first.model, error) else {first.job_id: error}
        self._finished = [lane for lane in self._finished if lane not in batch]
        failed: dict[str, Exception] = {}
        for lane, decoded in zip(batch, images, strict=True):
            image = decoded
            if not torch.isfinite(image).all() and torch.isfinite(lane.latents).all():
                image = _again(first.model, lane, decoded)
            if not torch.isfinite(image).all():
                failed[lane.job_id] = FloatingPointError("The picture came out as numbers that are not finite.")
            elif lane.job_id not in failed:
                job = jobs[lane.job_id]
                image = image if job.reading is None else job.reading.result().over(image)
                job.outputs.append(self._encoders.submit(make_output, job, lane, image))
                if self._checks is not None:
                    job.checks.append(self._checks.add(to_rgb8(image)))
        return True, failed

    def check(self) -> bool:
        """Have some of the decoded pictures checked; return whether there was anything to do now."""
        return self._checks is not None and self._checks.step()

    @property
    def waits_for(self) -> list[Future[Any]]:
        """What the next check waits for."""
        return [] if self._checks is None else self._checks.waits_for

    def start_preview(self, job: ImageJob) -> None:
        """Decode a job's unfinished pictures cheaply, and begin to encode them as its preview."""
        assert job.model is not None
        blank = torch.zeros_like(job.lanes[0].latents)
        clean = [lane.latents if lane.done else blank if lane.clean is None else lane.clean for lane in job.lanes]
        job.preview = self._encoders.submit(make_preview, preview_images(job.model, torch.cat(clean)))

    def close(self) -> None:
        """Let everything go."""
        self._finished.clear()
        if self._checks is not None:
            self._checks.close()
        self._encoders.shutdown(wait=True, cancel_futures=True)

    def _next_batch(self, jobs: Mapping[str, ImageJob]) -> list[Lane]:
        width, height = self._finished[0].size_px
        most = 1 if self._alone else max(1, DECODE_MAX_PX // (width * height))
        group = jobs[self._finished[0].job_id].group
        alike = [
            lane for lane in self._finished if jobs[lane.job_id].group == group and lane.size_px == (width, height)
        ]
        return alike[:most]


def _fits_in_tiles(model: LoadedModel, error: Exception) -> bool:
    """Return whether a picture that took too much memory is to be tried tile by tile, now and from now on."""
    if not is_out_of_memory(error) or not can_be_tiled(model.vae):
        return False
    log.warning("pictures of %s are decoded in tiles from now on: one has run out of memory", model.spec.name)
    decode_in_tiles(model.vae)
    if model.device.type == "cuda":
        torch.cuda.empty_cache()
    return True


def _again(model: LoadedModel, lane: Lane, decoded: Tensor) -> Tensor:
    """Return a picture whose numbers were not finite, decoded once more in float32; as it was, if that fails too."""
    if model.vae is None or model.vae.dtype is torch.float32:
        return decoded
    log.warning("a picture of %s came out as numbers that are not finite, and is decoded in float32", model.spec.name)
    try:
        return decode_in_float32(model, lane.latents)[0]
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return decoded
